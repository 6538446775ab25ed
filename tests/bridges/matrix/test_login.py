"""Logging in, once; what is wrong with an account and what to do about it; what the doctor says of it."""

from __future__ import annotations

import json

import pytest

from extension.bridges.matrix_bridge.account import Cabinet
from extension.doctor.matrix import matrix
from extension.errors import BridgeError
from extension.settings import load

from .people import PASSWORD
from .proxy import Proxy
from .town import MatrixStand

pytestmark = pytest.mark.synapse


@pytest.fixture
def stand(tmp_path, server):
    made = MatrixStand(tmp_path, server=server)
    yield made
    made.stop()


def with_settings(stand, **settings):
    """Start anew with other settings, and return what is wrong."""
    stand.stop()
    before = dict(stand.settings)
    stand.settings.update(settings)
    try:
        with pytest.raises(BridgeError) as raised:
            stand.start()
    finally:
        stand.room.close()
        stand.app.close()
        stand.settings.clear()
        stand.settings.update(before)
        stand.start()
    return str(raised.value)


def cabinet(stand):
    return Cabinet.of(stand.folder, stand.platform.bot.id)


def devices(stand):
    on = stand.gateway.connection
    found = on.wait(on.calls("name the devices", "GET", "devices"))["devices"]
    return sorted(each["device_id"] for each in found if each["display_name"] == "Familiar")


def test_an_account_that_cannot_be_used_is_said_with_what_to_do_and_without_its_secrets(stand, server):
    bot = stand.platform.bot.id
    new = {"matrix_user": server.join("Other").id}
    assert with_settings(stand, **new, matrix_password="wrong-pw") == (
        f"The password of {new['matrix_user']} is not right. Put the right one into the file that FAMILIAR_MATRIX_PASSWORD_FILE names."
    )
    assert "has no password" in with_settings(stand, matrix_password="")
    assert "whole name, such as @familiar:example.org" in with_settings(stand, matrix_user="familiar")
    assert "should look like https://" in with_settings(stand, matrix_homeserver="lab.test")
    assert "does not answer" in with_settings(stand, matrix_homeserver="http://127.0.0.1:9")
    assert f"The token of {new['matrix_user']} is not good" in with_settings(stand, **new, matrix_token="syt_wrong")
    assert f"The token for {new['matrix_user']} is somebody else's" in with_settings(stand, **new, matrix_token=stand.platform.bot.token)
    assert bot in stand.gateway.vital().account


def test_what_answers_and_is_no_homeserver_is_said(stand):
    proxy = Proxy(stand.server.url, lambda request: "")
    said = with_settings(stand, matrix_homeserver=f"{proxy.url}/elsewhere")
    assert said == f"There is no Matrix homeserver at {proxy.url}/elsewhere (it answered 404). Set FAMILIAR_MATRIX_HOMESERVER."
    proxy.close()


def test_with_a_token_it_is_the_device_of_that_token(stand, server):
    one = server.join("Tokened")
    device = one.call("GET", "/account/whoami")["device_id"]
    stand.stop()
    stand.settings |= {"matrix_user": one.id, "matrix_token": one.token, "matrix_password": ""}
    stand.start()
    assert stand.gateway.connection.account.device == device
    stand.restart()
    assert stand.gateway.connection.account.device == device
    stand.settings["matrix_password"] = PASSWORD


def test_a_login_that_was_interrupted_is_gone_on_with_as_the_same_device(stand, server):
    stand.stop()
    kept = cabinet(stand).open()
    first = kept.with_device()
    stand.settings["matrix_user"] = server.join("Interrupted").id
    other = Cabinet.of(stand.folder, stand.settings["matrix_user"])
    other.keep(type(first)(stand.settings["matrix_user"], device=first.device, pickle_key=first.pickle_key))
    stand.start()
    assert devices(stand) == [first.device]


def test_lost_keys_make_a_new_device_and_broken_ones_are_said(stand):
    before, store = stand.gateway.connection.account, cabinet(stand).store(stand.gateway.connection.account)
    stand.stop()
    store.write_bytes(b"no database" * 1000)
    with pytest.raises(BridgeError, match=r"cannot be read .* Move the file away"):
        stand.start()
    stand.room.close()
    stand.app.close()
    store.unlink()
    stand.start()
    now = stand.gateway.connection.account
    assert now.device != before.device
    assert stand.gateway.vital().trouble == ""  # signed by the same account keys
    stand.stop()
    (cabinet(stand).folder / "account.json").write_text("{")
    with pytest.raises(Exception, match=r"account.json cannot be read. Move it away"):
        stand.start()
    (cabinet(stand).folder / "account.json").unlink()
    stand.start()
    assert "keys were made elsewhere" in stand.gateway.vital().trouble


def findings(stand):
    settings = load({}, data_dir=stand.folder, **{name: value for name, value in stand.settings.items() if name.startswith("matrix_")})
    return {f"{each.name}: {each.state}": f"{each.text}. {each.fix}" for each in matrix(settings)}


def test_the_doctor_finds_a_sound_account_sound(stand):
    found = findings(stand)
    device = stand.gateway.connection.account.device
    assert [name for name in found if not name.endswith(": ok")] == []
    assert found["matrix cross-signing: ok"] == f"The device {device} is signed by the account. "
    assert found["matrix one-time keys: ok"].startswith("One-time keys on the server: 5")


def test_the_doctor_says_what_is_wrong_and_what_to_do_about_it(stand, server):
    on, folder = stand.gateway.connection, cabinet(stand).folder
    stand.stop()
    on.ledger.__init__(folder / "ledger.sqlite")
    on.ledger.wait("$1", "!room", "session", 0.0, {})
    on.ledger.close()
    (folder / "account.json").chmod(0o644)
    kept = json.loads((folder / "account.json").read_text())
    found = findings(stand)
    assert "the oldest since 01 Jan 1970" in found["matrix messages: warning"]
    assert "Others on this machine can read account.json" in found["matrix keys: warning"]
    (folder / "account.json").write_text(json.dumps({**kept, "seeds": {}}))
    assert "made elsewhere" in findings(stand)["matrix cross-signing: warning"]
    (folder / "account.json").write_text(json.dumps({**kept, "pickle_key": "another"}))
    assert "cannot be read" in findings(stand)["matrix keys: problem"]
    (folder / "account.json").write_text(json.dumps({**kept, "token": "syt_old"}))
    assert "is not good any more" in findings(stand)["matrix login: problem"]
    (folder / f"{kept['device']}.sqlite").rename(folder / "away")
    assert "are gone" in findings(stand)["matrix keys: problem"]
    stand.settings["matrix_homeserver"] = "http://127.0.0.1:9"
    (folder / "account.json").unlink()
    assert "does not answer" in findings(stand)["matrix: problem"]
    stand.settings["matrix_user"] = "nobody"
    assert "whole name" in findings(stand)["matrix: problem"]
    stand.settings |= {"matrix_homeserver": server.url, "matrix_user": server.join("New").id}
    assert "There was no login yet" in findings(stand)["matrix login: ok"]
    stand.start()
