"""The server of the standalone chat: who may come in, and what the browser may fetch."""

from __future__ import annotations

import socket

import pytest

from extension.errors import SettingsError
from extension.panel.server import Policy, credentials, free_port, layers
from extension.panel.standalone import serve
from extension.service.health import is_loopback
from extension.settings import load


@pytest.fixture
def settings(tmp_path):
    return lambda **values: load({}, data_dir=tmp_path, **values)


def test_on_this_machine_nobody_is_asked_for_a_password(settings):
    assert credentials(settings()) is None
    assert credentials(settings(listen="localhost")) is None


def test_beyond_this_machine_a_password_is_needed(settings, app):
    for listen in ("0.0.0.0", "192.168.1.5", "::", "my-computer"):
        with pytest.raises(SettingsError, match="Set FAMILIAR_PASSWORD"):
            credentials(settings(listen=listen))
    app.use(app.settings.changed(listen="0.0.0.0"))
    with pytest.raises(SettingsError, match="Set FAMILIAR_PASSWORD"):
        serve(app)


def test_with_a_password_the_person_logs_in_with_their_name(settings):
    assert credentials(settings(listen="0.0.0.0", person="alice", password="s3cret")) == ("alice", "s3cret")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("a.b", False)],
)
def test_loopback_is_told_from_the_rest(address, expected):
    assert is_loopback(address) is expected


def test_a_taken_port_is_a_sentence(app):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app.use(app.settings.changed(port=port))
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on"):
            serve(app)
    assert free_port("127.0.0.1", port) == port
    assert free_port("127.0.0.1", 0) > 0


def test_the_browser_may_fetch_only_from_here():
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    answer = TestClient(Policy(Starlette()), base_url="http://127.0.0.1").get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self';" in policy and "img-src 'self' data: blob:;" in policy and "connect-src 'self';" in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_without_a_password_only_names_of_this_machine_are_answered_to(settings):
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    page = Starlette(middleware=layers(settings()))
    assert TestClient(page, base_url="http://127.0.0.1:7861").get("/").status_code == 404
    assert TestClient(page, base_url="http://localhost:7861").get("/").status_code == 404
    assert TestClient(page, base_url="http://rebound.example:7861").get("/").status_code == 400
    guarded = Starlette(middleware=layers(settings(password="s3cret")))
    assert TestClient(guarded, base_url="http://rebound.example:7861").get("/").status_code == 404
