"""How the program ends: every error of ours is one sentence on stderr and exit code 1; usage errors are 2, Ctrl+C is 130."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import enumerate as threads
from typing import Any

from typer.core import TyperGroup

from ..app import App, build
from ..errors import FamiliarError
from ..settings import Settings
from . import console

log = logging.getLogger(__name__)

SETTLE = 10.0
"""Most seconds the program stays to bring the indexes up to what was just said; the next start does the rest."""
BACKGROUND = ("familiar-catch-up", "familiar-idle")


class Program(TyperGroup):
    """The root of the commands. What goes wrong inside them ends here."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command that the arguments name."""
        with console.logs():
            try:
                return super().main(*args, **kwargs)
            except FamiliarError as exc:
                log.debug("Ending with an error", exc_info=True)
                console.say(f"Error: {exc}")
            except Exception as exc:
                log.exception(
                    "Something failed inside Familiar (%s). --verbose shows where; nothing that was said is lost.", type(exc).__name__
                )
            sys.exit(1)


def run(app: Callable[[], Any]) -> None:
    """Run the command line in this process and end the process."""
    console.prepare()
    code: Any = 0
    try:
        app()
    except SystemExit as exc:
        code = exc.code
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # nobody reads it any more
            continue
    if any(thread.name in BACKGROUND for thread in threads()):
        # It is inside a native library, which must not be torn down under it; its work is safe to repeat.
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code)


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """The application of these settings, whose indexes are caught up at the end as far as a few seconds allow."""
    app = build(settings)
    try:
        yield app
    except BaseException:
        _leave(app, 0.0)
        raise
    _leave(app, SETTLE)


def _leave(app: App, seconds: float) -> None:
    catch_up = app.memories.catch_up
    try:
        done = catch_up.wait(seconds)
    except KeyboardInterrupt:
        done = False
    if done or catch_up.trouble:
        app.close()
    else:
        log.info("The indexes are not caught up yet; the next start goes on with it.")
