"""Tests of the companions' files."""

from __future__ import annotations

import pytest

from extension.characters import Character, character, characters
from extension.errors import NotFound, SettingsError


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
