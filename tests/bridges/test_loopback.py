"""The conformance suite over the platform in memory."""

from __future__ import annotations

from threading import Thread

import pytest

from extension.bridges.heard import Capabilities
from extension.refresh.people import People
from extension.refresh.turns import Speaker
from tests.clones.conftest import trained
from tests.models import tiny_adapter, tiny_folder

from .conformance import Conformance, den, hall
from .stand import CALL, Stand

__all__ = ["den", "hall"]


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    yield made
    made.stop()


class TestLoopback(Conformance):
    """The platform in memory."""


POOR = Capabilities(limit=200, edits=False, buttons=False, reactions=False, threads=False, files=False, pace=0.0)


@pytest.fixture
def poor(tmp_path):
    """A platform that can do nothing but send short messages."""
    made = Stand(tmp_path, POOR)
    yield made
    made.stop()


def test_a_platform_that_can_do_little_gets_everything_as_messages(poor):
    hall = poor.platform.channel("hall")
    poor.choose("companions", "Robin", hall)
    poor.model.answers = ["word " * 300, "tweet"]
    poor.ask(hall, "ada", f"{CALL} hello")
    assert "".join(poor.texts(hall)).replace(" ", "") == "word" * 300
    assert all(not each.buttons and not each.edits and len(each.text) <= 200 for each in poor.ours(hall))
    poor.ask(hall, "ada", "!r hello")
    assert (poor.texts(hall)[-1], poor.ours(hall)[-1].shown_as) == ("tweet", "")
    poor.ask(hall, "ada", "--thread talk")
    assert "There are no threads here." in poor.texts(poor.platform.direct(poor.who("ada")))[-1]
    poor.room.stage(poor.platform._from(hall.id, poor.who("ada")), poor.platform.handle(hall.id)).speak("Familiar", "I speak")
    assert poor.texts(hall)[-1] == "Familiar: I speak"


def test_regenerating_where_nothing_can_be_edited_sends_the_new_reply(poor):
    den = poor.platform.direct(poor.who("ada"))
    poor.ask(den, "ada", "hello")
    poor.platform.react(poor.ours(den)[0].id, poor.who("ada"), "🔁")
    poor.settle()
    assert (poor.texts(den), poor.exchanges()) == (["answer 2"], [("hello", "answer 2")])


def test_many_who_speak_at_once_in_many_places_are_each_answered_once(stand):
    names, places = ("ada", "bob", "cy", "max"), [stand.platform.channel(f"familiar-direct-{number}") for number in range(5)]

    def speak(name):
        for place in places:
            message = stand.platform.say(place, stand.who(name), f"{name} in {place.name}")
            stand.platform.deliver(message)

    threads = [Thread(target=speak, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stand.settle()
    assert sorted(said for said, _ in stand.exchanges()) == sorted(f"{name} in {place.name}" for name in names for place in places)
    assert sorted(text for place in places for text in stand.texts(place)) == sorted(f"answer {number}" for number in range(1, 21))


def test_clones_speak_under_names_of_their_own_and_the_talk_goes_on_with_them(stand, hall, tmp_path):
    model = tiny_folder(tmp_path / "tiny")
    ada = Speaker(stand.who("ada").id, "Ada")
    trained(stand.app.settings.data_dir, model, tiny_adapter(model, tmp_path / "adapter"), (ada,))
    stand.ask(hall, "ada", f"{CALL} hello")
    assert "has not agreed" in stand.give(hall, "olga", "--as Ada")
    People(stand.app.memories.database).change(ada.id, consent="given")
    stand.ask(hall, "olga", "--sayas Ada @everyone I row")
    stand.ask(hall, "olga", "--as Ada seed=well")
    stand.ask(hall, "olga", "--clone-banter 2 Ada")
    spoken = [each.text.replace("\u200b", "") for each in stand.ours(hall) if each.shown_as == "Ada (clone)"]
    assert (len(spoken), spoken[0], spoken[1][:4]) == (4, "@everyone I row", "well")
    stand.ask(hall, "ada", f"{CALL} and now?")
    assert "I row" in stand.model.last
