"""Encrypted rooms, end to end: what the companion sends can be read by those in the room and by nobody else, and so the other way."""

from __future__ import annotations

import json
import logging
import stat

import pytest

from extension.bridges.heard import Post
from extension.bridges.matrix_bridge import opening
from extension.bridges.matrix_bridge.account import Cabinet
from extension.bridges.matrix_bridge.crosssigning import public
from extension.bridges.matrix_bridge.progress import Batch
from extension.commands.command import File
from extension.errors import BridgeError

from .friend import Friend
from .people import PASSWORD
from .town import MatrixStand

pytestmark = pytest.mark.synapse
SECRET = "xyzzy-the-wren"


@pytest.fixture
def stand(tmp_path, server):
    made = MatrixStand(tmp_path / "data", server=server, settings={"permissions": {"default": "visible"}})
    yield made
    made.stop()


@pytest.fixture
def ada(tmp_path, server, programs):
    made = Friend(programs, server.join("Ada"), tmp_path / "ada")
    yield made
    made.call("close")


@pytest.fixture
def den(stand, ada):
    """An encrypted room of Ada and the companion."""
    return stand.platform._opened(ada.one, "", encrypted=True)


def asked(stand, ada, room, text, **more):
    stand.platform._wait(ada.say(room, text, **more))
    stand.settle()


def kept(ada, room):
    """Return everything the server keeps of a room, as text."""
    return json.dumps(ada.one.events(room)[0])


def sent_by_us(stand, ada, room):
    return [each for each in ada.one.events(room)[0] if each["sender"] == stand.platform.bot.id and each["type"].startswith("m.room.enc")]


def test_a_reply_is_read_by_who_asked_and_never_on_the_server_in_the_clear(stand, ada, den):
    stand.model.answers = [f"**{SECRET}** one two three"]
    asked(stand, ada, den, f"tell me of {SECRET}")
    _, content = ada.until(f"**{SECRET}** one two three")
    assert content.get("m.new_content", content)["formatted_body"] == f"<p><strong>{SECRET}</strong> one two three</p>"
    assert stand.exchanges() == [(f"tell me of {SECRET}", f"**{SECRET}** one two three")]
    assert len(sent_by_us(stand, ada, den)) >= 1
    assert SECRET not in kept(ada, den)
    assert ada.call("missed") == []


def test_edits_threads_and_replies_are_exact(stand, ada, den):
    handle = stand.gateway.handle(f"matrix:{den}")
    first = handle.post(Post("first", reply_to=ada.say(den, "!root")))
    handle.edit(first, "second")
    root = ada.say(den, "!another")
    thread = stand.gateway.handle(f"matrix:{den}/{root}")
    inside = thread.post(Post("inside"))
    answer = thread.post(Post("answer", reply_to=inside))
    relations = {each["event_id"]: each["content"]["m.relates_to"] for each in sent_by_us(stand, ada, den)}
    assert relations[inside] == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
    assert relations[answer] == {**relations[inside], "is_falling_back": False, "m.in_reply_to": {"event_id": inside}}
    assert next(each for each in relations.values() if "rel_type" in each) == {"rel_type": "m.replace", "event_id": first}
    _, content = ada.until("second")
    assert (content["body"], content["m.new_content"]["body"]) == ("* second", "second")
    assert [each.text for each in handle.history("", 10)] == ["!another", "second", "!root"]
    assert [each.text for each in thread.history("", 10)] == ["answer", "inside"]
    assert thread.history(answer, 10)[0].id == inside
    assert (handle.message(inside), thread.message(first)) == (None, None)


def test_files_go_both_ways_encrypted(stand, ada, den):
    note = SECRET.encode() * 3
    stand.platform._wait(ada.attach(den, "notes.txt", note))
    stand.settle()
    assert SECRET in stand.model.last
    stand.gateway.handle(f"matrix:{den}").post(Post(file=File("answer.txt", note)))
    _, content = ada.until("answer.txt")
    assert (ada.opened(content), content["info"]["size"]) == (note, len(note))
    assert note not in ada.one.download(content["file"]["url"])
    assert "answer.txt" not in kept(ada, den)


def test_what_is_edited_and_taken_back_is_heard(stand, ada, den):
    message = ada.say(den, "what is a wrem?")
    stand.platform._wait(message)
    stand.settle()
    stand.platform._wait(ada.edit(den, message, "what is a wren?"))
    stand.settle()
    assert stand.exchanges() == [("what is a wren?", "answer 2")]
    stand.platform._wait(ada.one.redact(den, message))
    assert stand.exchanges() == []


def test_an_encrypted_removal_removes_nothing(stand, ada, den):
    """Only the server can say that somebody may remove something."""
    message = ada.say(den, "hello")
    stand.platform._wait(message)
    stand.settle()
    stand.platform._wait(ada.call("send", den, {"redacts": message}, "m.room.redaction"))
    assert len(stand.exchanges()) == 1


def test_words_that_were_removed_are_removed_from_every_edit(stand, ada, den):
    stand.model.answers = ["one two three four"]
    asked(stand, ada, den, "hello")
    ours = sent_by_us(stand, ada, den)
    stand.platform._wait(ada.one.redact(den, stand.gateway.handle(f"matrix:{den}").history("", 9)[1].id))
    stand.platform._until(lambda: all(not each["content"] for each in sent_by_us(stand, ada, den)))
    assert len(ours) > 1


def test_it_goes_on_after_a_restart_of_either_side_with_the_device_that_it_had(stand, ada, den, server):
    asked(stand, ada, den, "one")
    account = stand.gateway.connection.account
    stand.restart()
    message = ada.say(den, "two")
    stand.platform._wait(message)
    stand.settle()
    assert stand.exchanges()[-1] == ("two", "answer 2")
    ada.until("answer 2")
    now = stand.gateway.connection.account
    assert (now.device, now.token) == (account.device, account.token)
    devices = stand.gateway.connection.wait(stand.gateway.connection.calls("name devices", "GET", "devices"))["devices"]
    assert [each["device_id"] for each in devices if each["display_name"] == "Familiar"] == [account.device]


def test_what_was_said_while_it_was_away_is_answered_and_what_was_said_before_it_came_is_not(stand, ada, server, tmp_path):
    room = ada.one.room("hall", encrypted=True)
    ada.call("sync")
    ada.say(room, "before it came")
    ada.one.call("POST", f"/rooms/{room}/invite", {"user_id": stand.platform.bot.id})
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    stand.settle()
    assert stand.exchanges() == []
    stand.stop()
    for number in range(60):  # more than an answer of a sync holds
        ada.say(room, f"word {number}")
    stand.start()
    stand.platform._until(lambda: stand.room._bursts._open)
    stand.settle()
    assert [said.count("\n") for said, _ in stand.exchanges()] == [49, 9]
    assert "before it came" not in stand.model.prompts[0][-1].content


def test_the_device_is_signed_by_the_account(stand, ada):
    account, user = stand.gateway.connection.account, stand.platform.bot.id
    seeds = stand.gateway.connection.account.seeds or Cabinet.of(stand.folder, user).open().seeds
    keys = ada.one.call("POST", "/keys/query", {"device_keys": {user: []}})
    master, signing = keys["master_keys"][user]["keys"], keys["self_signing_keys"][user]["keys"]
    assert list(master.values()) == [public(seeds["master"])]
    assert set(keys["device_keys"][user][account.device]["signatures"][user]) == {f"ed25519:{account.device}", *signing}
    calls = stand.gateway.connection.calls
    own = stand.gateway.connection.wait(calls("name keys", "POST", "keys", "query", content={"device_keys": {user: []}}))
    assert f"ed25519:{account.device}" in own["master_keys"][user]["signatures"][user]
    assert stand.gateway.vital().trouble == ""


def test_what_is_kept_of_the_account_is_for_nobody_else(stand):
    folder = stand.folder / "matrix"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o700}


def test_neither_password_nor_token_nor_words_are_ever_in_a_log(stand, ada, den, caplog):
    with caplog.at_level(logging.DEBUG):
        asked(stand, ada, den, f"tell me of {SECRET}")
        stand.restart()
        asked(stand, ada, den, f"tell me more of {SECRET}")
        odd = {"type": "m.room.message", "content": {"body": {SECRET: SECRET}}, "sender": ada.one.id, "event_id": "$odd", "state_key": ""}
        state = {"state": {"events": [odd, {**odd, "type": "m.room.name"}]}, "timeline": {"events": [odd]}}
        stand.gateway.connection.wait(stand.gateway._syncing.meet({"next_batch": "s1", "rooms": {"join": {den: state}}}))
        account = stand.gateway.connection.account
        for wrong in (PASSWORD, account.token, account.pickle_key, *account.seeds.values(), SECRET):
            assert wrong not in caplog.text
        assert PASSWORD not in repr(stand.gateway.__dict__) + repr(account) + repr(stand.app.settings)
        assert account.token not in repr(account)


def test_a_private_room_that_it_opens_is_encrypted_and_read_by_who_comes(stand, ada, server):
    hall = ada.one.room("hall", (stand.platform.bot.id,), preset="public_chat")
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(hall))
    handle = stand.gateway.handle(f"matrix:{hall}")
    del stand.gateway.invites.__dict__["private_room"]
    private = handle.direct(handle.people()[0])
    private.post(Post(SECRET))
    room = private.spot.room
    ada.one.enter(room)
    ada.until(SECRET)
    assert SECRET not in kept(ada, room)
    stand.restart()
    handle = stand.gateway.handle(f"matrix:{hall}")
    assert handle.direct(handle.people()[0]).spot.room == room


def test_what_cannot_be_decrypted_is_said_and_answered_once_its_key_comes(stand, ada, den, caplog, monkeypatch):
    message, key = ada.call("keyless", den, stand.platform.bot.id, "what is a wren?")
    stand.platform._wait(message)
    stand.settle()
    assert stand.exchanges() == []
    assert f"The event {message} in {den} cannot be decrypted yet" in caplog.text
    assert stand.gateway.vital().trouble == ""
    monkeypatch.setattr(opening, "TROUBLED_AFTER", -1.0)
    assert stand.gateway.vital().trouble.startswith(f"Messages that cannot be decrypted: 1, in {den}.")
    stand.restart()
    ada.call("give", stand.platform.bot.id, key)
    stand.platform._until(lambda: stand.room._bursts._open)
    stand.settle()
    assert stand.exchanges() == [("what is a wren?", "answer 1")]
    assert stand.gateway.vital().trouble == ""


def test_a_server_cannot_put_words_into_somebodys_mouth(stand, ada, den, server, caplog):
    """What Ada said comes once more, as if the owner had said it."""
    message = ada.say(den, "hello")
    stand.platform._wait(message)
    stand.settle()
    forged = {**ada.one.event(den, message), "sender": server.known("Olga").id}
    stand.gateway.connection.wait(stand.gateway._syncing._hearing.take(den, [forged], Batch("", 9), late=False))
    assert "comes from a device that is not its sender's" in caplog.text
    assert len(stand.exchanges()) == 1


@pytest.mark.parametrize("algorithm", ["m.unheard.of.v9", "", None, 7])
def test_nothing_is_sent_into_a_room_with_an_encryption_that_is_not_known(stand, ada, algorithm):
    room = ada.one.room("odd", (stand.platform.bot.id,))
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    ada.one.set(room, "m.room.encryption", {"algorithm": algorithm} if algorithm is not None else {})
    message = ada.one.say(room, "Familiar: hello")
    stand.platform._wait(message)
    stand.settle()
    with pytest.raises(BridgeError, match="encrypted in a way that is not known here"):
        stand.gateway.handle(f"matrix:{room}").post(Post(SECRET))
    assert SECRET not in kept(ada, room)


def test_whether_a_room_is_encrypted_is_looked_up_before_anything_is_sent(stand, ada, den):
    on = stand.gateway.connection
    on.encryption._known.clear()
    on.client.rooms[den].encrypted = False
    stand.gateway.handle(f"matrix:{den}").post(Post(SECRET))
    ada.until(SECRET)
    assert SECRET not in kept(ada, den)


def test_what_is_said_in_the_clear_in_an_encrypted_room_is_not_heard(stand, ada, den, caplog):
    stand.platform._wait(ada.one.say(den, "hello"))
    stand.settle()
    assert stand.exchanges() == []
    assert "in the clear in an encrypted room" in caplog.text
