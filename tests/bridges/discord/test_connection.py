"""The connection: what is said at start, what the network does, and that nothing of ours ever holds it up."""

from __future__ import annotations

import logging
from time import monotonic, sleep

import pytest

from extension.bridges.discord_bridge import connecting, presence
from extension.bridges.heard import Post
from extension.errors import BridgeError

from ..conformance import _until as until
from ..stand import LONG
from .double import TOKEN
from .gate import RECONNECT
from .stand import DiscordStand
from .world import BITS, MAY

MESSAGES, MEMBERS = 1 << 18, 1 << 14


@pytest.fixture
def den(stand):
    return stand.platform.direct(stand.who("ada"))


def refused(tmp_path, double, **settings) -> str:
    """Return the sentence with which a bot does not start."""
    with pytest.raises(BridgeError) as caught:
        DiscordStand(tmp_path, double=double, settings={"discord_token": TOKEN, **settings})
    return str(caught.value)


@pytest.fixture
def closing(monkeypatch):
    """Let go of what a bot that does not start leaves behind."""
    made: list[DiscordStand] = []
    start = DiscordStand.start
    monkeypatch.setattr(DiscordStand, "start", lambda stand: (made.append(stand), start(stand))[1])
    yield
    for stand in made:
        stand.room.close()
        stand.app.close()


@pytest.mark.usefixtures("closing")
class TestStarting:
    """What a person is told who has to mend something."""

    def test_without_a_token(self, tmp_path, double):
        assert "FAMILIAR_DISCORD_TOKEN_FILE" in refused(tmp_path, double, discord_token="")
        assert double.requests == []

    def test_with_a_token_that_is_not_good(self, tmp_path, double, caplog):
        caplog.set_level(logging.DEBUG)
        said = refused(tmp_path, double, discord_token="MTE5.wrong.token")
        assert "Reset Token" in said and "docs/discord.md" in said
        assert "MTE5" not in said + caplog.text

    @pytest.mark.parametrize("at_the_gateway", [False, True])
    def test_without_the_intent_to_read_messages(self, tmp_path, double, at_the_gateway):
        double.gate.intents_refused = at_the_gateway
        double.flags = MESSAGES if at_the_gateway else 0
        assert "Message Content Intent" in refused(tmp_path, double)

    def test_where_discord_is_not_reached(self, tmp_path, double):
        double.mischief = lambda what: 0
        assert "Discord was not reached (logging in" in refused(tmp_path, double)


def test_without_the_members_intent_it_knows_those_who_have_spoken(tmp_path, double):
    double.flags = MESSAGES
    stand = DiscordStand(tmp_path, double=double)
    try:
        stand.ask(stand.platform.channel("hall"), "max", "hello")
        assert not double.gate.intents & 2
        assert "Max" in [each.name for each in stand.platform.handle(stand.platform.channel("hall").id).people()]
    finally:
        stand.stop()


def test_the_token_and_what_people_say_are_in_no_line_of_the_log(stand, den, caplog):
    caplog.set_level(logging.DEBUG)
    stand.ask(den, "ada", "the secret is Miso")
    stand.choose("companion", "Robin", hall := stand.platform.channel("hall"))
    stand.ask(hall, "ada", "Robin, the secret is Miso")
    stand.platform.command(hall, stand.who("ada"), "memory", words="Miso")
    stand.double.mischief = lambda what: 400
    with pytest.raises(BridgeError) as caught:
        stand.platform.handle(den.id)._call(lambda: stand.gateway._account.client.fetch_user(1), "looking")
    stand.double.mischief = lambda what: None
    webhooks = [secret for _, secret, _ in stand.double.world.webhooks.values()]
    tokens = [TOKEN, *webhooks, *stand.double.interactions]
    assert len(tokens) == 3
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("discord", "extension"))]
    assert [line for line in [*lines, str(caught.value)] if any(each in line for each in [*tokens, "Miso"])] == []


def test_a_message_that_came_while_the_connection_was_lost_is_answered_once(stand, den):
    stand.double.on_loop(stand.double.gate.close(4000))
    stand.platform.say(den, stand.who("ada"), "hello", told=False)
    stand.platform.deliver(list(stand.platform.sent)[-1])
    until(lambda: stand.double.gate.resumes == 1)
    stand.platform.flush()
    stand.settle()
    assert stand.texts(den) == ["answer 1"]
    assert stand.gateway.vital().connected
    assert stand.gateway.vital().reconnects == 1


@pytest.mark.parametrize("how", ["asked", "forgotten", "1000"])
def test_it_connects_again_however_the_connection_ends(stand, den, how):
    gate = stand.double.gate
    if how == "asked":
        stand.double.loop.call_soon_threadsafe(gate.say, RECONNECT)
        until(lambda: gate.resumes == 1)
    else:
        if how == "forgotten":
            sockets = list(gate.sessions.values())
            stand.double.loop.call_soon_threadsafe(gate.forget)
            stand.double.on_loop(sockets[0].socket.close(code=4000))
        else:
            stand.double.on_loop(gate.close(1000))
        until(lambda: gate.identifies + gate.resumes == 2)
    until(lambda: stand.gateway.vital().connected)
    stand.ask(den, "ada", "hello")
    assert stand.texts(den) == ["answer 1"]


def test_a_token_that_is_reset_while_it_runs_ends_it_with_a_sentence(stand):
    stand.double.on_loop(stand.double.gate.close(4004))
    assert stand.gateway.wait(LONG)
    assert "Reset Token" in stand.gateway.vital().trouble
    assert not stand.gateway.vital().connected


def test_heartbeats_are_answered_while_a_model_writes(tmp_path, double):
    double.gate.interval = 200
    stand = DiscordStand(tmp_path, double=double)
    try:
        den = stand.platform.direct(stand.who("ada"))
        stand.model.go.clear()
        stand.platform.say(den, stand.who("ada"), "hello")
        stand.pauses.over()
        assert stand.model.begun.wait(LONG)
        before, begun = double.gate.beats, monotonic()
        sleep(2.0)
        beats, seconds = double.gate.beats - before, monotonic() - begun
        assert beats >= seconds / 0.2 / 2
        assert stand.gateway.vital().heartbeat < 1.0
        stand.model.go.set()
        stand.settle()
        assert stand.texts(den) == ["answer 1"]
    finally:
        stand.stop()


def test_the_models_name_is_shown_and_follows_a_swap(tmp_path, double, monkeypatch):
    monkeypatch.setattr(presence, "EVERY", 0.01)
    stand = DiscordStand(tmp_path, double=double)
    try:
        shown = lambda: [each["activities"][0]["state"] for each in double.gate.presences]  # noqa: E731
        until(lambda: shown() == ["scripted"])
        monkeypatch.setattr(type(stand.app.host), "model", "smollm2", raising=False)
        until(lambda: shown() == ["scripted", "smollm2"])
        double.on_loop(double.gate.close(1000))
        double.loop.call_soon_threadsafe(double.gate.forget)
        until(lambda: shown()[2:] == ["smollm2"])
    finally:
        stand.stop()


BROKEN = (
    ("MESSAGE_CREATE", {}),
    ("MESSAGE_CREATE", {"id": "x", "channel_id": None}),
    ("MESSAGE_UPDATE", {"id": "1"}),
    ("MESSAGE_DELETE", {"id": "1"}),
    ("MESSAGE_REACTION_ADD", {"emoji": {}}),
    ("INTERACTION_CREATE", {"type": 3}),
    ("GUILD_CREATE", {"id": "7"}),
    ("GUILD_MEMBER_ADD", {"guild_id": "1", "user": []}),
    ("NO_SUCH_EVENT", {"x": 1}),
    ("CHANNEL_CREATE", {"id": "5", "type": 99, "guild_id": "1"}),
)


@pytest.mark.parametrize(("name", "data"), BROKEN)
def test_an_event_that_is_broken_costs_nobody_an_answer(stand, den, name, data):
    stand.double.emit(name, data)
    stand.ask(den, "ada", "hello")
    assert stand.texts(den) == ["answer 1"]
    assert stand.double.gate.identifies == 1


def test_a_frame_that_is_broken_costs_a_connection_and_nobody_an_answer(stand, monkeypatch):
    monkeypatch.setattr(connecting, "PAUSE", 0.01)
    hall = stand.platform.channel("familiar-direct")
    stand.ask(hall, "ada", "hello")
    session = stand.double.gate.current
    stand.double.loop.call_soon_threadsafe(session.line.put_nowait, "{this is no JSON")
    stand.platform.say(hall, stand.who("ada"), "are you there?", told=False)
    until(lambda: stand.double.gate.identifies == 2 and stand.gateway.vital().connected)
    until(lambda: (stand.platform.flush(), stand.pauses.over(), len(stand.texts(hall)) == 2)[-1])
    stand.settle()
    assert stand.exchanges() == [("hello", "answer 1"), ("are you there?", "answer 2")]


def test_the_page_asks_for_the_permissions_that_the_double_grants(root):
    page = (root / "docs" / "discord.md").read_text()
    assert f"permissions={MAY & ~BITS['ADD_REACTIONS']}" in page  # it reacts to nothing by itself


def test_a_closed_gateway_refuses_with_a_sentence(stand, den):
    handle = stand.platform.handle(den.id)
    stand.gateway.close()
    with pytest.raises(BridgeError, match="not connected"):
        handle.post(Post("hello"))
    assert stand.gateway.wait(0)
