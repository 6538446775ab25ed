"""Signing in over a real connection, with a browser that allows it, refuses, or never comes back."""

from __future__ import annotations

import json
import stat
import threading
import urllib.request
import webbrowser
from urllib.parse import parse_qs, urlsplit

import pytest

from extension.documents.drive.account import account
from extension.documents.drive.sign_in import sign_in
from extension.errors import DriveRefused, SettingsError


@pytest.fixture
def client_file(google, tmp_path, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the double speaks plain HTTP
    about = {"client_id": "id", "client_secret": "hunter2", "auth_uri": f"{google.url}auth", "token_uri": f"{google.url}token"}
    path = tmp_path / "client.json"
    path.write_text(json.dumps({"installed": {**about, "redirect_uris": ["http://localhost"]}}))
    return path


@pytest.fixture
def browser(monkeypatch):
    """A browser in which a person decides: what comes back is added to the address that Google sends them to."""
    asked = []

    class Browser:
        decision = "code=a-code"

        def open(self, url, **_):
            asked.append(query := {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})
            back = f"{query['redirect_uri']}?{self.decision}&state={query['state']}"
            if self.decision:
                threading.Thread(target=lambda: urllib.request.urlopen(back).read()).start()

    browser = Browser()
    browser.asked = asked
    monkeypatch.setattr(webbrowser, "get", lambda *_: browser)
    return browser


def test_who_signs_in_has_a_token_that_nobody_else_may_read(client_file, tmp_path, browser, client, capsys):
    token = sign_in(client_file, tmp_path / "data" / "token.json")
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert browser.asked[0]["scope"] == "https://www.googleapis.com/auth/drive"
    assert browser.asked[0]["access_type"] == "offline"
    assert account(token).email == ""
    assert client(token).folder("the-folder-1234").name == "Writing"
    assert "Open this address" in capsys.readouterr().out


@pytest.mark.parametrize("decision", ["error=access_denied", "code=wrong", ""])
def test_who_does_not_is_told_so(client_file, tmp_path, browser, decision):
    browser.decision = decision
    with pytest.raises(DriveRefused, match="was not allowed to let Familiar in") as caught:
        sign_in(client_file, tmp_path / "token.json", patience=1)
    assert "hunter2" not in str(caught.value)
    assert not (tmp_path / "token.json").exists()


@pytest.mark.parametrize("text", ["hunter2", "[]", "{}", '{"installed": 7}', '{"installed": {"client_id": "hunter2"}}'])
def test_what_is_no_client_is_refused(tmp_path, text):
    (tmp_path / "client.json").write_text(text)
    with pytest.raises(SettingsError, match="is no OAuth client") as caught:
        sign_in(tmp_path / "client.json", tmp_path / "token.json")
    assert "hunter2" not in str(caught.value)
