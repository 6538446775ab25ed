"""Tests of documents in the panel, without a browser: what is handed over, listed, cited and removed, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from extension.context.shelves import EVERYONE, of_companion, of_place
from extension.errors import StoreError
from extension.memory.diary import Answer
from extension.messages import Person, Place
from extension.panel.chat import Chat, Line, messages, typed
from extension.panel.cited import Cited
from extension.panel.document_list import EMPTY, DocumentList
from extension.panel.documents import Documents
from extension.panel.door import Here
from extension.panel.filters import Wanted
from extension.panel.reading import Reading
from extension.panel.reasons import reasons

TOWER = "The tower was built of granite in 1887. It is eighty metres tall."


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """Puts a file where Gradio puts what the browser sends, and returns its path."""
    folder = tmp_path / "sent"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))

    def written(name: str, text: str = TOWER) -> str:
        path = folder / str(len(list(folder.glob("*")))) / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


@pytest.fixture
def tower(app, tmp_path):
    """The number of a document that is there."""
    path = tmp_path / "tower.md"
    path.write_text(f"# Building\n\n{TOWER}\n", encoding="utf-8")
    return app.library.add(path, of_companion("Familiar", Person("me")), "me").document.id


def pictures(events):
    return [each[2] for each in events]


def test_sent_files_are_read_and_their_copies_removed(blocks, door, app, sent):
    paths = [sent("tower.md"), sent("<b>x.md", "")]
    *_, last = pictures(Reading(door).read_files(paths, "companion"))
    assert "<b>tower.md</b>: read, 1 passage" in last and "1 of 2 documents is in the library." in last
    assert "&lt;b&gt;x.md" in last and 'class="bad"' in last
    assert not any(Path(each).exists() for each in paths)
    (kept,) = app.library.catalogue.documents()
    assert (kept.source, kept.shelf, kept.owner) == ("tower.md", of_companion("Familiar", Person("me")), "me")
    *_, again = pictures(Reading(door).read_files([sent("tower.md")], "companion"))
    assert "known already" in again


def test_a_file_that_was_not_sent_is_neither_read_nor_removed(blocks, door, app, sent, tmp_path):
    secret = tmp_path / "passwords.txt"
    secret.write_text("open sesame")
    sent("there.md")
    (tmp_path / "sent" / "link.txt").symlink_to(secret)
    for path in (secret, tmp_path / "sent" / "link.txt", tmp_path / "sent" / ".." / "passwords.txt", tmp_path / "sent" / "gone.txt"):
        *_, last = pictures(Reading(door).read_files([str(path)], "companion"))
        assert 'class="bad"' in last
    assert secret.exists() and app.library.catalogue.documents() == []


def test_where_the_chat_is_not_known_nothing_is_handed_over_for_it(blocks, door, sent):
    elsewhere = replace(door, here=lambda: Here("Familiar"))
    path = sent("tower.md")
    (last,) = pictures(Reading(elsewhere).read_files([path], "place"))
    assert "Which chat is open is not known here." in last
    assert list(Reading(door).read_files([], "companion")) == list(Reading(door).read_page("  ", "companion")) == []


def test_an_address_of_this_machine_is_refused_in_a_sentence(blocks, door, app):
    *_, last = pictures(Reading(door).read_page("127.0.0.1/secret", "companion"))
    assert 'class="bad"' in last and "https://127.0.0.1/secret" in last
    assert app.library.catalogue.documents() == []


def test_documents_are_listed_found_by_name_and_removed(blocks, door, app, tower):
    listed = DocumentList(door)
    choices, caption, more = listed.find(Wanted(10))
    assert [label.split("\n")[0] for label, _ in choices["choices"]] == ["tower.md"] and more["visible"] is False
    assert "1 document, the newest first: 1 passage" in caption
    assert "No document is called “zebra”" in listed._search("zebra")[1]
    shown = listed._told(listed.show)(str(tower))
    assert "for Familiar" in shown[2] and shown[3]["visible"] is True
    assert "Removed." in listed._told(listed._remove)(str(tower))[-1]
    assert EMPTY in listed.find(Wanted(10))[1]
    for choice in (str(tower), "-1", "²", "9" * 400):
        assert "not there any more" in listed._told(listed.show)(choice)[-1]


def test_what_others_handed_over_is_seen_where_it_is_for_everyone_and_not_removed(blocks, door, app, tmp_path):
    path = tmp_path / "rules.md"
    path.write_text("Be kind.")
    rules = app.library.add(path, EVERYONE, "bea").document.id
    path.write_text("My diary.")
    app.library.add(path, of_companion("Familiar", Person("bea")), "bea")
    listed = DocumentList(door)
    assert [number for _, number in listed.find(Wanted(10))[0]["choices"]] == [str(rules)]
    assert listed.show(str(rules))[3]["visible"] is False
    assert "only bea can remove it" in listed._told(listed._remove)(str(rules))[-1]


def test_what_was_shown_of_documents_is_kept_with_the_exchange_and_shown_again(blocks, door, app, tower):
    turn = app.turn("How tall is the tower of granite?", Place("chat:now"))
    briefing = app.companion.briefing(turn, app.attention, len)
    assert [each.document for each in briefing.excerpts] == [tower]
    number = app.companion.remember(turn, Answer("Eighty metres [1].", memories=briefing.memory_ids, excerpts=briefing.passage_ids))
    html = reasons(door, Here("Familiar", "chat:now"))
    assert "1 excerpt of a document" in html and "tower.md: Building" in html and TOWER in html
    assert TOWER in Cited(door, "x").show(f"{number}-1 123456")
    door.whys.keep(turn, briefing)
    assert TOWER in Cited(door, "x").show("last-1")
    app.library.remove(tower)
    assert "1 excerpt of a document was removed" in reasons(replace(door, whys=type(door.whys)()), Here("Familiar", "chat:now"))
    assert "was removed or changed since" in Cited(door, "x").show(f"{number}-1")


def test_the_documents_of_a_chat_go_with_it(chats, app, tmp_path, tower):
    path = tmp_path / "frost.md"
    path.write_text("The first frost comes in November.")
    chat = chats.new()
    *_, chat = chats.say(chat, "Hello.")
    app.library.add(path, of_place(chat.place, chats.person), "me")
    assert chats.delete(chat) == 1
    assert [each.id for each in app.library.catalogue.documents()] == [tower]


def test_only_citations_of_ones_own_are_followed(blocks, door, app, tower):
    theirs = app.companion.remember(app.turn("Hello", Place("chat:bea"), person=Person("bea")), Answer("[1]", excerpts=((1,),)))
    cited = Cited(door, "x")
    huge = "9" * 400
    for picked in ("", "x", "1", "last-1", "-1", "last-²", "1-1", f"{theirs}-1", f"{theirs}-0", f"{huge}-1", f"1-{huge}", "<script>-1"):
        assert TOWER not in cited.show(picked) and 'class="note bad"' in cited.show(picked)


def test_a_reply_shows_its_citations_as_links_and_an_edit_of_it_keeps_the_words():
    line = Line(0, "How tall?", "<b>80</b> m [1]. Not [2].", id=7, excerpts=1)
    shown = messages(Chat(Place("chat:now"), "Familiar", lines=(line,)))[-1]["content"]
    assert shown.endswith(r"80<⁠/b> m [\[1\]](#familiar-cited-7-1). Not [2].")
    assert typed(shown) == line.reply


def test_the_switches_show_what_is_in_effect_or_why_they_cannot(blocks, door, app):
    door.keep(place_passages=0, everyone_passages=30, library_budget=200)
    place, companion, everyone, budget, note = Documents(door).load()
    assert (place["value"], companion["value"], everyone["value"], everyone["maximum"], budget["value"], note) == (0, 8, 30, 30, 200, "")

    def refused():
        raise StoreError("Mend it.")

    broken = replace(door, attention=refused, app=refused)
    assert "Mend it." in Documents(broken).load()[-1]
    assert "Mend it." in DocumentList(broken).find(Wanted(10))[1]
    assert "Mend it." in Cited(broken, "x").show("7-1")
    assert "Mend it." in pictures(Reading(broken).read_page("example.org", "companion"))[-1]
    assert list(Reading(broken).watch()) == []
