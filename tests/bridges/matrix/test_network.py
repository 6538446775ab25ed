"""What the network and the server do: limits, restarts, lost connections, kills."""

from __future__ import annotations

import random
from contextlib import suppress
from functools import partial
from threading import Thread
from time import monotonic

import pytest

from extension.bridges.heard import Post
from extension.bridges.matrix_bridge.handle import MATRIX
from extension.errors import BridgeError, Throttled
from tests.servers import Mortal
from tests.servers import synapse as start

from ..stand import LONG
from .people import Homeserver
from .proxy import Proxy
from .town import QUICK, MatrixStand

pytestmark = [
    pytest.mark.synapse,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),  # who is killed, dies in any thread
]
ROUNDS = 20
SLOW = {"burst_pause": 0}


@pytest.fixture
def usual(synapse):
    """A Synapse with its own limits, that may be ended."""
    made = Mortal(partial(start, limits=""))
    yield made
    made.close()


@pytest.fixture
def strict(usual):
    made = Homeserver(usual.url)
    yield made
    made.close()


def test_the_end_of_a_streamed_reply_never_waits_for_the_servers_limits(strict, tmp_path):
    stand = MatrixStand(tmp_path, server=strict, capabilities=MATRIX)
    ada = strict.known("Ada")
    room = ada.room("", (stand.platform.bot.id,))
    stand.platform._until(lambda: stand.gateway.connection.rooms.known(room))
    handle = stand.gateway.handle(f"matrix:{room}")
    message = handle.post(Post("one"))
    for number in range(40):
        with suppress(Throttled):
            handle.edit(message, f"one {number}", passing=True)
    handle.edit(message, "all of it")
    edits = [each for each in ada.events(room)[0] if "m.new_content" in each["content"]]
    assert (len(edits), stand.gateway.vital().waits, handle.message(message).text) == (8, 0, "all of it")
    for number in range(2):  # more than the server takes at once: nothing is lost, and the waiting is told
        handle.post(Post(f"more {number}"))
    vital = stand.gateway.vital()
    assert vital.waits >= 1
    assert vital.waited > 1
    stand.stop()


def test_a_restart_of_the_server_costs_nothing(usual, strict, tmp_path):
    stand = MatrixStand(tmp_path, server=strict)
    den = stand.platform.direct(stand.who("ada"))
    handle = stand.platform.handle(den.id)
    usual.end()
    stand.platform._until(lambda: not stand.gateway.vital().connected)
    sent: list[str] = []
    posting = Thread(target=lambda: sent.append(handle.post(Post("said while it was away"))))
    posting.start()
    usual.start()
    posting.join(LONG)
    stand.platform._until(lambda: stand.gateway.vital().connected)
    stand.ask(den, "ada", "hello")
    assert sorted(stand.texts(den)) == ["answer 1", "said while it was away"]
    assert stand.gateway.vital().reconnects == 1
    stand.stop()


def test_a_message_whose_answer_is_lost_is_sent_once(server, tmp_path):
    proxy = Proxy(server.url)
    stand = MatrixStand(tmp_path, server=server, settings={"matrix_homeserver": proxy.url})
    den = stand.platform.direct(stand.who("ada"))
    handle = stand.platform.handle(den.id)
    for fate in ("lose", "drop", "wait"):
        fates = [fate] * 2
        proxy.fate = lambda request, fates=fates: fates.pop() if b"/send/" in request and fates else ""
        handle.post(Post(fate))
        assert fates == []
    assert stand.texts(den) == ["lose", "drop", "wait"]
    proxy.fate = lambda request: "wait" if b"/send/" in request else ""
    message = stand.ours(den)[0].id
    with pytest.raises(Throttled):
        handle.edit(message, "passing", passing=True)
    proxy.fate = lambda request: "drop" if b"/typing/" in request else ""
    with pytest.raises(BridgeError, match="does not answer"):
        handle.typing(True)
    stand.stop()
    proxy.close()


def test_a_login_that_ended_elsewhere_is_said(server, tmp_path):
    stand = MatrixStand(tmp_path, server=server)
    on = stand.gateway.connection
    on.wait(on.calls("log out", "POST", "logout", content={}))
    assert stand.gateway.wait(LONG)
    assert "was logged out elsewhere: start the bridge again" in stand.gateway.vital().trouble
    device = on.account.device
    stand.restart()
    assert stand.gateway.connection.account.device != device
    den = stand.platform.direct(stand.who("ada"))
    stand.ask(den, "ada", "hello")
    assert stand.texts(den) == ["answer 1"]
    stand.stop()


def test_what_was_said_is_not_lost_where_nobody_tells_for_a_moment_whether_the_room_is_encrypted(server, tmp_path):
    proxy, dropped = Proxy(server.url), []
    stand = MatrixStand(tmp_path, server=server, settings={"matrix_homeserver": proxy.url, **SLOW})
    place, ada = stand.platform.channel("familiar-direct"), server.known("Ada")
    stand.platform._in(place.id.removeprefix("matrix:"), stand.who("ada"))
    stand.kill()
    ada.say(place.id.removeprefix("matrix:"), "hello")

    def fate(request: bytes) -> str:
        if b"/state/m.room.encryption" in request and len(dropped) < 8:
            dropped.append(request)
            return "drop"
        return ""

    proxy.fate = fate
    stand.start()
    end = monotonic() + LONG
    while not _said(stand):
        assert monotonic() < end, "it was not heard"
        stand.settle_for(0.2)
    stand.settle()
    assert dropped and stand.texts(place) == ["answer 1"]
    stand.stop()
    proxy.close()


@pytest.mark.slow
def test_through_kills_lost_connections_and_limits_every_message_is_answered_once(server, tmp_path, request):
    """People speak in several rooms while the gateway is killed and started over the same data, and the network is bad."""
    chance, proxy = random.Random(request.config.getoption("--seed")), Proxy(server.url)
    capabilities = QUICK
    stand = MatrixStand(tmp_path, server=server, capabilities=capabilities, settings={"matrix_homeserver": proxy.url, **SLOW})
    places = [stand.platform.channel(f"familiar-direct-{number}") for number in range(3)]
    people = {name: server.known(name.capitalize()) for name in ("ada", "bob", "cy")}
    for place in places:
        for name in people:
            stand.platform._in(place.id.removeprefix("matrix:"), stand.who(name))
    asked: list[str] = []

    def fate(request: bytes) -> str:
        if b"/sync" in request:
            return chance.choices(["", "drop", "lose"], [90, 5, 5])[0]
        return chance.choices(["", "drop", "lose", "wait"], [84, 4, 6, 6])[0]

    for number in range(request.config.getoption("--rounds") or ROUNDS):
        proxy.fate = fate
        for name in chance.sample(sorted(people), chance.randint(1, 3)):
            asked.append(f"{name} {number}")
            people[name].say(chance.choice(places).id.removeprefix("matrix:"), asked[-1])
            stand.settle_for(chance.random() * 0.1)
        if chance.random() < 0.3:
            proxy.cut()
        stand.settle_for(chance.random() * 0.4)
        if chance.random() < 0.7:
            stand.kill()
            proxy.fate = lambda request: ""
            stand.start()
    proxy.fate = lambda request: ""
    end = monotonic() + LONG
    while monotonic() < end and len(_said(stand)) < len(asked):
        stand.settle_for(0.2)
    stand.settle()
    stand.restart()
    stand.settle()
    answers = [each.text for place in places for each in stand.ours(place)]
    assert sorted(_said(stand)) == sorted(asked)
    assert all(reply for _, reply in stand.exchanges())
    assert sorted(answers) == sorted(reply for _, reply in stand.exchanges())
    stand.stop()
    proxy.close()


def _said(stand):
    return [one for text, reply in stand.exchanges() if reply for one in text.split("\n")]
