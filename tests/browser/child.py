"""Serves the standalone chat with a scripted host, for the browser tests: python -m tests.browser.child SCRIPT PAUSE [years].

SCRIPT is `echo` (quotes what was said), `think` (reasons first) or `shown` (quotes the whole prompt). PAUSE is the
seconds between two words; with `years` there are memories already (see years.py). TEST_GOOGLE is where
Google Drive is. Everything else comes from the FAMILIAR_* environment.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Sequence

from extension import app as application
from extension.app import build
from extension.hosts.scripted import Scripted, shown
from extension.messages import Generation, Message
from extension.panel.standalone import serve
from extension.settings import load

from .years import live


def echo(messages: Sequence[Message]) -> str:
    """Quote what was said, without the briefing before it."""
    return "You said: " + messages[-1].content.rpartition("</memories>")[2].strip()


def think(messages: Sequence[Message]) -> str:
    """Reason before the answer."""
    return "<think>The person wants an answer.</think>Here is one."


class Paced(Scripted):
    """A scripted host that takes its time between two words."""

    pause = 0.0

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        for piece in super().generate(messages, options):
            time.sleep(self.pause)
            yield piece


if __name__ == "__main__":
    host = Paced({"echo": echo, "think": think, "shown": shown}[sys.argv[1]])
    host.pause = float(sys.argv[2])
    settings = load()
    application.GOOGLE = os.environ.get("TEST_GOOGLE", application.GOOGLE)
    app = build(settings, host=host if settings.host == "scripted" else None)
    if sys.argv[3:] == ["years"]:
        live(app)
    serve(app)
