"""Serves the panel alone, with whatever Gradio this Python has: python -m tests.browser.old_child. For the host's Gradio 4.37."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from extension.app import App, build
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Briefing, Memory, Message, Person, Place
from extension.panel.door import Door, Here
from extension.panel.look import css, picking
from extension.panel.panel import build_panel
from extension.settings import load, save
from tests.host.launch import _shim

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> **My parrot** is called ${7*7} {{7*7}}"


def notes(messages: Sequence[Message]) -> str:
    """Note the colour of the kite."""
    return "kite | colour | red" if "My kite is red" in messages[-1].content else "NONE"


def door_of(app: App) -> Door:
    """Return a door with some memories behind it, of which one was recalled."""

    def keep(**values: object) -> None:
        app.use(save(app.settings, **values))

    for number in range(30):
        app.companion.remember(app.turn(f"Entry {number} is about the weather.", Place("chat:1")), Answer("I see."))
    app.companion.remember(app.turn("My kite is red.", Place("chat:kites", title="Kites"), "Robin"), Answer("Nice."))
    app.companion.remember(app.turn(HOSTILE, Place("chat:2")), Answer("<b>Nice</b>"))
    app.memories.settle()
    door = Door(lambda: app, lambda: Person("me"), lambda: Here("Familiar"), lambda: app.attention, keep, title="Familiar")
    recalled = Memory(app.memories.diary.browse(limit=1)[0], 0.9, 1.0, 0.5)
    door.whys.keep(app.turn("What is my parrot called?", Place("chat:3")), Briefing("text", (recalled,), 42))
    return door


def serve() -> None:
    """Serve the panel until the process is ended."""
    _shim()
    import gradio as gr

    with gr.Blocks(analytics_enabled=False, css=css(), head=f"<script>{picking()}</script>") as page:
        build_panel(door_of(build(load(), host=Scripted(notes))))
    _, url, _ = page.launch(server_name="127.0.0.1", server_port=int(os.environ["TEST_PORT"]), quiet=True, prevent_thread_lock=True)
    sys.stdout.write(f"Gradio {gr.__version__}. Familiar is at {url.rstrip('/')}\n")
    sys.stdout.flush()
    page.block_thread()


if __name__ == "__main__":
    serve()
