"""How the bot answers: what Discord lets it do, its limits, its webhooks, and its refusals as sentences."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from extension.bridges.heard import Button, Post
from extension.commands.command import File
from extension.errors import BridgeError, Throttled
from extension.messages import Person

from ..conformance import _until as until
from ..stand import CALL, LONG
from .world import BITS, FORUM, Channel


@pytest.fixture
def hall(stand):
    return stand.platform.channel("hall")


@pytest.fixture
def handle(stand, hall):
    return stand.platform.handle(hall.id)


def deny(stand, channel, permission) -> None:
    """Take a permission from the bot in a channel."""
    there = stand.double.world.channels[int(channel.id.removeprefix("discord:"))]
    there.denied |= BITS[permission]
    stand.double.emit("CHANNEL_UPDATE", there.payload(stand.double.world))
    stand.platform.flush()


def test_a_post_under_a_key_is_sent_once_also_by_another_process(stand, hall, handle):
    first = handle.post(Post("one", key="a key of any length " * 20))
    stand.restart()
    again = stand.platform.handle(hall.id)
    assert again.post(Post("two", key="a key of any length " * 20)) == first
    assert again.post(Post("three", key="another key")) != first
    assert stand.texts(hall) == ["one", "three"]
    assert all(len(each["nonce"]) <= 25 and each["enforce_nonce"] for each in stand.double.posts)


def test_a_post_whose_answer_is_lost_is_tried_again_and_sent_once(stand, hall, handle, monkeypatch):
    lost = []

    async def answered_and_lost(request, found, what, handler, met=stand.double._met):
        response = await met(request, found, what, handler)
        if what == "post" and not lost:
            lost.append(what)
            request.transport.abort()
        return response

    monkeypatch.setattr(stand.double, "_met", answered_and_lost)
    handle.post(Post("hello"))
    assert (stand.texts(hall), lost) == (["hello"], ["post"])


@pytest.mark.parametrize(
    ("permission", "does", "named"),
    [
        ("SEND_MESSAGES", lambda handle: handle.post(Post("hello")), "Send Messages"),
        ("ATTACH_FILES", lambda handle: handle.post(Post("hello", file=File("a.txt", b"a"))), "Attach Files"),
        ("READ_MESSAGE_HISTORY", lambda handle: handle.history("", 5), "Read Message History"),
        ("CREATE_PUBLIC_THREADS", lambda handle: handle.make_thread("talk"), "Create Public Threads"),
        ("ADD_REACTIONS", lambda handle: handle.react(handle.post(Post("x")), "👍"), "Add Reactions"),
        ("VIEW_CHANNEL", lambda handle: handle.typing(True), "Send Messages"),
    ],
)
def test_a_missing_permission_is_named(stand, hall, handle, permission, does, named):
    deny(stand, hall, permission)
    with pytest.raises(BridgeError, match=f'permission "{named}"') as caught:
        does(handle)
    assert "docs/discord.md" in str(caught.value)


def test_what_may_be_done_in_a_place_is_known_beforehand(stand, hall):
    full = stand.platform.handle(hall.id).capabilities
    assert (full.names, full.threads, full.files, full.reactions, full.private) == (True, True, True, True, False)
    for permission in ("MANAGE_WEBHOOKS", "CREATE_PUBLIC_THREADS", "ATTACH_FILES", "ADD_REACTIONS"):
        deny(stand, hall, permission)
    poor = stand.platform.handle(hall.id).capabilities
    assert (poor.names, poor.threads, poor.files, poor.reactions) == (False, False, False, False)
    den = stand.platform.handle(stand.platform.direct(stand.who("ada")).id).capabilities
    assert (den.names, den.threads) == (False, False)


def test_a_message_that_is_too_long_or_gone_and_a_place_that_is_gone_are_sentences(stand, hall, handle):
    with pytest.raises(BridgeError, match="code 50035"):
        handle.post(Post("x" * 2001))
    with pytest.raises(BridgeError, match="message is not there any more"):
        handle.edit("123", "x")
    assert handle.message("123") is None
    assert handle.message("no number") is None
    assert [stand.gateway.handle(each) for each in ("discord:123", "discord:", "matrix:!a:b", "discord:1e9", "discord:" + "9" * 40)] == [
        None
    ] * 5


def test_words_that_are_no_text_to_discord_are_sent_without_what_is_wrong_with_them(stand, hall, handle):
    message = handle.post(Post("a\ud800b"))
    handle.edit(message, "c\udfffd")
    assert stand.texts(hall) == ["c?d"]


def test_a_reply_calls_who_asked_and_an_edit_nobody(stand, hall, handle):
    asked = stand.platform.say(hall, stand.who("ada"), "hello all")
    ada, bob = stand.who("ada"), stand.who("bob")
    number = bob.id.removeprefix("discord:")
    handle.post(Post(f"<@{number}> @everyone", (ada.id,), asked))
    handle.post(Post(f"<@{number}> hello", (bob.id,), asked))
    handle.post(Post("quiet", (), asked))
    assert [each.pings for each in stand.ours(hall)] == [{ada.id}, {bob.id}, frozenset()]
    assert [each.reply_to for each in stand.ours(hall)] == [asked] * 3


def test_buttons_of_a_message_change_with_it_and_go(stand, hall, handle):
    message = handle.post(Post("x", buttons=(Button("familiar:up:1", "👍"),)))
    assert [each.id for each in stand.ours(hall)[0].buttons] == ["familiar:up:1"]
    handle.edit(message, "y", [Button("familiar:down:1", "👎")])
    assert [each.id for each in stand.ours(hall)[0].buttons] == ["familiar:down:1"]
    handle.edit(message, "z")
    assert stand.ours(hall)[0].buttons == ()
    assert stand.gateway._account.client._connection._view_store._views == {}


class TestPersonas:
    """Messages under other names."""

    def test_they_are_edited_and_removed_also_after_a_restart(self, stand, hall, handle):
        message = handle.post(Post("tweet", speaker="Robin"))
        stand.restart()
        handle = stand.platform.handle(hall.id)
        assert [(each.person.id, each.is_own) for each in handle.history("", 5)] == [(f"discord:{stand.double.world.bot.id}", True)]
        handle.edit(message, "chirp", [Button("familiar:up:1", "👍")])
        assert [(each.shown_as, each.text, len(each.buttons)) for each in stand.ours(hall)] == [("Robin", "chirp", 1)]
        stand.restart()
        stand.platform.handle(hall.id).delete(message)
        assert stand.ours(hall) == []
        assert len(stand.double.world.webhooks) == 1

    def test_in_a_thread_they_come_through_the_webhook_of_its_channel(self, stand, hall):
        thread = stand.platform.thread(hall, "talk")
        handle = stand.platform.handle(thread.id)
        message = handle.post(Post("tweet", speaker="Robin"))
        handle.edit(message, "chirp")
        assert [(each.shown_as, each.text) for each in stand.ours(thread)] == [("Robin", "chirp")]

    def test_a_webhook_that_somebody_removed_is_made_anew(self, stand, hall, handle):
        handle.post(Post("one", speaker="Robin"))
        stand.double.world.webhooks.clear()
        handle.post(Post("two", speaker="Robin"))
        assert [each.shown_as for each in stand.ours(hall)] == ["Robin", "Robin"]

    @pytest.mark.parametrize("speaker", ["Discord Robin", "Robin"])
    def test_what_discord_does_not_allow_comes_under_our_own_name(self, stand, hall, handle, speaker):
        stand.double.refuses = lambda what: what == "webhook" and speaker == "Robin"
        handle.post(Post("tweet", speaker=speaker))
        assert [(each.shown_as, each.text) for each in stand.ours(hall)] == [("", "tweet")]

    def test_a_channel_where_webhooks_may_not_be_managed_has_none(self, stand, hall):
        deny(stand, hall, "MANAGE_WEBHOOKS")
        stand.choose("companion", "Robin", hall)
        stand.ask(hall, "ada", f"{CALL} hello")
        assert [(each.shown_as, each.text) for each in stand.ours(hall)] == [("", "answer 1")]


class TestPatience:
    """Limits of Discord."""

    def test_a_passing_edit_never_waits_and_the_last_one_is_the_one_that_stays(self, stand, hall, handle):
        stand.double.limits["edit"] = (3, 1.0)
        message = handle.post(Post("x"))
        handle.edit(message, "passing", passing=True)
        handle.edit(message, "passing, too", passing=True)
        with pytest.raises(Throttled) as caught:
            handle.edit(message, "and again", passing=True)
        assert 0 < caught.value.seconds <= 1
        handle.edit(message, "the end")
        assert stand.texts(hall) == ["the end"]

    def test_a_passing_edit_that_discord_turns_back_never_comes_after_the_last_one(self, stand, hall, handle):
        message = handle.post(Post("x"))
        turned_back = iter([0.3])
        stand.double.mischief = lambda what: next(turned_back, None) if what == "edit" else None
        with pytest.raises(Throttled) as caught:
            handle.edit(message, "passing", passing=True)
        assert caught.value.seconds == pytest.approx(0.3)
        with pytest.raises(Throttled):
            handle.edit(message, "passing, too", passing=True)
        handle.edit(message, "the end")
        assert stand.texts(hall) == ["the end"]
        assert stand.ours(hall)[0].edits == 2

    def test_waits_are_counted(self, stand, hall, handle):
        turned_back = iter([0.2, 0.1])
        stand.double.mischief = lambda what: next(turned_back, None)
        handle.post(Post("x"))
        vital = stand.gateway.vital()
        assert (vital.waits, round(vital.waited, 3)) == (2, 0.3)

    def test_one_place_that_waits_holds_up_no_other(self, stand, hall, handle):
        den, told, done = stand.platform.handle(stand.platform.direct(stand.who("ada")).id), Event(), Event()
        stand.double.mischief = lambda what: None if told.is_set() else (told.set(), 2.0)[1]
        waiting = Thread(target=lambda: (handle.post(Post("one")), done.set()))
        waiting.start()
        assert told.wait(LONG)
        den.post(Post("hello"))
        assert not done.is_set()
        waiting.join(LONG)
        assert stand.texts(hall) == ["one"]

    def test_a_long_answer_in_a_storm_of_429s_is_there_whole(self, stand, hall):
        tries = iter(range(100_000))
        stand.double.mischief = lambda what: 0.01 if what in ("edit", "post") and next(tries) % 3 else None
        stand.model.answers = ["word " * 780]
        stand.ask(hall, "ada", f"{CALL} hello")
        assert " ".join(stand.texts(hall)).split() == ["word"] * 780


def test_people_roles_and_private_messages_of_a_place(stand, hall, handle):
    world, ada = stand.double.world, stand.who("ada")
    role = world.number()
    world.roles[role] = "Keepers"
    stand.double.emit("GUILD_ROLE_CREATE", {"guild_id": str(world.guild), "role": world._role(role, "Keepers", 0)})
    user = world.users[int(ada.id.removeprefix("discord:"))]
    user.roles = (role,)
    stand.double.emit("GUILD_MEMBER_UPDATE", {**user.member(), "guild_id": str(world.guild)})
    stand.platform.flush()
    assert handle.roles(ada) == (str(role),)
    assert handle.roles(Person("discord:5")) == handle.roles(Person("matrix:@a:b")) == ()
    assert {"Ada", "Olga", "Zoe"} <= {each.name for each in handle.people()}
    handle.direct(ada).post(Post("psst"))
    assert stand.texts(stand.platform.direct(ada)) == ["psst"]
    assert handle.direct(Person("discord:5")) is None


def test_a_thread_is_made_in_a_channel_and_at_a_message(stand, hall, handle):
    message = handle.post(Post("x"))
    links = [handle.make_thread("  talk\nhere " * 30), handle.make_thread("", message)]
    threads = [each for each in stand.platform.channels.values() if each.parent == hall.id]
    assert [each.name for each in threads] == [("talk here " * 30)[:100], "…"]
    assert links == [f"<#{each.id.removeprefix('discord:')}>" for each in threads]
    assert stand.platform.handle(threads[1].id).starter().id == message
    assert stand.platform.handle(threads[0].id).starter() is None


def test_a_forum_takes_posts_and_no_messages(stand):
    world = stand.double.world
    forum = Channel(world.number(), FORUM, "forum", world.guild)
    world.channels[forum.id] = forum
    stand.double.emit("CHANNEL_CREATE", forum.payload(world))
    stand.platform.flush()
    assert stand.gateway.handle(f"discord:{forum.id}") is None
    post = stand.double.make_thread(forum, "a question", world.bot.id)
    stand.ask(stand.platform._seen(post), "ada", "what is a wren?")
    assert stand.texts(stand.platform._seen(post)) == ["answer 1"]
    assert stand.platform.handle(f"discord:{post.id}").starter() is None


def test_typing_is_told_again_while_it_writes(stand, hall, monkeypatch):
    monkeypatch.setattr("extension.bridges.discord_bridge.places.TYPING", 0.05)
    stand.model.go.clear()
    stand.platform.say(hall, stand.who("ada"), f"{CALL} hello")
    stand.pauses.over()
    until(lambda: len(stand.platform.typing) > 2)
    stand.model.go.set()
    stand.settle()
