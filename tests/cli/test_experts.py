"""`familiar expert`: companions made, changed, shown, removed, and carried to the webui and back."""

from __future__ import annotations

import pytest

from extension.characters import BASE_PROMPTS


def made(familiar, *options):
    ran = familiar("expert", "new", "Wren", "--expertise", "Birds.", *options)
    assert ran.code == 0, ran.err
    return ran


def test_an_expert_is_made_listed_and_shown_with_its_prompt(familiar):
    made(familiar, "--base-prompt", "brief", "--greeting", "Tweet.", "--preset", "temperature=0.1", "--preset", "stop=[a, b]")
    shown = familiar("expert", "show", "Wren", "--json").json
    assert shown["prompt"] == f"You are Wren.\n\nBirds.\n\n{BASE_PROMPTS['brief']}"
    assert (shown["greeting"], shown["preset"], shown["shelf"]) == ("Tweet.", {"temperature": 0.1, "stop": ["a", "b"]}, "Wren")
    assert familiar("expert", "list").out == "Wren: Birds.\n"
    assert familiar("expert", "show", "Wren").out.endswith(shown["prompt"] + "\n")


def test_what_no_option_names_stays_and_an_empty_text_takes_away(familiar):
    made(familiar, "--scope", "place", "--preset", "temperature=0.1", "--greeting", "Tweet.")
    ran = familiar("expert", "edit", "Wren", "--scope", "", "--preset", "temperature=", "--preset", "top_k=3", "--json")
    assert (ran.json["scope"], ran.json["preset"], ran.json["expertise"], ran.json["greeting"]) == (None, {"top_k": 3}, "Birds.", "Tweet.")


def test_the_next_turn_of_a_chat_goes_by_it(familiar):
    made(familiar, "--preset", "max_new_tokens=3")
    assert familiar.tell("Hello", companion="Wren")["reply"] == "I am a scrip"


def test_a_model_that_cannot_be_had_is_said_and_the_chat_goes_on(familiar):
    made(familiar, "--model", "other")
    turn = familiar.tell("Hello", companion="Wren")
    assert "wishes the model “other”" in turn["note"]
    assert turn["reply"]


def test_what_is_asked_for_on_the_command_line_counts_more(familiar):
    made(familiar, "--scope", "place")
    familiar.tell("My cat is called Miso", companion="Wren", place="sofa")
    assert familiar.tell("What is my cat called?", companion="Wren", place="desk")["memories"] == []
    assert familiar.tell("What is my cat called?", companion="Wren", place="stairs", scope="companion")["memories"] != []


def test_documents_go_onto_the_shelf_that_is_shared_and_are_found_there(familiar, tmp_path):
    (tmp_path / "nests.txt").write_text("The nest of the wren is a dome of moss with an entrance at its side.")
    made(familiar, "--shelf", "Birds")
    assert familiar("read", tmp_path / "nests.txt", "--companion", "Wren").code == 0
    familiar("expert", "new", "Robin", "--shelf", "Birds")
    assert "a dome of moss" in familiar.tell("What does the nest of the wren look like?", companion="Robin")["reply"]
    assert "a dome of moss" not in familiar.tell("What does the nest of the wren look like?", companion="Ada")["reply"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("new", "Wren"), "There is a companion called Wren already"),
        (("new", "../Wren"), "is no name for a companion"),
        (("new", "Robin", "--base-prompt", "techer"), "Did you mean `teacher`?"),
        (("new", "Robin", "--preset", "temperature=9"), "`familiar.preset.temperature`"),
        (("new", "Robin", "--preset", "temperature=[["), "--preset temperature is not usable"),
        (("new", "Robin", "--scope", "all"), "it is one of place, companion, person."),
        (("edit", "Robin", "--greeting", "x"), "There is no file of a companion called Robin"),
        (("show", "Robin"), "There is no file of a companion called Robin"),
        (("remove", "Robin"), "There is no file of a companion called Robin"),
        (("to-webui", "/nowhere"), "is no text-generation-webui"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(familiar, arguments, why):
    made(familiar)
    before = (familiar.data_dir / "characters" / "Wren.yaml").read_bytes()
    ran = familiar("expert", *arguments)
    assert (ran.code, why in ran.err) == (1, True), ran.err
    assert [path.name for path in (familiar.data_dir / "characters").iterdir()] == ["Wren.yaml"]
    assert (familiar.data_dir / "characters" / "Wren.yaml").read_bytes() == before


def test_a_broken_file_is_listed_with_what_is_wrong_and_hides_no_other(familiar):
    made(familiar)
    (familiar.data_dir / "characters" / "Broken.yaml").write_text("familiar: 5")
    found = familiar("expert", "list", "--json").json
    assert [each["name"] for each in found] == ["Broken", "Wren"]
    assert "`familiar` should be a mapping" in found[0]["problem"]


def test_examples_are_brought_once(familiar):
    assert familiar("expert", "examples", "art", "Maths").code == 0
    ran = familiar("expert", "examples", "--json")
    assert (ran.code, [each["name"] for each in ran.json if each["problem"]]) == (1, ["art", "maths"])
    assert len(list((familiar.data_dir / "characters").iterdir())) == 9
    assert familiar("expert", "examples", "--force").code == 0


def test_a_companion_goes_to_the_webui_and_comes_back(familiar, tmp_path):
    made(familiar, "--greeting", "Tweet.")
    (tmp_path / "webui" / "user_data" / "characters").mkdir(parents=True)
    before = (familiar.data_dir / "characters" / "Wren.yaml").read_bytes()
    assert familiar("expert", "to-webui", tmp_path / "webui").code == 0
    assert familiar("expert", "to-webui", tmp_path / "webui", "Wren").code == 1
    assert familiar("expert", "remove", "Wren").code == 0
    assert familiar("expert", "from-webui", tmp_path / "webui", "Wren").code == 0
    assert (familiar.data_dir / "characters" / "Wren.yaml").read_bytes() == before


def test_the_command_has_its_parts(familiar):
    out = familiar("expert", "--help").out
    assert all(part in out for part in ("list", "show", "new", "edit", "remove", "examples", "to-webui", "from-webui"))
