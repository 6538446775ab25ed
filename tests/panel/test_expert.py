"""The companion's form on the standalone page: what it shows, keeps and removes, and what it says when it cannot."""

from __future__ import annotations

import pytest

from extension.characters import BASE_PROMPTS, character, read
from extension.panel.chats import Chats
from extension.panel.expert import ExpertForm
from extension.panel.standalone import door

NOBODY = ("", "", "", "", "", "", None)


@pytest.fixture
def form(blocks, app):
    return ExpertForm(app)


@pytest.fixture
def folder(app):
    return app.characters_dir


def fields(name="Wren", expertise="Birds.", base="brief", words="", greeting="Tweet.", scope="", temperature=None):
    return (name, expertise, base, words, greeting, scope, temperature)


def said(shown):
    return shown[-1]


def test_an_expert_is_kept_and_shown_with_what_the_model_is_told(form, folder):
    shown = form.keep("", *fields(temperature=0.2, scope="place"))
    assert "Saved. Wren goes by it" in said(shown)
    assert (shown[0], shown[1]["value"], shown[1]["choices"]) == ("Wren", "Wren", [("A new one", ""), ("Wren", "Wren")])
    assert shown[2:9] == ["Wren", "Birds.", "brief", "", "Tweet.", "place", 0.2]
    assert shown[9] == f"You are Wren.\n\nBirds.\n\n{BASE_PROMPTS['brief']}"
    assert character("Wren", folder).context == shown[9]
    assert form.show("Wren")[2:10] == shown[2:10]


def test_the_preview_is_of_what_is_not_kept_yet(form, folder):
    assert form.look("", *fields()) == f"You are Wren.\n\nBirds.\n\n{BASE_PROMPTS['brief']}"
    assert "Did you mean `brief`?" in form.look("", *fields(base="breif"))
    assert not folder.exists()


def test_what_the_form_does_not_show_stays_in_the_file(form, folder):
    folder.mkdir(parents=True)
    ours = "familiar: {expertise: Bees., mood: sunny, preset: {top_k: 3, temperature: 1}}"
    (folder / "Wren.yaml").write_text(f"name: Chiharu\ncontext: Talks.\nyour_name: Bob\n{ours}\n")
    assert "`familiar.mood`" in said(form.show("Wren"))
    form.keep("Wren", *fields(words="Talks."))
    card = read("Wren", folder)
    assert (card.name, card.others, card.expert.plain()["mood"], card.expert.plain()["preset"]) == (
        "Chiharu",
        {"your_name": "Bob"},
        "sunny",
        {"top_k": 3},
    )
    assert (card.expert.expertise, card.context) == ("Birds.", "Talks.")


def test_another_name_makes_another_companion_and_never_writes_over_one(form, folder):
    form.keep("", *fields())
    assert "Saved. Robin" in said(form.keep("Wren", *fields("Robin", greeting="Chirp.")))
    assert (read("Wren", folder).greeting, read("Robin", folder).greeting) == ("Tweet.", "Chirp.")
    assert "There is a companion called Robin already" in said(form.keep("Wren", *fields("Robin", "Other.")))
    assert read("Robin", folder).expert.expertise == "Birds."


def test_an_example_fills_the_form_and_is_kept_when_it_is_saved(form, folder):
    shown = form.begin("maths", "")
    assert (shown[0], shown[2], shown[4]) == ("", "Maths", "teacher")
    assert not folder.exists()
    form.keep("", *shown[2:9])
    assert read("Maths", folder).expert.preset.temperature == 0.2


def test_a_removed_companion_leaves_an_empty_form(form, folder):
    form.keep("", *fields())
    shown = form.discard("Wren")
    assert ("Wren is removed." in said(shown), shown[0], shown[1]["choices"], shown[2]) == (True, "", [("A new one", "")], "")
    assert "There is no file of a companion" in said(form.discard("Wren"))
    assert "Saved." in said(form.keep("Wren", *fields())), "what is open and was removed elsewhere can be kept again"


def test_a_page_opens_with_the_usual_companion(form, app):
    assert form.load()[1:3][0] == ""
    form.keep("", *fields("Familiar"))
    assert form.load()[3:5] == ["Familiar", "Birds."]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (fields(""), "A companion needs a name."),
        (fields("../Wren"), "is no name for a companion"),
        (fields(temperature=9), "`familiar.preset.temperature`"),
        (fields(scope="all"), "it is one of place, companion, person."),
        (fields(expertise="x" * 300_000), "`familiar.expertise`"),
        ((None,) * 7, "A companion needs a name."),
    ],
)
def test_what_cannot_be_kept_is_a_sentence_and_what_was_written_stays(form, folder, given, why):
    shown = form.keep("", *given)
    assert why in said(shown)
    assert [each for each in shown[:-1] if set(each) != {"__type__"}] == []
    assert not folder.exists()


def test_a_broken_file_and_a_fault_are_sentences(form, folder, monkeypatch):
    folder.mkdir(parents=True)
    (folder / "Wren.yaml").write_text("context: [")
    assert "cannot be read" in said(form.show("Wren"))
    assert "cannot be read" in form.look("Wren", *fields())
    monkeypatch.setattr(form, "_app", None)
    for shown in (form.load(), form.show(""), form.keep("", *fields()), [form.look("Wren", *fields())]):
        assert "This did not work (AttributeError)" in said(shown)


def test_documents_are_handed_over_onto_the_shelf_that_a_companion_draws_on(app, folder):
    folder.mkdir(parents=True)
    (folder / "Wren.yaml").write_text("familiar: {shelf: Birds}")
    assert [door(Chats(app), None).shelf(name) for name in ("Wren", "Robin")] == ["Birds", "Robin"]


def test_the_next_turn_goes_by_what_was_kept(form, app):
    chats = Chats(app)
    form.keep("", *fields())
    chat = chats.new("Wren")
    assert chat.greeting == "Tweet."
    prompts = []
    generate = app.host.generate
    app.host.generate = lambda messages, options: prompts.append((messages[0].content, options.temperature)) or generate(messages, options)
    for shown in chats.say(chat, "One?"):
        chat = shown
    form.keep("Wren", *fields(expertise="Bees.", base="", temperature=0.1))
    for shown in chats.say(chat, "Two?"):
        chat = shown
    assert prompts == [(f"You are Wren.\n\nBirds.\n\n{BASE_PROMPTS['brief']}", 0.7), ("You are Wren.\n\nBees.", 0.1)]
