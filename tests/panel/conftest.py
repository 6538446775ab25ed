"""An application over real stores in a temporary folder, with a script for a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gradio as gr
import pytest

from extension.app import App, build
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Person, Place
from extension.panel.chats import Chats
from extension.panel.door import Door, Here
from extension.settings import load, save
from tests.loops import run

NO_FILTERS = ("", "", "", "", "")


def in_a_loop(build):
    """Call a function while an event loop runs: where none does, Gradio makes one and never closes it."""

    async def called():
        return build()

    return run(called())


def echo(messages):
    """Quote what was said, without the briefing before it."""
    return "You said: " + messages[-1].content.rpartition("</memories>")[2].strip()


@pytest.fixture
def app(tmp_path) -> Iterator[App]:
    app = build(load({}, data_dir=tmp_path / "data", embedder="hashing", host="scripted", lock_timeout=0.3), host=Scripted(echo))
    yield app
    app.close()


@pytest.fixture
def chats(app) -> Chats:
    return Chats(app)


@pytest.fixture
def remember(app) -> Callable[..., int]:
    """Writes an exchange and returns its id."""

    def remembered(said: str, reply: str = "I see.", place: str = "chat:old", person: str = "me", companion: str = "Familiar") -> int:
        number = app.companion.remember(app.turn(said, Place(place), companion, Person(person)), Answer(reply))
        assert number is not None
        return number

    return remembered


@pytest.fixture
def door(app) -> Door:
    def keep(**values):
        app.use(save(app.settings, **values))

    return Door(lambda: app, lambda: Person("me"), lambda: Here("Familiar", "chat:now"), lambda: app.attention, keep)


@pytest.fixture
def blocks():
    """An open context that components can be made in."""
    blocks = in_a_loop(lambda: gr.Blocks(analytics_enabled=False).__enter__())
    yield blocks
    in_a_loop(blocks.__exit__)
