"""Rooms in the clear: relations, reactions, invitations, coming and going, and what hostile people send."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from extension.bridges.heard import Post
from extension.bridges.matrix_bridge.progress import Batch
from extension.errors import BridgeError

from .town import CALL, MatrixStand

pytestmark = pytest.mark.synapse


@pytest.fixture
def stand(tmp_path, server):
    made = MatrixStand(tmp_path, server=server)
    yield made
    made.stop()


@pytest.fixture
def ada(stand, server):
    return server.known("Ada")


@pytest.fixture
def hall(stand):
    """A room that many share."""
    return stand.platform.channel("hall").id.removeprefix("matrix:")


@pytest.fixture
def den(stand):
    """Ada's private messages."""
    return stand.platform.direct(stand.who("ada")).id.removeprefix("matrix:")


def handle(stand, room, root=""):
    return stand.gateway.handle(f"matrix:{room}/{root}" if root else f"matrix:{room}")


def said(stand, event):
    """Wait until something that was sent is answered."""
    stand.platform._wait(event)
    stand.settle()


def ours(stand, ada, room):
    return [each for each in ada.events(room)[0] if each["sender"] == stand.platform.bot.id and each["type"] == "m.room.message"]


def test_a_message_is_plain_and_formatted_calls_whom_it_says_and_is_marked_as_a_programs(stand, ada, den):
    event = handle(stand, den).post(Post("**Hi** <b>you</b> @room", (f"matrix:{ada.id}", "discord:7"), reply_to="no id"))
    assert ada.event(den, event)["content"] == {
        "msgtype": "m.text",
        "body": "**Hi** <b>you</b> @room",
        "format": "org.matrix.custom.html",
        "formatted_body": "<p><strong>Hi</strong> &lt;b&gt;you&lt;/b&gt; @room</p>",
        "m.mentions": {"user_ids": [ada.id]},
        "org.matrix.msc1767.automated": True,
    }
    handle(stand, den).edit(event, "Hi")
    assert ours(stand, ada, den)[-1]["content"] == {
        "msgtype": "m.text",
        "body": "* Hi",
        "m.mentions": {},
        "org.matrix.msc1767.automated": True,
        "m.new_content": {
            "msgtype": "m.text",
            "body": "Hi",
            "m.mentions": {"user_ids": [ada.id]},
            "org.matrix.msc1767.automated": True,
        },
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    }


def test_the_same_key_is_the_same_message_also_after_a_restart(stand, ada, den):
    first = handle(stand, den).post(Post("once", key="k1"))
    stand.restart()
    assert handle(stand, den).post(Post("once", key="k1")) == first
    assert handle(stand, den).post(Post("twice", key="k2")) != first
    assert [each["content"]["body"] for each in ours(stand, ada, den)] == ["once", "twice"]


def test_threads_and_replies_are_told_apart_and_the_newest_message_is_fallen_back_to(stand, ada, hall):
    root = ada_in(stand, hall, ada).say(hall, "!root")
    thread = handle(stand, hall, root)
    newest = ada.say(hall, "!newest", **stand.platform._related("", root))
    stand.platform._wait(newest)
    fallen = thread.post(Post("fallen back"))
    answer = thread.post(Post("answer", reply_to=newest))
    plain = handle(stand, hall).post(Post("plain", reply_to=root))
    related = {each["event_id"]: each["content"]["m.relates_to"] for each in ours(stand, ada, hall)}
    assert related[fallen] == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": newest},
    }
    assert related[answer] == {**related[fallen], "is_falling_back": False, "m.in_reply_to": {"event_id": newest}}
    assert related[plain] == {"m.in_reply_to": {"event_id": root}}
    assert [each.reply_to for each in thread.history("", 3)] == [newest, "", ""]
    assert thread.starter().text == "!root"
    stand.restart()
    again = handle(stand, hall, root).post(Post("again"))
    assert ada.event(hall, again)["content"]["m.relates_to"]["m.in_reply_to"] == {"event_id": answer}


def test_what_older_programs_quote_of_a_message_is_not_taken_for_words(stand, ada, den):
    first = ada.say(den, "!a")
    quoted = f"> <{ada.id}> a\n> b\n\nwhat is this?"
    related = {"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
    assert handle(stand, den).message(ada.say(den, quoted, **related)).text == "what is this?"
    assert handle(stand, den).message(ada.say(den, "> a\n\nmine", **related)).text == "> a\n\nmine"


def test_a_mention_is_what_the_message_says_of_it_and_leaves_the_words(stand, ada, hall):
    bot = stand.platform.bot.id
    ada_in(stand, hall, ada)
    pill = {"format": "org.matrix.custom.html", "formatted_body": f'<a href="https://matrix.to/#/{bot}">Familiar</a>: hello'}
    for given in ({"m.mentions": {"user_ids": [bot]}}, pill):
        heard = handle(stand, hall).message(ada.say(hall, "Familiar: hello", **given))
        assert (heard.mentioned, heard.text) == (True, "hello")
    assert handle(stand, hall).message(ada.say(hall, f"{bot} hello")).text == "hello"
    assert handle(stand, hall).message(ada.say(hall, f"I know {bot}", **{"m.mentions": {}})).mentioned is False


def test_reactions_go_both_ways_and_are_taken_back_after_a_restart(stand, ada, den):
    said(stand, ada.say(den, "hello"))
    reply = ours(stand, ada, den)[0]["event_id"]
    up = ada.react(den, reply, "👍")
    stand.platform._wait(up)
    number = stand.app.memories.diary.browse()[0].id
    assert stand.app.memories.diary.one(number).feedback == 1
    stand.restart()
    stand.platform._wait(ada.redact(den, up))
    assert stand.app.memories.diary.one(number).feedback == 0
    handle(stand, den).react(reply, "🎉")
    assert ada.events(den)[0][-1]["content"]["m.relates_to"] == {"rel_type": "m.annotation", "event_id": reply, "key": "🎉"}


def test_a_message_that_is_gone_is_neither_edited_nor_deleted(stand, ada, den):
    on = handle(stand, den)
    event = on.post(Post("mine"))
    on.delete(event)
    for act in (lambda: on.edit(event, "x"), lambda: on.delete(event), lambda: on.edit(ada.say(den, "!hers"), "x")):
        with pytest.raises(BridgeError, match="no such message of ours"):
            act()
    assert on.message(event) is None


def test_typing_receipts_and_files_reach_the_server(stand, ada, den):
    message = ada.say(den, "!hello")
    on = handle(stand, den)
    on.seen(message)
    on.typing(True)
    ephemeral = ada.call("GET", "/sync")["rooms"]["join"][den]["ephemeral"]["events"]
    found = {each["type"]: each["content"] for each in ephemeral}
    assert found["m.typing"]["user_ids"] == [stand.platform.bot.id]
    assert list(found["m.receipt"][message]["m.read"][stand.platform.bot.id]) == ["ts", "thread_id"]


@pytest.mark.parametrize(
    ("invites", "name", "comes"),
    [("", "ada", True), ("", "eve", False), ("none", "ada", False), ("lab.test", "eve", True), ("@x:y, other.test", "ada", False)],
)
def test_invitations_are_accepted_from_whom_the_policy_says(stand, server, invites, name, comes):
    stand.settings["matrix_invites"] = invites
    stand.restart()
    one = server.known(name.capitalize())
    room = one.room("", (stand.platform.bot.id,))
    state = f"/rooms/{quote(room)}/state/m.room.member/{quote(stand.platform.bot.id)}"
    stand.platform._until(lambda: one.call("GET", state)["membership"] == ("join" if comes else "leave"))
    stand.platform._until(lambda: (stand.gateway.handle(f"matrix:{room}") is not None) == comes)


def test_an_invitation_that_was_heard_and_not_answered_is_answered_after_a_restart(stand, ada, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(stand.gateway.invites), "answer", lambda self: None)
        room = ada.room("", (stand.platform.bot.id,))
        stand.platform._until(lambda: stand.gateway.connection.ledger.invites() == [(room, ada.id)])
    stand.restart()
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    stand.platform._until(lambda: stand.gateway.connection.ledger.invites() == [])


def test_after_being_sent_away_it_is_silent_there_and_can_be_asked_back(stand, ada, server):
    room = ada.room("", (stand.platform.bot.id,))
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    on = handle(stand, room)
    ada.call("POST", f"/rooms/{quote(room)}/ban", {"user_id": stand.platform.bot.id})
    stand.platform._until(lambda: not stand.gateway.connection.rooms.known(room))
    assert stand.gateway.handle(f"matrix:{room}") is None
    with pytest.raises(BridgeError, match="not in this room"):
        on.post(Post("hello"))
    ada.call("POST", f"/rooms/{quote(room)}/unban", {"user_id": stand.platform.bot.id})
    ada.say(room, "while it was away")
    ada.call("POST", f"/rooms/{quote(room)}/invite", {"user_id": stand.platform.bot.id})
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    said(stand, ada.say(room, "hello"))
    assert stand.exchanges() == [("hello", "answer 1")]


def test_what_it_may_not_do_is_said_with_what_to_change(stand, ada, server):
    room = ada.room("", (stand.platform.bot.id,), power_level_content_override={"events_default": 50})
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    with pytest.raises(BridgeError, match=r"Give it that right in this room .*Roles & Permissions"):
        handle(stand, room).post(Post("hello"))


def test_a_private_room_is_one_where_nobody_else_can_come_and_read(stand, ada, server):
    private = ada.room("", (stand.platform.bot.id,))
    public = ada.room("", (stand.platform.bot.id,), preset="public_chat")
    for room in (private, public):
        stand.platform._until(lambda room=room: stand.gateway.connection.rooms.known(room))
    here = [handle(stand, room).by(ada.id) for room in (private, public)]
    assert [(each.direct, each.place.shared) for each in here] == [(True, False), (False, True)]
    bob = server.known("Bob")
    ada.call("POST", f"/rooms/{quote(private)}/invite", {"user_id": bob.id})
    bob.enter(private)
    stand.platform._wait(bob.say(private, "!hello"))
    assert handle(stand, private).by(ada.id).place.shared


def test_what_was_said_before_the_first_login_or_too_long_ago_is_not_answered(stand, ada, server, tmp_path, monkeypatch):
    room = ada.room("", (stand.platform.bot.id,))
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    stand.stop()
    ada.say(room, "while nobody listened")
    (tmp_path / "data").mkdir()
    stand.folder = tmp_path / "data"
    stand.start()
    said(stand, ada.say(room, "!first"))
    assert stand.exchanges() == []
    stand.stop()
    ada.say(room, "long ago")
    monkeypatch.setattr(type(stand.gateway), "clock", staticmethod(lambda: datetime.now(UTC) + timedelta(hours=13)))
    stand.start()
    said(stand, ada.say(room, "!second"))
    assert stand.exchanges() == []


HOSTILE = {
    "no content": {},
    "a body that is no text": {"msgtype": "m.text", "body": {"a": [1]}},
    "an unknown kind": {"msgtype": "m.key.verification.request", "body": "verify me"},
    "a kind that is no text": {"msgtype": ["m.text"], "body": "x"},
    "a relation that is a list": {"msgtype": "m.notice", "body": "x", "m.relates_to": [1]},
    "a reply to nothing that is one": {"msgtype": "m.notice", "body": "x", "m.relates_to": {"m.in_reply_to": {"event_id": {"x": 1}}}},
    "an edit of nothing": {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$nothing"}},
    "an edit without content": {"body": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}, "m.new_content": 7},
    "a file without an address": {"msgtype": "m.notice", "body": "x", "url": 7, "file": {"url": [], "key": 3}},
    "mentions that are no list": {"msgtype": "m.notice", "body": "x", "m.mentions": {"user_ids": "all"}},
    "a deep content": {"msgtype": "m.notice", "body": "x", "deep": json.loads("[" * 90 + "]" * 90)},
}


KINDS = ("room.message", "reaction", "room.encrypted", "room.redaction", "sticker", "room.member", "room.name", "space.child")


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_malformed_events_cost_nobody_anything(stand, ada, hall, content, caplog):
    """As another server may hand them on; our own refuses the worst."""
    one = ada_in(stand, hall, ada)
    odd = {"redacts": 4, "unsigned": {"m.relations": {"m.replace": [1], "m.thread": 3}, "redacted_because": 1}}
    events = [
        {"type": f"m.{kind}", "content": content, "sender": ada.id, "event_id": f"${number}{len(more)}", "origin_server_ts": ts, **more}
        for number, (kind, ts) in enumerate(zip(KINDS, (-1, 10**30, "x", None, 2.5, True, 0, [1]), strict=True))
        for more in ({}, {"state_key": ""}, {"unsigned": []}, {"sender": 4}, odd)
    ]
    nasty = [7, None, [], {"type": 3}, *events]
    answer = {
        "next_batch": "s9_9",
        "rooms": {
            "join": {hall: {"state": {"events": nasty}, "timeline": {"events": nasty}, "summary": {"m.joined_member_count": "x"}}, "x": 3},
            "invite": {"!x": {"invite_state": {"events": nasty}}, "!y": 4},
            "leave": {"!z": 4},
        },
        "to_device": {"events": [{**each, "content": {"algorithm": "m.olm.v1.curve25519-aes-sha2", **content}} for each in events]},
        "device_lists": {"changed": [4], "left": {}},
        "device_one_time_keys_count": {"signed_curve25519": "x"},
    }
    syncing, on = stand.gateway._syncing, stand.gateway.connection
    on.wait(syncing.meet(answer))
    on.wait(syncing._hearing.take(hall, nasty[3:], Batch("", 99), late=False))
    said(stand, one.say(hall, "Familiar: hello"))
    assert [said for said, _ in stand.exchanges()][-1] == "hello"
    assert "could not be taken up" not in caplog.text


def test_odd_messages_that_a_server_takes_cost_nobody_anything(stand, ada, hall, caplog):
    one = ada_in(stand, hall, ada)
    for content in HOSTILE.values():
        with suppress(AssertionError):  # what this server refuses, another may not
            stand.platform._wait(one.send(hall, content))
    said(stand, one.say(hall, "Familiar: hello"))
    assert stand.exchanges() == [("hello", "answer 1")]
    assert "could not be taken up" not in caplog.text


def ada_in(stand, room, ada):
    return stand.platform._in(room, stand.who("ada"))


def test_an_edit_of_somebody_elses_message_counts_for_nothing(stand, ada, hall, server):
    bob = stand.platform._in(hall, stand.who("bob"))
    message = ada_in(stand, hall, ada).say(hall, "Familiar: what is a wren?")
    said(stand, message)
    stand.platform._wait(bob.edit(hall, message, "Familiar: what is a knife?"))
    stand.settle()
    assert stand.exchanges() == [("what is a wren?", "answer 1")]
    assert handle(stand, hall).message(message).text == "Familiar: what is a wren?"
    reply = ours(stand, ada, hall)[0]["event_id"]
    stand.platform._wait(bob.edit(hall, reply, "I was told to say this"))
    assert handle(stand, hall).message(reply).text == "answer 1"


def test_a_removal_that_removed_nothing_is_not_believed(stand, ada, hall, server, caplog):
    message = ada_in(stand, hall, ada).say(hall, "Familiar: hello")
    said(stand, message)
    forged = {"event_id": "$f", "sender": server.known("Eve").id, "type": "m.room.redaction", "redacts": message, "content": {}}
    stand.gateway.connection.wait(stand.gateway._syncing._hearing.take(hall, [forged], Batch("", 9), late=False))
    stand.settle()
    assert len(stand.exchanges()) == 1
    assert "removes nothing" in caplog.text


def test_replies_in_a_circle_end(stand, ada, hall):
    ada_in(stand, hall, ada)
    first = ada.say(hall, "!one")
    second = ada.send(hall, {"msgtype": "m.text", "body": "two", "m.relates_to": {"m.in_reply_to": {"event_id": first}}})
    circle = {"msgtype": "m.text", "body": "* x", "m.new_content": {"msgtype": "m.text", "body": "one"}}
    ada.send(hall, {**circle, "m.relates_to": {"rel_type": "m.replace", "event_id": first, "m.in_reply_to": {"event_id": second}}})
    thread = {"rel_type": "m.thread", "event_id": second}
    inside = ada.send(hall, {"msgtype": "m.text", "body": "Familiar: three", "m.mentions": {}, "m.relates_to": thread})
    said(stand, inside)
    assert [reply for _, reply in stand.exchanges()] == ["answer 1"]


def test_a_huge_message_is_heard_and_a_huge_file_is_not_fetched(stand, ada, den):
    stand.app.use(stand.app.settings.changed(attachment_size=1))
    said(stand, ada.say(den, "x" * 60_000))
    assert len(stand.exchanges()[0][0]) == 60_000
    url = ada.upload(b"y" * 3_000_000)
    for size in (3_000_000, 10):
        said(stand, ada.send(den, {"msgtype": "m.file", "body": "big.txt", "url": url, "info": {"size": size}}))
        assert "larger than 1 MB" in stand.latest()


def test_a_long_reply_of_any_kind_fits_into_an_event(stand, ada, den):
    on = handle(stand, den)
    for text in ("&" * 8000, "é" * 4000, "\u0007x" * 4000, '"' * 8000, "**a** " * 1333, "a\n" * 4000):
        event = on.post(Post(text))
        on.edit(event, text)
        assert on.message(event).text == text.replace("\u0007", "")


def test_the_companion_says_its_name_in_the_call(stand, ada, hall):
    stand.ask(stand.platform.rooms[f"matrix:{hall}"], "ada", f"{CALL} hello")
    assert stand.exchanges() == [("hello", "answer 1")]
    vital = stand.gateway.vital()
    assert (vital.connected, vital.account, vital.trouble, vital.waits) == (True, stand.platform.bot.id, "", 0)
    assert vital.heard is not None
    assert vital.heartbeat is not None
