"""The folder of the companions: what is read, written and removed there, and which names lead nowhere else."""

from __future__ import annotations

import logging
import os

import pytest

from extension.characters import Card, Character, Expert, character, characters, keep, read, remove
from extension.errors import NotFound, SettingsError, StoreError


def written(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "characters"


def test_a_companion_without_a_file_has_a_context_with_its_name(folder):
    found = character("Wren {0}", folder)
    assert found.name == "Wren {0}"
    assert found.context.startswith("You are Wren {0}, a warm and attentive companion.")
    assert found.greeting == ""


def test_a_companion_of_the_webui_is_taken_as_it_is(folder):
    written(
        folder,
        "Wren",
        "name: Chiharu\ncontext: |-\n  {{char}} talks to {{user}}. <BOT> likes <USER>.\ngreeting: 'I am {{char}}.'\nextra: 1\n",
    )
    assert character("Wren", folder) == Character(
        "Wren", "Wren talks to the person you talk to. Wren likes the person you talk to.", "I am Wren."
    )


def test_a_file_without_context_gets_the_usual_one(folder):
    written(folder, "Wren", "greeting: Hello.\n")
    assert character("Wren", folder).context.startswith("You are Wren,")
    assert character("Wren", folder).greeting == "Hello."


@pytest.mark.parametrize("name", ["", "  ", ".", "..", "../secret", "a/b", "/etc/passwd", ".hidden", "nul\x00byte"])
def test_a_name_that_could_leave_the_folder_is_refused(folder, name):
    with pytest.raises(NotFound, match="is no name for a companion"):
        character(name, folder)


@pytest.mark.parametrize("text", ["context: [", "- a list", "just words", "context: 5", "name: {}", "", "greeting: [1]"])
def test_a_file_that_makes_no_sense_is_named(folder, text):
    written(folder, "Wren", text)
    with pytest.raises(SettingsError, match=r"The companion in .*Wren\.yaml"):
        character("Wren", folder)


def test_a_file_that_is_no_text_is_named(folder):
    written(folder, "Wren", "")
    (folder / "Wren.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        character("Wren", folder)


def test_a_name_longer_than_a_file_may_have_is_named(folder):
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        character("W" * 300, folder)


def test_companions_with_a_file_are_listed_in_order(folder):
    assert characters(folder) == []
    for name in ("Wren", "Robin", "Zoë"):
        written(folder, name, "greeting: Hi.\n")
    (folder / "notes.txt").write_text("not a companion")
    assert characters(folder) == ["Robin", "Wren", "Zoë"]


def test_a_file_that_was_changed_by_hand_counts_at_the_next_look(folder):
    written(folder, "Wren", "familiar: {expertise: Knows birds.}\n")
    assert character("Wren", folder).context == "You are Wren.\n\nKnows birds."
    written(folder, "Wren", "familiar: {expertise: Knows bees.}\n")
    assert character("Wren", folder).context == "You are Wren.\n\nKnows bees."


def test_a_key_that_is_not_known_is_named_once(folder, caplog):
    written(folder, "Wren", "familiar: {mood: sunny, preset: {min_p: 0.1}}\n")
    with caplog.at_level(logging.WARNING):
        character("Wren", folder)
        character("Wren", folder)
    assert [text.split("`")[1] for text in caplog.messages] == ["familiar.mood", "familiar.preset.min_p"]


def test_a_companion_is_kept_and_never_written_over_unasked(folder):
    path = keep("Wren", Card("Wren", "Talks.", expert=Expert(expertise="Birds.")), folder)
    assert path.read_text() == "name: Wren\ncontext: Talks.\nfamiliar:\n  expertise: Birds.\n"
    with pytest.raises(SettingsError, match="There is a companion called Wren already"):
        keep("Wren", Card("Wren", "Other."), folder)
    keep("Wren", Card("Wren", "Other."), folder, force=True)
    assert read("Wren", folder).context == "Other."
    assert [path.name for path in folder.iterdir()] == ["Wren.yaml"]


@pytest.mark.parametrize("name", ["a/b", "..", "a\\b", "what?", "two\nlines", "W" * 101, " Wren", "esc\x1b[2J", ""])
def test_nothing_is_written_under_a_name_that_is_none(folder, name):
    with pytest.raises(NotFound, match="is no name for a companion"):
        keep(name, Card(name), folder)
    assert not folder.exists()


def test_a_card_that_could_not_be_read_again_is_not_written(folder):
    with pytest.raises(SettingsError, match="is larger than 256 kB"):
        keep("Wren", Card("Wren", "word " * 60_000), folder)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(tmp_path):
    (tmp_path / "characters").write_text("in the way")
    with pytest.raises(StoreError, match=r"Cannot write .*Wren\.yaml"):
        keep("Wren", Card("Wren"), tmp_path / "characters")


def test_a_file_that_is_too_large_is_not_read_to_its_end(folder):
    folder.mkdir()
    with (folder / "Wren.yaml").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(SettingsError, match="is larger than 256 kB"):
        character("Wren", folder)


def test_a_pipe_in_place_of_a_file_is_refused_at_once(folder):
    folder.mkdir()
    os.mkfifo(folder / "Wren.yaml")
    with pytest.raises(SettingsError, match="it is no file"):
        character("Wren", folder)


def test_removing_takes_the_file_a_broken_one_too(folder):
    written(folder, "Wren", "context: [")
    remove("Wren", folder)
    assert characters(folder) == []
    with pytest.raises(NotFound, match="There is no file of a companion called Wren"):
        remove("Wren", folder)
    with pytest.raises(NotFound, match="is no name"):
        remove("../Wren", folder)
