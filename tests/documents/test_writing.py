"""Writing as doors use it: a choice becomes a document, and goes to Drive or into a folder."""

from __future__ import annotations

from datetime import UTC
from io import BytesIO

import docx
import pytest

from extension.documents.choice import Chat, One, Recent
from extension.documents.desk import Slot
from extension.documents.drive.client import Drive, Folder
from extension.documents.writing import Writing
from extension.errors import DocumentRefused, DriveRefused, NotFound, SettingsError
from extension.memory.diary import Answer
from tests.memory.conftest import ALICE, BOB, turn

from .drive_double import EMAIL, QUARTER, DriveDouble

LINK = "https://drive.google.com/drive/u/0/folders/the-folder-1234?usp=sharing"


@pytest.fixture
def google():
    with DriveDouble() as double:
        yield double


@pytest.fixture
def drive(google, tmp_path):
    return Drive(google.service_account(tmp_path / "key.json"), google.url, QUARTER, lambda seconds: None)


@pytest.fixture
def writing(database, drive, tmp_path, diary):
    diary.write(turn("Begin."), Answer("It *was*\nthe best."))
    diary.write(turn("Go on.", 1), Answer("It was the worst."))
    return Writing(database, tmp_path / "documents", drive)


def text(document):
    return [each.text for each in docx.Document(BytesIO(document.data)).paragraphs]


def test_the_last_reply_is_called_familiar_text_unless_it_has_a_title(writing):
    document = writing.make(ALICE, Recent())
    assert (document.name, text(document)) == ("familiar_text.docx", ["Familiar Text", "It was the worst."])
    assert writing.make(ALICE, Recent(), "War and Peace").name == "War and Peace.docx"
    writing.desk(ALICE).title = "Anna Karenina"
    assert writing.make(ALICE, Recent()).name == "Anna Karenina.docx"
    assert writing.make(ALICE, Recent(), "  ").title == "Anna Karenina"


def test_a_range_is_one_text_and_a_chat_a_dialogue(writing):
    assert text(writing.make(ALICE, Recent(1, 2)))[1:] == ["It was", "the best.", "It was the worst."]
    said = ["Alice, 14 March 2026, 12:00", "Begin.", "Robin", "It was", "the best."]
    assert text(writing.make(ALICE, Chat("kitchen"), zone=UTC))[1:6] == said
    assert text(writing.make(ALICE, Recent(2, 2), said=True, zone=UTC))[1:] == said


def test_nobody_makes_a_document_of_what_they_may_not_see(writing):
    for choice in (Recent(), Recent(place="kitchen"), One(1), Chat("kitchen")):
        with pytest.raises(NotFound):
            writing.make(BOB, choice)


def test_a_reply_without_words_makes_no_document(writing, diary):
    diary.write(turn("Nothing?", 2), Answer("\n \n"))
    with pytest.raises(DocumentRefused, match="no words"):
        writing.make(ALICE, Recent())


def test_without_a_folder_in_drive_it_goes_into_the_folder_here(writing, tmp_path, google):
    saved = writing.save(ALICE, writing.make(ALICE, Recent()))
    assert (saved.path, saved.link) == (tmp_path / "documents" / "familiar_text.docx", "")
    assert saved.path.read_bytes() == saved.document.data
    assert google.asked == []


def test_the_same_title_again_is_a_new_revision_in_drive_over_a_restart(writing, database, drive, google, tmp_path):
    assert writing.set_folder(ALICE, LINK) == Folder("the-folder-1234", "Writing")
    first = writing.save(ALICE, writing.make(ALICE, Recent(2, 2), "War"))
    again = Writing(database, tmp_path / "documents", drive)
    second = again.save(ALICE, again.make(ALICE, Recent(), "War"))
    assert first.link == second.link == "https://docs.google.com/document/d/document-1/edit"
    assert google.documents[0].revisions == [first.document.data, second.document.data]
    other = again.save(ALICE, again.make(ALICE, Recent(), "Peace"))
    assert [file.name for file in google.documents] == ["War.docx", "Peace.docx"]
    assert other.link != first.link
    assert not (tmp_path / "documents").exists()


def test_one_deleted_in_drive_is_made_anew_and_that_one_then_revised(writing, google):
    writing.set_folder(ALICE, LINK)
    document = writing.make(ALICE, Recent())
    writing.save(ALICE, document)
    google.documents[0].trashed = True
    assert writing.save(ALICE, document).link == writing.save(ALICE, document).link
    assert [len(file.revisions) for file in google.documents] == [1, 2]


def test_everybody_has_a_folder_and_files_of_their_own(writing, google, diary):
    diary.write(turn("Me too.", 5, person=BOB), Answer("Yes."))
    google.folder("the-folder-of-bob", "Bob's")
    writing.set_folder(ALICE, LINK)
    assert writing.target(BOB) == "folder"
    writing.set_folder(BOB, "the-folder-of-bob")
    for who in (ALICE, BOB):
        writing.save(who, writing.make(who, Recent(), "War"))
    assert [file.parents for file in google.documents] == [["the-folder-1234"], ["the-folder-of-bob"]]


def test_another_folder_gets_another_file(writing, google):
    google.folder("another-folder", "Other")
    for folder in ("the-folder-1234", "another-folder", "the-folder-1234"):
        writing.set_folder(ALICE, folder)
        writing.save(ALICE, writing.make(ALICE, Recent()))
    assert [len(file.revisions) for file in google.documents] == [2, 1]


def test_it_can_become_a_google_doc_beside_the_word_file(database, drive, google, tmp_path, writing):
    writing.set_folder(ALICE, LINK)
    writing.save(ALICE, writing.make(ALICE, Recent(), "War"))
    converting = Writing(database, tmp_path, drive, convert=True)
    for _ in range(2):
        converting.save(ALICE, converting.make(ALICE, Recent(), "War"))
    assert [(file.name, len(file.revisions)) for file in google.documents] == [("War.docx", 1), ("War", 2)]
    assert google.documents[1].kind == "application/vnd.google-apps.document"


def test_a_folder_that_cannot_be_used_does_not_replace_the_one_before(writing, google):
    writing.set_folder(ALICE, LINK)
    with pytest.raises(DriveRefused, match=EMAIL):
        writing.set_folder(ALICE, "somebody-elses-folder")
    with pytest.raises(SettingsError):
        writing.set_folder(ALICE, "https://example.org")
    assert writing.desk(ALICE).folder == Folder("the-folder-1234", "Writing")


def test_what_drive_refuses_can_be_saved_here(writing, google, tmp_path):
    writing.set_folder(ALICE, LINK)
    google.fails(403, "storageQuotaExceeded", "POST /upload")
    document = writing.make(ALICE, Recent())
    with pytest.raises(DriveRefused, match="no space of its own"):
        writing.save(ALICE, document)
    assert writing.save(ALICE, document, "folder", tmp_path / "here").path == tmp_path / "here" / "familiar_text.docx"


def test_drive_says_what_is_missing(database, tmp_path, writing, drive):
    with pytest.raises(SettingsError, match="`familiar docx folder LINK`"):
        writing.save(ALICE, writing.make(ALICE, Recent()), "drive")
    without = Writing(database, tmp_path, None)
    with pytest.raises(SettingsError, match="`drive_credentials` names no file"):
        without.set_folder(ALICE, LINK)


def test_forgetting_a_person_forgets_their_titles_and_folder(writing, database, diary):
    writing.set_folder(ALICE, LINK)
    writing.desk(ALICE).title = "War"
    writing.save(ALICE, writing.make(ALICE, Recent()))
    for number, kept in ((1, True), (2, False)):
        diary.forget([number])
        desk = writing.desk(ALICE)
        assert (bool(desk.title), bool(desk.folder)) == (kept, kept)
    assert desk.file(Slot("the-folder-1234", "War.docx", False)) is None
