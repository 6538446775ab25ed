"""The program with platforms in memory, and a script for a model: python -m tests.service.child bridge …, else as the program."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence

from extension.__main__ import main
from extension.app import build
from extension.cli import program
from extension.hosts.scripted import Scripted
from extension.messages import Generation, Message
from extension.settings import Settings

from .loop import register


class Slow(Scripted):
    """Quotes what was said, a word at a time, with pauses of TEST_PAUSE seconds."""

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        for piece in super().generate(messages, options):
            time.sleep(float(os.environ.get("TEST_PAUSE", "0")))
            yield piece


def echo(messages: Sequence[Message]) -> str:
    return "You said: " + messages[-1].content.rpartition("</memories>")[2].strip()


def scripted(settings: Settings) -> object:
    return build(settings, host=Slow(echo) if settings.host == "scripted" else None)


if __name__ == "__main__":
    register()
    program.build = scripted  # type: ignore[assignment]
    main()
