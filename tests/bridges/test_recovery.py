"""Recovery: a kill at any moment costs nobody an answer, and nobody gets two."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import sleep

import pytest

from extension.bridges import recovery
from extension.bridges.delivery import MORE
from extension.bridges.heard import Capabilities
from extension.bridges.loopback import EVERYTHING
from extension.errors import BridgeUnreachable

from .conformance import _until as until
from .conformance import den, hall
from .stand import CALL, LONG, Killed, Stand

__all__ = ["den", "hall"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # who is killed, dies in any thread

ROUNDS = 40


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    yield made
    made.stop()


def killed_at(stand, point, number=1):
    """Let the kill come when something is done for so many times."""
    seen, dead = [], Event()

    def cut(what):
        seen.append(what)
        if seen.count(point) == number:
            dead.set()
            return True
        return False

    stand.line.cut = cut
    return dead


def speak(stand, *given, **named):
    """Let somebody say something and pause, whether or not the kill comes by that; return the message's id."""
    message = stand.platform.say(*given, **named, told=False)
    with suppress(Killed):
        stand.platform.deliver(message)
        stand.pauses.over()
    return message


def half_said(stand, monkeypatch):
    """Let the model stop in the middle of a reply until the kill."""
    generate = stand.app.host.generate

    def halting(messages, generation):
        for piece in generate(messages, generation):
            yield piece
            while not stand.line.dead:
                sleep(0.005)
            raise Killed("the model")

    monkeypatch.setattr(stand.app.host, "generate", halting)


@pytest.mark.parametrize("point", ["before post", "after post", "before edit", "after edit", "after history", "after typing", "after seen"])
def test_a_kill_at_any_moment_of_an_answer_costs_no_answer_and_doubles_none(stand, hall, point):
    stand.model.answers = ["word " * 600] * 4
    dead = killed_at(stand, point)
    message = speak(stand, hall, stand.who("ada"), f"{CALL} hello")
    assert dead.wait(LONG)
    stand.kill()
    stand.start()
    stand.settle()
    assert "".join(stand.texts(hall)).replace(" ", "") == "word" * 600
    assert [each.reply_to for each in stand.ours(hall)] == [message] * len(stand.ours(hall))
    assert [said for said, _ in stand.exchanges()] == ["hello"]
    before = stand.texts(hall)
    stand.restart()
    stand.settle()
    assert stand.texts(hall) == before


def test_a_reply_that_was_written_and_not_sent_is_sent_and_not_written_again(stand, den):
    stand.choose("streaming", "off", den)
    dead = killed_at(stand, "before post")
    speak(stand, den, stand.who("ada"), "hello")
    assert dead.wait(LONG)
    stand.kill()
    stand.start()
    stand.settle()
    assert (stand.texts(den), len(stand.model.prompts)) == (["answer 1"], 1)


def test_a_kill_while_the_model_thinks_and_while_a_burst_waits_costs_no_answer(stand, den, hall):
    stand.model.go.clear()
    speak(stand, den, stand.who("ada"), "hello")
    assert stand.model.begun.wait(LONG)
    stand.platform.say(hall, stand.who("bob"), f"{CALL} one")
    stand.platform.say(hall, stand.who("bob"), "two")
    stand.kill()
    stand.start()
    stand.settle()
    assert sorted(said for said, _ in stand.exchanges()) == ["hello", "one\ntwo"]
    assert [len(stand.texts(den)), len(stand.texts(hall))] == [1, 1]


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_sent_for_several_as_one_turn_becomes_the_reply_to_one_of_them_alone(stand, den, answered):
    first = stand.ask(den, "ada", "one")
    [reply] = stand.ours(den)
    stand.model.go.clear()
    stand.model.begun.clear()
    second = stand.platform.say(den, stand.who("ada"), "two")
    stand.pauses.over()
    assert stand.model.begun.wait(LONG)
    stand.room.journal.post(den.id, second, [reply.id])
    if not answered:
        stand.room.journal.open(den.id, first)
        stand.room.journal.post(den.id, first, [reply.id])
    stand.kill()
    stand.model.go.set()
    stand.start()
    stand.settle()
    assert stand.texts(den) == ["answer 1", "answer 3"]
    assert stand.exchanges() == [("one", "answer 1"), ("two", "answer 3")]


def test_a_place_that_cannot_be_looked_at_for_a_moment_is_looked_at_again(stand, den, hall, monkeypatch):
    stand.ask(hall, "ada", f"{CALL} hello")
    stand.kill()
    stand.platform.say(hall, stand.who("bob"), f"{CALL} and me?")
    monkeypatch.setattr(recovery, "PERIOD", 0.05)
    refused = []

    def refuses(what):
        if what == "history" and len(refused) < 2:
            refused.append(what)
            raise BridgeUnreachable("Not now.")
        return False

    monkeypatch.setattr(stand.platform, "refuses", refuses)
    stand.start()
    until(lambda: refused == ["history"] * 2 and stand.pauses._calls)
    stand.settle()
    assert stand.texts(hall) == ["answer 1", "answer 2"]


def test_a_kill_while_it_answers_anew_leaves_the_reply_as_it_was(stand, den):
    stand.ask(den, "ada", "hello")
    dead = killed_at(stand, "after edit")
    stand.platform.react(stand.ours(den)[0].id, stand.who("ada"), "🔁")
    assert dead.wait(LONG)
    stand.kill()
    assert stand.texts(den)[0] != "answer 1"
    stand.start()
    stand.settle()
    assert [text in ("answer 1", "answer 2") for text in stand.texts(den)] == [True]
    assert stand.exchanges() == [("hello", stand.texts(den)[0])]


def test_a_command_is_never_run_again_and_whoever_gave_it_hears_of_the_restart(stand, den):
    dead = killed_at(stand, "before post")
    with pytest.raises(Killed):
        stand.platform.say(den, stand.who("olga"), "--set-config temperature 0.3")
    assert dead.is_set()
    stand.kill()
    stand.start()
    stand.settle()
    stand.restart()
    stand.settle()
    (told,) = stand.texts(stand.platform.direct(stand.who("ada")))
    assert told.startswith("Familiar was restarted during this.")


def test_what_is_too_old_by_then_is_closed_off_and_said_to_be(stand, hall, monkeypatch):
    half_said(stand, monkeypatch)
    stand.model.answers = ["one two three"]
    dead = killed_at(stand, "after post")
    message = speak(stand, hall, stand.who("ada"), f"{CALL} hello")
    assert dead.wait(LONG)
    stand.kill()
    said = stand.platform.sent[message]
    stand.platform.sent[message] = replace(said, when=said.when - timedelta(days=2))
    stand.start()
    stand.settle()
    (text,) = stand.texts(hall)
    assert text.endswith("(This was interrupted.)") and MORE not in text
    stand.restart()
    assert stand.texts(hall) == [text]


def test_what_was_deleted_meanwhile_is_not_answered_and_what_was_half_sent_for_it_goes(stand, den, monkeypatch):
    half_said(stand, monkeypatch)
    dead = killed_at(stand, "after post")
    message = speak(stand, den, stand.who("ada"), "hello")
    assert dead.wait(LONG)
    stand.kill()
    del stand.platform.sent[message]
    stand.start()
    stand.settle()
    assert (stand.texts(den), stand.exchanges()) == ([], [])


def test_a_failure_that_was_told_is_not_tried_again_when_the_message_comes_again(stand, den):
    stand.model.answers = [""]
    message = stand.ask(den, "ada", "hello")
    stand.restart()
    stand.platform.deliver(message)
    stand.settle()
    assert stand.texts(den) == ["The model answered nothing. Say it again, or try another model."]


def test_whoever_lost_the_right_to_ask_meanwhile_is_not_answered(stand, den):
    stand.model.go.clear()
    stand.platform.say(den, stand.who("ada"), "hello")
    stand.kill()
    stand.settings["permissions"] = {"default": "ignored"}
    stand.start()
    stand.settle()
    assert stand.texts(den) == []


def test_what_was_accepted_before_is_answered_however_full_the_queue_is_now(stand, den, hall):
    for number in range(3):
        stand.model.begun.clear()
        stand.model.go.clear()
        stand.platform.say(den if number % 2 else hall, stand.who("ada"), f"{CALL} hello {number}", told=False)
        stand.platform.deliver(list(stand.platform.sent)[-1])
        stand.pauses.over()
        assert stand.model.begun.wait(LONG)
        stand.kill()
        stand.settings |= {"queue_each": 1, "queue_longest": 1} if number == 2 else {}
        stand.start()
    stand.settle()
    assert sorted(said for said, _ in stand.exchanges()) == ["hello 0", "hello 1", "hello 2"]
    assert all(reply for _, reply in stand.exchanges())


@pytest.mark.slow
@pytest.mark.parametrize("capabilities", [EVERYTHING, Capabilities(edits=False, buttons=False, pace=0.0)], ids=["rich", "poor"])
def test_through_many_kills_every_message_is_answered_once(tmp_path, capabilities, request):
    """People speak in several places while kills, refusals and second deliveries come at random moments."""
    chance, stand = random.Random(request.config.getoption("--seed")), Stand(tmp_path, capabilities, settings={"burst_pause": 0})
    places = [stand.platform.channel(f"familiar-direct-{number}") for number in range(3)]
    asked: list[str] = []
    for number in range(request.config.getoption("--rounds") or ROUNDS):
        point = chance.choice(["before", "after"]) + " " + chance.choice(["post", "edit", "typing", "seen", "history", "delete"])
        killed_at(stand, point, chance.randint(1, 4))
        for name in chance.sample(["ada", "bob", "cy"], chance.randint(1, 3)):
            place = chance.choice(places)
            asked.append(f"{name} {number}")
            message = stand.platform.say(place, stand.who(name), asked[-1], told=False)
            for _ in range(chance.choice([0, 1, 1, 1, 2])):  # missed, told, or told twice
                with suppress(Killed):
                    stand.platform.deliver(message)
                    stand.pauses.over()
        if chance.random() < 0.5:
            stand.settle_for(0.05)
        stand.kill()
        stand.start()
    stand.settle()
    stand.restart()
    stand.settle()
    answers = [each for place in places for each in stand.ours(place)]
    said = [one for text, _ in stand.exchanges() for one in text.split("\n")]
    assert sorted(said) == sorted(asked)
    assert all(reply for _, reply in stand.exchanges())
    assert sorted(each.text for each in answers) == sorted(reply for _, reply in stand.exchanges())
    stand.stop()
