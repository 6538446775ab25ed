"""The webui's side of a shared data directory: writes exchanges of its own and recalls, as the hooks do, until it is told to stop.

python -m tests.service.webui_side QUESTION. Each line on stdin takes it a step further: begin, stop, look.
"""

from __future__ import annotations

import json
import logging
import sys
from threading import Event, Thread

from extension.app import App, build, log_to_file
from extension.hosts.scripted import Scripted
from extension.memory.diary import Answer
from extension.messages import Place
from extension.settings import load


def write(app: App, stop: Event) -> tuple[int, list[str]]:
    """Write and recall all the while; return how many exchanges were written, and what recall had to say of trouble."""
    number, notes = 0, set()
    while not stop.is_set():
        turn = app.turn(f"The webui keeps jar {number} of plums in the cellar.", Place("webui:chat"))
        app.companion.hear(turn)
        notes.add(app.companion.briefing(turn, app.attention, len).note)
        assert app.companion.remember(turn, Answer(f"Jar {number} it is.")) is not None
        number += 1
    app.memories.settle()
    return number, sorted(notes)


def main(question: str) -> None:
    app = build(load(), host=Scripted())
    log_to_file(app.settings)
    logging.getLogger("extension").setLevel(logging.DEBUG)
    app.memories.warm_up()
    print("ready", flush=True)
    sys.stdin.readline()
    stop = Event()
    Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    print(json.dumps(write(app, stop)), flush=True)
    sys.stdin.readline()
    app.memories.settle()
    found = app.memories.about(app.turn(question, Place("webui:other")), app.attention, None)
    print(json.dumps([each.exchange.said for each in found]), flush=True)
    app.close()


if __name__ == "__main__":
    main(sys.argv[1])
