"""Saving a document from the panel: what it writes, what it offers, and what it says when it cannot."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from html import unescape
from io import BytesIO

import docx
import gradio as gr
import pytest

from extension import app as application
from extension.errors import SettingsError
from extension.panel.door import Here
from extension.panel.saving import Saving
from tests.documents.drive_double import EMAIL, DriveDouble

LINK = "https://drive.google.com/drive/folders/the-folder-1234"


@pytest.fixture
def saving(blocks, door):
    return Saving(door, gr.State())


@pytest.fixture
def google(app, monkeypatch, tmp_path):
    with DriveDouble() as double:
        monkeypatch.setattr(application, "GOOGLE", double.url)
        app.use(app.settings.changed(drive_credentials=str(double.service_account(tmp_path / "key.json"))))
        yield double


def downloaded(shown):
    """Return the name and the paragraphs of the document behind a link."""
    name, data = re.search(r'href="data:[^"]*;base64,([^"]*)" download="([^"]*)"', shown).group(2, 1)
    return unescape(name), [each.text for each in docx.Document(BytesIO(b64decode(data))).paragraphs]


def test_the_last_reply_of_this_chat_can_be_taken_along(saving, remember, app):
    remember("Write.", "It *was*.", place="chat:now")
    remember("Elsewhere.", "Later.", place="chat:other")
    shown = saving._save("reply", "War & <Peace>", "folder", None)
    assert downloaded(shown) == ("War & Peace.docx", ["War & <Peace>", "It was."])
    assert [path.name for path in (app.settings.data_dir / "documents").iterdir()] == ["War & Peace.docx"]


def test_a_whole_chat_and_an_open_memory(saving, remember):
    remember("One.", "First.", place="chat:now")
    remember("Two.", "Second.", place="chat:now")
    number = remember("Three.", "Third.", place="chat:other")
    chat = downloaded(saving._save("chat", "", "folder", None))[1]
    assert [line for line in chat if line.endswith(".")] == ["One.", "First.", "Two.", "Second."]
    assert downloaded(saving._save("opened", "", "folder", str(number)))[1] == ["Familiar Text", "Third."]


def test_where_the_open_chat_is_not_known_the_last_reply_to_this_person_counts(blocks, door, remember):
    saving = Saving(replace(door, here=lambda: Here("Familiar")), gr.State())
    remember("To another.", "No.", person="bob")
    remember("To me.", "Yes.")
    remember("To another again.", "No.", person="bob")
    assert downloaded(saving._save("reply", "", "folder", None))[1][1:] == ["Yes."]
    assert "Which chat is open is not known" in saving._save("chat", "", "folder", None)


@pytest.mark.parametrize(
    ("what", "opened", "why"),
    [
        ("reply", None, "There is no reply that could be saved yet"),
        ("chat", None, "Nothing was said in this chat"),
        ("opened", None, "No memory is open"),
        ("opened", "7 or 1=1", "No memory is open"),
        ("opened", "9" * 30, "There is no such reply"),
    ],
)
def test_what_is_not_there_is_a_sentence(saving, app, what, opened, why):
    assert why in saving._save(what, "x", "folder", opened)
    assert not (app.settings.data_dir / "documents").exists()


def test_nobody_saves_what_another_person_said_in_private(saving, remember):
    number = remember("Secret.", "Kept.", person="bob")
    assert "There is no such reply" in saving._save("opened", "", "folder", str(number))


def test_drive_is_offered_once_it_is_set_up(saving, app):
    title, where, link = saving.load()
    assert ("value" in title, where["visible"], link["visible"]) == (False, False, False)
    assert [value for _, value in where["choices"]] == ["folder"]


def test_a_folder_in_drive_is_looked_at_kept_and_used(saving, google, remember):
    remember("Write.", "It was.", place="chat:now")
    assert [saving.load()[1]["visible"], saving.load()[2]["visible"]] == [False, True]
    assert EMAIL in saving._choose("https://drive.google.com/drive/folders/somebody-elses")[0]
    done, link, where = saving._choose(LINK)
    assert ("Documents can go into “Writing” now." in done, link["label"]) == (True, "Folder in Google Drive (now: Writing)")
    assert (where["value"], where["visible"]) == ("drive", True)
    shown = saving._save("reply", "War", "drive", None)
    assert 'href="https://docs.google.com/document/d/document-1/edit"' in shown
    assert google.documents[0].name == "War.docx"


def test_what_fails_is_a_sentence(blocks, door, remember):
    def refused(*_):
        raise SettingsError("The setting `host` is not usable. Mend it.")

    def broken(*_):
        raise ZeroDivisionError

    for app, why in ((refused, "Mend it."), (broken, "This did not work (ZeroDivisionError)")):
        saving = Saving(replace(door, app=app), gr.State())
        assert why in saving._save("reply", "", "folder", None)
        assert why in saving._choose(LINK)[0]
        assert [set(each) for each in saving.load()] == [{"__type__"}] * 3
