"""Tests of commands that are written out: what is one, what is chat, and how the texts of arguments are told apart."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extension.commands.groups.every import COMMANDS
from extension.commands.written import Misspelt, Written, written
from extension.errors import CommandRefused


def texts(said):
    found = written(said, COMMANDS)
    assert isinstance(found, Written), found
    return found.command.name, found.texts


@pytest.mark.parametrize("mark", ["--", "—", "–", "/"])
def test_two_hyphens_the_dashes_phones_make_of_them_and_a_slash_begin_a_command(mark):
    assert texts(f"{mark}set-config temperature 0.4") == ("set-config", {"name": "temperature", "value": "0.4"})


@pytest.mark.parametrize(
    ("said", "name", "found"),
    [
        ("--ping", "ping", {}),
        ("  --PING  ", "ping", {}),
        ("/set_config top_k 5", "set-config", {"name": "top_k", "value": "5"}),
        ("--reset", "reset-chat", {}),
        ("--reset undo", "reset-chat", {"undo": "undo"}),
        ("--permissions set ada mod", "permissions set", {"person": "ada", "level": "mod"}),
        ('--permissions set "Ada Lovelace" mod', "permissions set", {"person": "Ada Lovelace", "level": "mod"}),
        ("--set-prompt You are\na pirate. Say “arr”.", "set-prompt", {"text": "You are\na pirate. Say “arr”."}),
        ('--set-document-title "War and Peace"', "set-document-title", {"title": "War and Peace"}),
        ("--set-document-title War and Peace", "set-document-title", {"title": "War and Peace"}),
        ("--make-docx 2 5", "make-docx", {"n": "2", "m": "5"}),
        ("--set-config stop-words a, b c where=everywhere", "set-config", {"name": "stop-words", "value": "a, b c", "where": "everywhere"}),
        ("--set-config stop-words x=1", "set-config", {"name": "stop-words", "value": "x=1"}),
        ("--set-decoding-mode greedy me", "set-decoding-mode", {"mode": "greedy", "where": "me"}),
        ("--ping now", "ping", {"": "now"}),
    ],
)
def test_arguments_are_words_quotes_or_what_is_left(said, name, found):
    assert texts(said) == (name, found)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "ping",
        "-ping",
        "-- ping",
        "—well, I think so",
        "— reset is what I want",
        "--",
        "---ping",
        "--ping.py is a file",
        "/etc/passwd is a file",
        "/tmp/ping",
        "I said --ping",
        "--verbose is an option of pytest",
        "—pong",
        "!ping",
        "\x00--ping",
        "--\ud800",
        "--" + "a" * 100_000,
    ],
)
def test_what_is_no_command_is_chat(said):
    assert written(said, COMMANDS) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("--set-confg temperature 1", ("set-config",)),
        ("/comands", ("commands",)),
        ("--presets", ("presets save", "presets load", "presets list", "presets remove")),
    ],
)
def test_what_is_close_to_a_command_is_told_and_not_said(said, meant):
    found = written(said, COMMANDS)
    assert isinstance(found, Misspelt)
    assert found.meant == meant


def test_a_slash_is_none_where_it_does_not_count():
    assert written("/ping", COMMANDS, slash=False) is None


@given(st.text(max_size=300))
def test_any_text_is_a_command_a_misspelt_one_or_chat(said):
    found = written(said, COMMANDS)
    assert found is None or said.strip()[:1] in "-—–/"


@given(st.sampled_from([command.name for command in COMMANDS]), st.text(max_size=200))
def test_the_texts_of_arguments_are_read_or_refused(name, rest):
    found = written(f"--{name} {rest}", COMMANDS)
    if isinstance(found, Written):
        with suppress(CommandRefused):
            assert found.command.read(found.texts).keys() == {argument.name for argument in found.command.arguments}
