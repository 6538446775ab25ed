"""An application over a real diary, and people of every level who give commands in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from extension.app import App, build
from extension.commands.groups.every import COMMANDS
from extension.commands.local import LocalScene
from extension.commands.running import Answered, Running
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Person, Place
from extension.options.layers import Spot
from extension.permissions.authorizer import Asker
from extension.settings import load

LEVELS = {"stranger": "ignored", "vera": "visible", "mo": "mod", "adam": "admin", "olga": "owner"}
ROOM = Place("discord:room", shared=True)


@pytest.fixture
def app(tmp_path) -> Iterator[App]:
    levels = {"permissions": {"levels": {name: level for name, level in LEVELS.items() if name != "stranger"}}}
    settings = load({}, data_dir=tmp_path / "data", embedder="hashing", host="scripted", **levels)
    app = build(settings, host=Scripted(lambda messages: f"You said: {messages[-1].content}"))
    yield app
    app.close()


@pytest.fixture
def running(app) -> Running:
    return Running(app, COMMANDS)


@pytest.fixture
def scene(app) -> Callable[..., LocalScene]:
    """Makes the scene of a person in the room."""

    def made(person: str, place: Place = ROOM, companion: str = "Familiar", server: str = "S1") -> LocalScene:
        asker = Asker(Person(person, person.title()), place, server)
        return LocalScene(app=app, asker=asker, companion=companion, spot=Spot(server, place.id, "", person), door="memory")

    return made


@pytest.fixture
def give(running, scene) -> Callable[..., Answered | None]:
    """Gives a command that is written out."""

    def given(person: str, said: str, **where) -> Answered | None:
        found = running.find(said)
        assert found is not None, said
        return running.run(found, scene(person, **where))

    return given


@pytest.fixture
def say(app) -> Callable[..., int]:
    """Writes an exchange in the room and returns its id."""

    def said(person: str, text: str, reply: str = "I see.", place: Place = ROOM) -> int:
        number = app.companion.remember(app.turn(text, place, "Familiar", Person(person, person.title())), Answer(reply))
        assert number is not None
        return int(number)

    return said
