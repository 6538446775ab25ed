"""The texts of chat platforms: every sentence in every language, with the same values in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest

from extension import texts
from extension.errors import SettingsError
from extension.settings import load

CODE = Path(texts.__file__).parent
OTHERS = [each for each in texts.languages() if each != "en"]


def said():
    """Return the sentences that the code says."""
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "tr" and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


@pytest.fixture
def spoken():
    """Let a test speak another language."""
    yield texts.speak
    texts.speak("en")


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_the_same_values_and_none_is_left_over(language):
    found = {each.msgid: each.msgstr for each in polib.pofile(str(CODE / "translations" / f"{language}.po"))}
    assert set(found) == set(said())
    assert all(sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", other)) and other.strip() for text, other in found.items())


def test_sentences_are_said_in_the_language_that_is_set(spoken):
    assert texts.tr("Waiting: number {position} in the queue", position=2) == "Waiting: number 2 in the queue"
    spoken("de")
    assert texts.tr("Waiting: number {position} in the queue", position=2) == "Bitte warten: Nummer 2 in der Schlange"
    spoken("es")
    assert (texts.tr("Noted."), texts.tr("What nobody translated {n}", n="{x}")) == ("Anotado.", "What nobody translated {x}")


def test_a_language_that_there_is_not_is_refused_and_says_which_there_are(tmp_path, spoken):
    assert load({"FAMILIAR_LANGUAGE": "de"}, data_dir=tmp_path).language == "de"
    for name in ("xx", "../en", "de.po", "DE"):
        with pytest.raises(SettingsError, match="en, de, es"):
            load({"FAMILIAR_LANGUAGE": name}, data_dir=tmp_path)
        with pytest.raises(ValueError, match="en, de, es"):
            spoken(name)
