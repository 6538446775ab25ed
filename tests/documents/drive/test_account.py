"""Files of credentials: whose they are, what is wrong with them, and that nothing of them is told."""

from __future__ import annotations

import json

import pytest

from extension.documents.drive.account import account
from extension.errors import SettingsError
from tests.documents.drive_double import EMAIL


def test_a_service_account_has_an_address_and_a_person_none(google, tmp_path):
    assert account(google.service_account(tmp_path / "key.json")).shown == EMAIL
    assert account(google.person(tmp_path / "token.json")).shown == "the person who signed in"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not json hunter2", "is no JSON"),
        ('{"a": "hunter2"', "is no JSON"),
        ("[" * 50_000, "is no JSON"),
        ("\xff\xfehunter2", "is no JSON"),
        ('["hunter2"]', "is no file of Google credentials"),
        ('{"key": "hunter2"}', "neither a service account's nor a person's"),
        ('{"installed": {"client_secret": "hunter2"}}', "sign in with `familiar docx sign-in"),
        ('{"type": "service_account", "private_key": "hunter2"}', "not whole"),
        ('{"type": "service_account", "private_key": "hunter2", "client_email": "a@b", "token_uri": "x"}', "not whole"),
        ('{"type": "service_account", "private_key": 7, "client_email": [], "token_uri": null}', "not whole"),
        ('{"refresh_token": "hunter2"}', "not whole"),
        ("hunter2" * 20_000, "far too large"),
    ],
)
def test_what_is_wrong_is_said_without_a_word_of_the_file(tmp_path, text, why):
    path = tmp_path / "key.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=why) as caught:
        account(path)
    assert "hunter2" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"is not there: .*/no\.json\. docs/writing\.md"):
        account(tmp_path / "no.json")
    with pytest.raises(SettingsError, match="cannot be read"):
        account(tmp_path)


def test_a_windows_editor_may_have_touched_it(google, tmp_path):
    path = google.person(tmp_path / "token.json")
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(json.loads(path.read_text())).encode())
    assert account(path).email == ""
