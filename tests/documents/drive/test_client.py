"""Google's own client over a real connection to a double of Drive: folders, uploads in one and in many pieces, and all that goes wrong."""

from __future__ import annotations

import logging

import pytest

from extension.documents.drive.client import Drive, Folder, Upload
from extension.errors import DriveRefused, DriveUnreachable, SettingsError
from tests.documents.drive_double import EMAIL, QUARTER, SECRET, TOKEN

HERE = "the-folder-1234"
SMALL = Upload("War and Peace.docx", b"PK small", "application/docx")
LARGE = Upload("War and Peace.docx", bytes(range(256)) * (QUARTER // 256 * 2) + b"the rest", "application/docx")
"""Three chunks."""


def steps(google):
    """Return method and first part of the path of what was asked since the token."""
    return [f"{asked.method} {asked.path.split('/')[1]}" for asked in google.asked if asked.path != "/token"]


def test_a_folder_is_looked_at_under_the_account(drive, google):
    assert drive.folder(HERE) == Folder(HERE, "Writing")
    token, asked = google.asked
    assert (token.path, asked.headers["authorization"]) == ("/token", f"Bearer {TOKEN}")
    assert asked.query["supportsAllDrives"] == "true"


def test_a_shortcut_leads_to_its_folder(drive, google):
    google.folder("shortcut-12345", "To it", target=HERE).kind = "application/vnd.google-apps.shortcut"
    assert drive.folder("shortcut-12345").id == HERE


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"trashed": True}, "in Google Drive's bin"),
        ({"writable": False}, f"may only be read. Share it with {EMAIL} as an editor"),
        ({"kind": "text/plain"}, "This is no folder"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_refused(drive, google, change, why):
    for name, value in change.items():
        setattr(google.files[HERE], name, value)
    with pytest.raises(DriveRefused, match=why):
        drive.folder(HERE)


def test_a_folder_that_is_not_shared_names_whom_to_share_it_with(drive):
    with pytest.raises(DriveRefused, match=f"Share the folder in Google Drive with {EMAIL} as an editor"):
        drive.folder("somebody-elses-folder")
    with pytest.raises(DriveRefused, match=EMAIL):
        drive.put(SMALL, "somebody-elses-folder")


def test_a_new_document_gets_a_name_a_folder_and_a_link(drive, google):
    stored = drive.put(SMALL, HERE)
    (file,) = google.documents
    assert (file.name, file.parents, file.revisions, file.kind) == (SMALL.name, [HERE], [SMALL.data], "docx")
    assert stored.link == f"https://docs.google.com/document/d/{stored.id}/edit"


def test_a_large_one_goes_in_three_chunks(drive, google):
    drive.put(LARGE, HERE)
    assert google.documents[0].revisions == [LARGE.data]
    ranges = [asked.headers["content-range"] for asked in google.asked if asked.method == "PUT"]
    end = len(LARGE.data)
    assert ranges == [f"bytes 0-{QUARTER - 1}/{end}", f"bytes {QUARTER}-{2 * QUARTER - 1}/{end}", f"bytes {2 * QUARTER}-{end - 1}/{end}"]


def test_the_same_again_is_a_new_revision_small_ones_in_one_request(drive, google):
    stored = drive.put(LARGE, HERE)
    google.asked.clear()
    assert drive.put(SMALL, HERE, stored.id) == stored
    assert steps(google) == ["GET drive", "PATCH upload"]
    assert google.asked[-1].query["uploadType"] == "multipart"
    assert drive.put(LARGE, HERE, stored.id) == stored
    assert google.documents[0].revisions == [LARGE.data, SMALL.data, LARGE.data]


@pytest.mark.parametrize("gone", ["deleted", "trashed"])
def test_one_that_was_deleted_in_drive_is_made_anew(drive, google, gone):
    stored = drive.put(SMALL, HERE)
    google.files[stored.id].trashed = True
    if gone == "deleted":
        google.files["elsewhere"] = google.files.pop(stored.id)
    again = drive.put(LARGE, HERE, stored.id)
    assert again.id != stored.id
    assert google.files[again.id].revisions == [LARGE.data]


def test_it_can_become_a_google_doc(drive, google):
    drive.put(Upload("War and Peace", b"PK", "application/docx", converted=True), HERE)
    assert (google.documents[0].kind, google.documents[0].name) == ("application/vnd.google-apps.document", "War and Peace")


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "userRateLimitExceeded"), (403, "rateLimitExceeded"), (429, "any"), (503, "backendError")]
)
@pytest.mark.parametrize("where", ["GET /drive", "POST /upload", "PUT /session", "PATCH /upload"])
def test_what_google_refuses_for_a_moment_is_tried_again(drive, google, waited, status, reason, where):
    stored = drive.put(SMALL, HERE)
    google.fails(status, reason, where, times=3)
    drive.folder(HERE)
    drive.put(LARGE, HERE)
    drive.put(SMALL, HERE, stored.id)
    assert [len(file.revisions) for file in google.documents] == [2, 1]
    assert google.documents[1].revisions == [LARGE.data]
    assert google.faults == []
    assert [1 <= waited[0] < 2, 2 <= waited[1] < 3, 4 <= waited[2] < 5] == [True, True, True]


def test_a_connection_that_breaks_in_the_middle_goes_on_where_it_was(drive, google, waited):
    def breaks(visit, asked):
        if not asked.headers.get("content-range", "").startswith(f"bytes {QUARTER}-"):
            return False
        visit.hang_up()
        return True

    google.faults += [breaks, breaks]
    drive.put(LARGE, HERE)
    assert google.documents[0].revisions == [LARGE.data]
    assert f"bytes */{len(LARGE.data)}" in [asked.headers.get("content-range") for asked in google.asked]


def test_an_answer_that_got_lost_makes_no_second_document(drive, google):
    def loses(visit, asked):
        if asked.method != "PUT":
            return False
        visit.say = lambda *_, **__: visit.hang_up()
        google._chunk(visit, asked)
        return True

    google.faults.append(loses)
    drive.put(SMALL, HERE)
    assert [file.revisions[0] for file in google.documents] == [SMALL.data]


@pytest.mark.parametrize(
    ("status", "reason", "why"),
    [
        (403, "accessNotConfigured", "API is not enabled in the project.*Enable it in the Google Cloud console"),
        (403, "storageQuotaExceeded", f"{EMAIL} has no space of its own.*shared drive, or sign in"),
        (403, "insufficientFilePermissions", f"Share it with {EMAIL} as an editor"),
        (403, "insufficientPermissions", "tick all boxes"),
        (400, "<script>", r"refused \(status 400\)"),
        (418, "teapot", r"refused \(status 418, teapot\)"),
    ],
)
def test_what_google_refuses_for_good_says_what_to_do(drive, google, waited, status, reason, why):
    google.fails(status, reason, "POST /upload")
    with pytest.raises(DriveRefused, match=why) as caught:
        drive.put(SMALL, HERE)
    assert "Google's own words" not in str(caught.value)
    assert waited == []


@pytest.mark.parametrize(
    ("status", "reason", "kind", "why"),
    [(503, "backendError", DriveUnreachable, "out of order"), (403, "userRateLimitExceeded", DriveRefused, "less haste")],
)
def test_patience_ends(drive, google, waited, status, reason, kind, why):
    google.fails(status, reason, "GET", times=6)
    with pytest.raises(kind, match=why):
        drive.folder(HERE)
    assert len(waited) == 5


def test_a_person_whose_drive_is_full_is_told_so(client, google, tmp_path):
    google.fails(403, "storageQuotaExceeded", "POST /upload")
    with pytest.raises(DriveRefused, match=r"Google Drive is full\."):
        client(google.person(tmp_path / "token.json")).put(SMALL, HERE)


def test_a_sign_in_that_was_revoked_and_a_key_that_was_deleted(client, google, tmp_path):
    def revoked(visit, asked):
        visit.say(400, {"error": "invalid_grant", "error_description": "hunter2"})
        return True

    for path, why in ((google.person(tmp_path / "t.json"), "Sign in again"), (google.service_account(tmp_path / "k.json"), "the key of")):
        google.faults.append(revoked)
        with pytest.raises(DriveRefused, match=why) as caught:
            client(path).folder(HERE)
        assert "hunter2" not in str(caught.value)


def test_nobody_at_the_address(google, tmp_path, waited):
    drive = Drive(google.service_account(tmp_path / "key.json"), "http://127.0.0.1:9/", QUARTER, waited.append)
    with pytest.raises(DriveUnreachable, match="does not answer"):
        drive.folder(HERE)


@pytest.mark.parametrize("body", [b"<html>Log in to the hotel</html>", b"[]", b'"x"', b"{}", b"\xff"])
def test_an_answer_that_is_none_of_googles(drive, google, body):
    def garbled(visit, asked):
        if asked.path == "/token":
            return False
        visit.say(200, body)
        return True

    google.faults.append(garbled)
    with pytest.raises(DriveRefused):
        drive.folder(HERE)


def test_other_credentials_in_the_file_count_at_once(client, google, tmp_path):
    path = tmp_path / "credentials.json"
    drive = client(path)
    with pytest.raises(SettingsError, match="is not there"):
        drive.folder(HERE)
    google.person(path)
    assert drive.folder(HERE).name == "Writing"


def test_no_secret_gets_into_a_log(drive, google, caplog, tmp_path, client):
    caplog.set_level(logging.DEBUG)
    google.fails(503, "backendError", "PUT")
    drive.put(LARGE, HERE)
    client(google.person(tmp_path / "token.json")).put(SMALL, HERE)
    assert not any(secret in caplog.text for secret in (TOKEN, SECRET, "PRIVATE KEY", SMALL.name))
