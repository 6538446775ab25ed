"""Plain language, with the real MiniLM: what is a command, with which arguments, and what is chat."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from bench.labelled import FILE, sentences
from extension.commands.plain import examples, understood
from extension.commands.plain import understanding as understanding_module
from extension.commands.plain.cues import names
from extension.commands.plain.numerals import in_digits
from extension.commands.plain.slots import SLOTS, read
from extension.commands.plain.spelling import meant
from extension.commands.plain.understanding import allowed
from extension.commands.plain.weights import weights
from extension.embedders import Hashing, MiniLM, Remembering, minilm_folder
from tests.doubles import Counting

LINK = "https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOp"
MODELS = ("SmolLM2-135M-Instruct", "Llama-2-7b-chat", "Llama-3.1-8B", "org/Mistral-7B-Instruct-v0.2")
COMMANDS = [
    ("which commands can I use?", "commands", {}),
    ("how many messages do you look at?", "input-buffer-size", {}),
    ("use the last 10 messages as input", "set-input-buffer-size", {"n": "10"}),
    ("use the last ten messages as input", "set-input-buffer-size", {"n": "10"}),
    ("Could you show me your system prompt?", "prompt", {}),
    ("@familiar reset the chat", "reset-chat", {}),
    ("what's your temperature set to?", "config", {}),
    ("turn the temperature down to 0.4", "set-config", {"name": "temperature", "value": "0.4"}),
    ("temp 0.4", "set-config", {"name": "temperature", "value": "0.4"}),
    ("set teh temprature to point four", "set-config", {"name": "temperature", "value": "0.4"}),
    ("set the temperature to a half", "set-config", {"name": "temperature", "value": "0.5"}),
    ("generate at most 1,000 tokens", "set-config", {"name": "max_new_tokens", "value": "1000"}),
    ("@familiar what models do you support?", "models", {}),
    ("switch to the mistral-nemo model", "swap-model", {"model": "mistral-nemo"}),
    ("what's the document called?", "document-title", {}),
    ("call the document War and Peace", "set-document-title", {"title": "War and Peace"}),
    ('Please call the document "Who, me?".', "set-document-title", {"title": "Who, me?"}),
    ("<@123456> call the document temp u 10, please", "set-document-title", {"title": "temp u 10"}),
    (f"save my documents to <{LINK}>.", "set-gdrive-folder", {"link": LINK}),
    ("save that to gdrive", "make-docx", {}),
    ("make a docx of the last 3 replies", "make-docx", {"n": "3"}),
    ("make a docx from the fifth to the 2nd most recent message", "make-docx", {"n": "2", "m": "5"}),
]
CHAT = [
    "the early bird starts the day",
    "what's the temperature in Lisbon today?",
    "my model airplane collection",
    "save me from this day",
    "reset is my favourite song",
    "what models of cars do you like",
    "can you call my mother",
    "the title of the book is War and Peace",
    "turn the heating down to 20",
    "I changed my config files at work",
    "use the last 3 eggs",
    "tell me about prompt engineering",
    "let's start over with Anna, she deserves it",
    "what commands did Napoleon give",
    "how do I reset the chat?",
    "don't reset the chat",
    "undo the reset",
    "set the temperature",
    "set the temperature to 20",
    "raise the temperature by 0.2",
    "set the buffer to 0 messages",
    "make a docx of the whole conversation",
    "switch to another model",
    "call the document",
    f"my sister shared {LINK} with me",
    "save my documents to https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view",
    "setze die Temperatur auf 0.4",
    "¿qué modelos hay?",
]
HOSTILE = [
    *("", " ", "@", "(" * 299, "1 " * 150, "''''\"\"", "🦜🦜🦜", "reset\nthe chat"),
    *("\0reset the chat", "reset the chat \ud800", "reset the chat " * 10_000),
]


@pytest.fixture(scope="module")
def minilm():
    return Remembering(MiniLM(minilm_folder()))


@pytest.mark.model
@pytest.mark.parametrize(("text", "name", "texts"), COMMANDS)
def test_a_plain_sentence_is_the_command_it_means(minilm, text, name, texts):
    found = understood(text, minilm)
    assert found is not None
    assert (found.name, dict(found.texts)) == (name, texts)
    assert weights().threshold <= found.confidence <= 1


@pytest.mark.model
@pytest.mark.parametrize("text", CHAT)
def test_chat_that_looks_like_a_command_is_chat(minilm, text):
    assert understood(text, minilm) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_sentence_is_not_even_embedded(text):
    embedder = Counting(name=weights().embedder)
    assert understood(text, embedder) is None
    assert sum(embedder.embedded.values()) == 0


def test_patterns_end_on_sentences_made_to_slow_them():
    for text in ("call the document " * 16, "last " * 59, "the " * 74 + "to", "one and " * 37, "please " * 42, "switch to the " * 21):
        read(text[:300], MODELS)


@pytest.mark.model
@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("switch to smollm", "SmolLM2-135M-Instruct"),
        ("switch to mistral please", "org/Mistral-7B-Instruct-v0.2"),
        ("switch to llama-3.1", "Llama-3.1-8B"),
        ("switch to llama", "llama"),
        ("switch to the Qwen2.5-3B model", "Qwen2.5-3B"),
    ],
)
def test_a_model_is_the_one_that_alone_fits_or_else_as_it_was_said(minilm, said, named):
    found = understood(said, minilm, models=MODELS)
    assert found is not None
    assert dict(found.texts) == {"model": named}


@pytest.mark.model
def test_the_companion_may_be_called_by_its_own_names(minilm):
    found = understood("Hey Robin, temperature 0.4", minilm, names=["Robin"])
    assert found is not None
    assert found.texts["value"] == "0.4"


@pytest.mark.model
def test_below_the_threshold_or_within_the_margin_it_is_chat(minilm, monkeypatch):
    for changed in ({"threshold": 1.0}, {"margin": 1.0}):
        monkeypatch.setattr(understanding_module, "weights", lambda changed=changed: replace(weights(), **changed))
        assert understood("reset the chat", minilm) is None


def test_nothing_is_understood_with_another_model_or_none(tmp_path):
    assert understood("reset the chat", Hashing()) is None
    assert understood("reset the chat", MiniLM(tmp_path / "missing")) is None


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("temperature to point four", "temperature to 0.4"),
        ("zero point seven five", "0.75"),
        ("one and a half", "1.5"),
        ("set it to .5 or 0,4", "set it to 0.5 or 0.4"),
        ("two hundred fifty six tokens", "256 tokens"),
        ("one thousand and twenty-four", "1024"),
        ("the last dozen", "the last 12"),
        ("the last one", "the last one"),
        ("from the fifth to the 2nd", "from the 5th to the 2nd"),
        ("1,024 or 2k", "1024 or 2000"),
    ],
)
def test_numbers_in_words_become_digits(said, digits):
    assert in_digits(said) == digits


def test_slips_are_put_right_and_other_words_left_alone():
    slips = {"temprature": "temperature", "comands": "commands", "promt": "prompt", "pls": "please", "docs": "documents"}
    assert {word: meant(word) for word in slips} == slips
    assert [meant(word) for word in ("preset", "buffet", "comments", "modelle")] == ["preset", "buffet", "comments", "modelle"]


@pytest.mark.parametrize("name", SLOTS)
def test_every_example_may_mean_its_command_by_its_words(name):
    assert len(examples(name)) >= 10
    assert [text for text in examples(name) if not (found := read(text)) or name not in allowed(found)] == []


def test_a_command_that_plain_language_never_reaches_has_no_examples():
    assert examples("shutdown") == ()


def test_the_weights_are_for_these_commands_and_cues():
    assert weights().outcomes == ("chat", *SLOTS)
    assert weights().cues == tuple(names())
    assert weights().table.shape == (len(SLOTS) + 1, 384 + len(weights().cues))


def test_what_is_tested_with_was_not_learned_from():
    def letters(text):
        return re.sub(r"[\W_]", "", text.lower().replace("@familiar", ""))

    learned = {letters(text) for name in ("chat", *SLOTS) for text in examples(name)}
    learned |= {letters(each.text) for each in sentences(split="tune")}
    assert [each.text for part in ("test", "voices") for each in sentences(split=part) if letters(each.text) in learned] == []


def test_a_third_of_the_labelled_sentences_is_chat():
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 600
    assert sum(row["command"] is None for row in rows) * 3 >= len(rows)
    assert {row["command"] for row in rows} - {None} == set(SLOTS)
