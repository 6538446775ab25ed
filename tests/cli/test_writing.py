"""`familiar docx`."""

from __future__ import annotations

import json
import urllib.request
import webbrowser
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import docx
import pytest
from typer.main import get_command

from extension import app as application
from extension.__main__ import app
from tests.documents.drive_double import EMAIL, DriveDouble

LINK = "https://drive.google.com/drive/u/0/folders/the-folder-1234?usp=sharing"


@pytest.fixture
def mine(told):
    """Three exchanges of the owner's beside those of others."""
    for said in ("One", "Two", "Three"):
        told.tell(said, "--no-memory", place="desk", companion="Robin")
    return told


@pytest.fixture
def google(mine, monkeypatch, tmp_path):
    with DriveDouble() as double:
        mine.environ["FAMILIAR_DRIVE_CREDENTIALS"] = str(double.service_account(tmp_path / "key.json"))
        monkeypatch.setattr(application, "GOOGLE", double.url)
        yield double


def written(ran):
    """Return the paragraphs of the document whose path was printed."""
    assert ran.code == 0, ran.err
    return [each.text for each in docx.Document(ran.out.strip()).paragraphs]


def test_the_last_reply_lies_in_the_data_directory(mine):
    ran = mine("docx")
    assert ran.out == f"{mine.data_dir / 'documents' / 'familiar_text.docx'}\n"
    assert ran.err.startswith("Saved here: familiar_text.docx, ")
    title, *reply = written(ran)
    assert title == "Familiar Text" and "Three" in " ".join(reply)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--nth", "2"], ["Two"]),
        (["--last", "2"], ["Two", "Three"]),
        (["--range", "3", "2"], ["One", "Two"]),
        (["--range", "2", "3"], ["One", "Two"]),
        (["--last", "9"], ["One", "Two", "Three"]),
        (["--person", "ann", "--last", "9"], ["cat", "rent"]),
        (["--place", "desk", "--nth", "3"], ["One"]),
    ],
)
def test_replies_are_counted_from_the_newest_and_written_oldest_first(mine, options, found):
    text = " ".join(written(mine("docx", *options)))
    places = [text.find(word) for word in found]
    assert -1 not in places and places == sorted(places)
    assert not any(word in text for word in {"One", "Two", "Three", "cat", "rent"} - set(found))


def test_an_exchange_a_chat_and_what_was_said(mine):
    number = next(each["id"] for each in mine.remembered() if each["said"] == "Two")
    assert "Two" in " ".join(written(mine("docx", "--exchange", number)))
    chat = written(mine("docx", "--chat", "desk", "--title", "All of it"))
    assert (chat[0], list(dict.fromkeys(line for line in chat if line in ("One", "Two", "Three")))) == (
        "All of it",
        ["One", "Two", "Three"],
    )
    assert "Two" in written(mine("docx", "--exchange", number, "--said"))


def test_the_title_and_the_folder_can_be_given(mine, tmp_path):
    ran = mine("docx", "--title", "War & Peace: 1/2", "--into", tmp_path / "out", "--json")
    assert ran.json["name"] == "War & Peace 1 2.docx"
    assert (Path(ran.json["path"]).parent, ran.json["link"], ran.json["title"]) == (tmp_path / "out", None, "War & Peace: 1/2")
    assert mine("docx", "title").out == "Familiar Text\n"
    assert mine("docx", "title", "Anna").out == "Anna\n"
    assert mine("docx", "--json").json["name"] == "Anna.docx"
    assert mine("docx", "--json").json["name"] == "Anna.docx"
    assert {path.name for path in (mine.data_dir / "documents").iterdir()} == {"Anna.docx", "Anna (2).docx"}
    assert mine("docx", "title", "--none", "--json").json == {"title": "Familiar Text"}


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["--nth", "1", "--last", "2"], 2, "choose one of --nth"),
        (["--nth", "0"], 2, "greater than or equal to 1"),
        (["--drive", "--into", "x"], 2, "choose one"),
        (["--range", "0", "2"], 1, "counted from 1"),
        (["--nth", "99"], 1, "There are not so many replies"),
        (["--exchange", "9999"], 1, "There is no such reply"),
        (["--chat", "nowhere"], 1, "There is no such chat"),
        (["--person", "stranger"], 1, "There is no reply"),
        (["--drive"], 1, "Google Drive is not set up"),
    ],
)
def test_what_cannot_be_is_said(mine, options, code, why):
    ran = mine("docx", *options)
    assert (ran.code, why in ran.err) == (code, True), ran.err
    assert not (mine.data_dir / "documents").exists()


def test_nothing_remembered_yet(familiar):
    ran = familiar("docx")
    assert (ran.code, "Nothing is remembered" in ran.err) == (1, True)


def test_drive_takes_over_once_a_folder_is_set(mine, google):
    assert mine("docx", "folder").out == f"This machine: {mine.data_dir / 'documents'}\n"
    assert mine("docx", "folder", LINK).out == "Google Drive: Writing\n"
    first, second = mine("docx", "--title", "War"), mine("docx", "--title", "War")
    assert first.out == second.out == "https://docs.google.com/document/d/document-1/edit\n"
    assert len(google.documents[0].revisions) == 2
    assert mine("docx", "--local", "--json").json["link"] is None
    assert mine("docx", "folder", "--person", "ann").out.startswith("This machine")
    assert mine("docx", "folder", "--none").out.startswith("This machine")


def test_a_folder_that_is_not_shared_names_whom_to_share_it_with(mine, google):
    ran = mine("docx", "folder", "somebody-elses-folder")
    assert (ran.code, EMAIL in ran.err, "Traceback" in ran.err) == (1, True, False)
    ran = mine("docx", "folder", "https://example.org/x")
    assert (ran.code, "copy its address" in ran.err) == (1, True)


def test_who_signs_in_has_a_drive_from_then_on(mine, google, monkeypatch, tmp_path):
    class Browser:
        def open(self, url, **_):
            asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
            back = f"{asked['redirect_uri']}?code=a-code&state={asked['state']}"
            Thread(target=lambda: urllib.request.urlopen(back).read()).start()

    monkeypatch.setattr(webbrowser, "get", lambda *_: Browser())
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the double speaks plain HTTP
    about = {"client_id": "id", "client_secret": "hunter2", "auth_uri": f"{google.url}auth", "token_uri": f"{google.url}token"}
    (tmp_path / "client.json").write_text(json.dumps({"installed": {**about, "redirect_uris": ["http://localhost"]}}))
    del mine.environ["FAMILIAR_DRIVE_CREDENTIALS"]
    ran = mine("docx", "sign-in", tmp_path / "client.json")
    assert (ran.code, ran.out, "hunter2" in ran.err) == (0, "", False), ran.err
    assert mine("settings", "drive_credentials").out == f"{mine.data_dir / 'google-token.json'}\n"
    assert mine("docx", "folder", LINK).out == "Google Drive: Writing\n"


def test_signing_in_with_what_is_no_client(familiar, tmp_path):
    (tmp_path / "client.json").write_text("hunter2")
    ran = familiar("docx", "sign-in", tmp_path / "client.json")
    assert (ran.code, "is no OAuth client" in ran.err, "hunter2" in ran.err) == (1, True, False)


def test_the_command_has_its_parts():
    assert set(get_command(app).commands["docx"].commands) == {"folder", "title", "sign-in"}
