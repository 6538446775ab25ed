"""Serves the standalone chat with a scripted host, for the browser tests: python -m tests.browser.child SCRIPT PAUSE [LIFE].

SCRIPT is `echo` (quotes what was said), `think` (reasons first), `shown` (quotes the whole prompt), `told` (quotes the
system prompt), `note` (notes facts where it is asked to, and echoes) or `cite` (quotes the documents it is shown, and cites
them). PAUSE is the seconds between two words; with LIFE there are memories already: `years` (see years.py) or `moves` (see
moves.py). Everything else comes from the FAMILIAR_* environment.
TEST_GOOGLE is where Google Drive is. With TEST_BRIDGES, bridges are those of tests.service.child.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import replace

from extension import app as application
from extension.app import build
from extension.hosts.scripted import Scripted, shown
from extension.messages import Generation, Message
from extension.panel.standalone import serve
from extension.service import supervision
from extension.settings import load

from . import moves, years

LIVES = {"years": years.live, "moves": moves.live}


def echo(messages: Sequence[Message]) -> str:
    """Quote what was said, without the briefing before it."""
    return "You said: " + messages[-1].content.rpartition("</memories>")[2].strip()


def think(messages: Sequence[Message]) -> str:
    """Reason before the answer."""
    return "<think>The person wants an answer.</think>Here is one."


def told(messages: Sequence[Message]) -> str:
    """Quote the system prompt."""
    return f"I was told: {messages[0].content}"


def note(messages: Sequence[Message]) -> str:
    """Write down the facts of what was said, if asked for facts."""
    return moves.noted(messages[-1].content) if messages[0].content.startswith("You keep notes") else echo(messages)


def cite(messages: Sequence[Message]) -> str:
    """Quote from each passage of a document that is shown the line that has most words of the question, and cite it."""
    _, _, rest = messages[-1].content.partition("<documents>")
    block, _, question = rest.rpartition("</documents>")
    asked = _words(question)
    quoted = []
    for number, text in re.findall(r"^\[(\d+)\] .*\n((?:\|.*\n)+)", block, re.MULTILINE):
        lines = [line.strip("| ") for line in text.splitlines()]
        best = max(lines, key=lambda line: len(asked & _words(line)))
        quoted.append(f"{best} [{number}]")
    return " ".join(quoted) or "I do not know."


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


class Paced(Scripted):
    """A scripted host that takes its time between two words."""

    pause = 0.0

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        for piece in super().generate(messages, options):
            time.sleep(self.pause)
            yield piece


if __name__ == "__main__":
    scripts = {"echo": echo, "think": think, "shown": shown, "told": told, "note": note, "cite": cite}
    host = Paced(scripts[sys.argv[1]])
    host.pause = float(sys.argv[2])
    settings = load()
    if os.environ.get("TEST_BRIDGES"):
        loops = replace(supervision.here(), module="tests.service.child")
        supervision.here = lambda: loops
    application.GOOGLE = os.environ.get("TEST_GOOGLE", application.GOOGLE)
    app = build(settings, host=host if settings.host == "scripted" else None)
    for name in sys.argv[3:]:
        LIVES[name](app)
    serve(app)
