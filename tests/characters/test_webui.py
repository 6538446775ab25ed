"""Companions to and from the webui's folder of characters."""

from __future__ import annotations

import json

import pytest
import yaml

from extension.characters import Card, Expert, keep, read
from extension.characters.examples import example, examples
from extension.characters.webui import characters_of, expert_in, from_webui, in_webui, to_webui, with_parts
from extension.errors import NotFound, SettingsError

WREN = Card("Wren", "Talks.", "", Expert(expertise="Birds.", scope="place"), {"ours": 1})


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "webui" / "user_data" / "characters"
    found.mkdir(parents=True)
    return found


def test_the_folder_is_found_from_the_webui_from_its_user_data_and_by_itself(folder, tmp_path):
    assert {characters_of(each) for each in (folder, folder.parent, folder.parent.parent)} == {folder}
    with pytest.raises(NotFound, match="is no text-generation-webui"):
        characters_of(tmp_path)


def test_the_webui_reads_the_whole_prompt_and_we_read_the_parts(folder):
    path = to_webui("Wren", WREN, folder)
    theirs = yaml.safe_load(path.read_text())  # as the webui does
    assert (theirs["name"], theirs["context"]) == ("Wren", "Talks.\n\nBirds.")
    assert from_webui("Wren", folder) == WREN
    assert expert_in("Wren", folder) == WREN.expert
    assert to_webui("Wren", from_webui("Wren", folder), folder, force=True).read_text() == path.read_text()


def test_a_character_there_is_replaced_when_asked_and_keeps_greeting_picture_and_other_keys(folder):
    (folder / "Wren.yaml").write_text("name: Chiharu\ngreeting: Tweet.\ncontext: Old.\nyour_name: Bob\n")
    (folder / "Wren.png").write_bytes(b"picture")
    with pytest.raises(SettingsError, match="There is a character called Wren"):
        to_webui("Wren", WREN, folder)
    to_webui("Wren", WREN, folder, force=True)
    theirs = yaml.safe_load((folder / "Wren.yaml").read_text())
    assert (theirs["greeting"], theirs["your_name"], theirs["ours"], theirs["context"]) == ("Tweet.", "Bob", 1, "Talks.\n\nBirds.")
    assert (folder / "Wren.png").read_bytes() == b"picture"


def test_the_file_that_the_webui_looks_at_first_is_the_one_that_is_written(folder):
    (folder / "Wren.yml").write_text("context: Old.\n")
    assert to_webui("Wren", WREN, folder, force=True) == folder / "Wren.yml"
    assert in_webui(folder) == ["Wren"]


def test_characters_in_json_and_with_the_names_of_old_are_taken(folder):
    (folder / "Wren.json").write_text(json.dumps({"char_name": "Wren", "char_persona": "Small.", "char_greeting": "Tweet."}))
    assert from_webui("Wren", folder) == Card("Wren", "Wren's Persona: Small.", "Tweet.")
    for text in ("[" * 100_000, "{", "[1]"):
        (folder / "Wren.json").write_text(text)
        with pytest.raises(SettingsError, match=r"Wren\.json"):
            from_webui("Wren", folder)


def test_what_the_editor_of_the_webui_drops_is_not_lost(folder):
    to_webui("Wren", WREN, folder)
    (folder / "Wren.yaml").write_text(yaml.dump({"name": "Wren", "greeting": "New.", "context": "Talks.\n\nBirds."}))
    found = with_parts(from_webui("Wren", folder), WREN)
    assert (found.context, found.greeting, found.expert) == ("Talks.", "New.", WREN.expert)
    (folder / "Wren.yaml").write_text(yaml.dump({"name": "Wren", "context": "All new."}))
    assert with_parts(from_webui("Wren", folder), WREN).prompt == "All new."


@pytest.mark.parametrize("name", ["../Wren", "a/b", ".hidden", ""])
def test_no_name_leads_out_of_the_folder(folder, name):
    (folder.parent / "Wren.yaml").write_text("context: Secret.\n")
    for action in (lambda: from_webui(name, folder), lambda: to_webui(name, WREN, folder), lambda: expert_in(name, folder)):
        with pytest.raises(NotFound):
            action()


def test_nine_examples_ship_each_with_an_expertise_and_a_greeting_of_its_own(tmp_path):
    assert examples() == ["art", "geography", "history", "maths", "music", "philosophy", "physics", "science", "sport"]
    cards = [example(name) for name in examples()]
    assert {60 <= len(card.expert.expertise.split()) <= 150 for card in cards} == {True}
    assert (len({card.expert.expertise for card in cards}), len({card.greeting for card in cards}), [card.warnings for card in cards]) == (
        9,
        9,
        [()] * 9,
    )
    for card in cards:
        keep(card.name, card, tmp_path)
        assert read(card.name, tmp_path) == card
