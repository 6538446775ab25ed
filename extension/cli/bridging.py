"""`familiar bridge`: the companion on Discord and Matrix."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import typer

from ..app import log_to_file
from ..service.adapters import chosen
from ..service.bridge import Bridge
from ..service.supervision import seen, sentences, stop
from ..service.unit import write
from ..service.warming import warm_up
from ..settings import Settings
from . import console
from .options import AsJson, DataDir, Host, Model, Verbose, settings
from .program import opened

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


def bridge(
    ctx: typer.Context,
    platforms: Annotated[
        list[str] | None, typer.Argument(metavar="[discord] [matrix]", help="Those that are set up, unless you say.", show_default=False)
    ] = None,
    status: Annotated[bool, typer.Option("--status", help="Say how the bridge is that runs.")] = False,
    end: Annotated[bool, typer.Option("--stop", help="End the bridge that runs.")] = False,
    as_service: Annotated[bool, typer.Option("--as-service", help="Write a unit for systemd, which starts it at every login.")] = False,
    watched: Annotated[bool, typer.Option("--watched", hidden=True)] = False,
    host: Host = None,
    model: Model = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Be there on Discord and Matrix, until Ctrl+C. Docs: docs/bridges.md"""
    wanted = settings(ctx, host=host, model=model)
    if status:
        _status(wanted, as_json=as_json)
    elif end:
        ended = stop(wanted.data_dir)
        console.answer(f"Ended: {', '.join(ended)}." if ended else "No bridge runs on this data directory.")
    elif as_service:
        _as_service(platforms or [], wanted, given={"--host": host, "--model": model})
    else:
        _run(platforms or [], wanted, watched=watched)


def _status(wanted: Settings, *, as_json: bool) -> None:
    found = seen(wanted.data_dir)
    if as_json:
        console.answer_json([{"address": each.holder.address, "watched": each.holder.watched, **each.status} for each in found])
    for line in [] if as_json else sentences(found) or ["No bridge runs on this data directory."]:
        console.answer(console.printable(line))
    if not found or not all(each.status.get("healthy") for each in found):
        raise typer.Exit(1)


def _as_service(platforms: list[str], wanted: Settings, given: dict[str, str | None]) -> None:
    words = [word for name, value in given.items() if value for word in (name, value)]
    for line in write(chosen(platforms, wanted), wanted, os.environ, words):
        console.answer(line)


def _run(platforms: list[str], wanted: Settings, *, watched: bool) -> None:
    log_to_file(wanted)
    adapters = chosen(platforms, wanted)
    with opened(wanted) as app:
        made = Bridge(app, adapters, _said, watched=watched)
        before = {each: signal.signal(each, _ender(made)) for name in SIGNALS if (each := getattr(signal, name, None)) is not None}
        try:
            made.open()
            console.answer(f"How it is: {made.address}/status  (Ctrl+C ends it)")
            sys.stdout.flush()
            warm_up(app)
            if not (told := made.wait()):  # said before its accounts are free, so that a panel finds it
                console.say(f"Error: No platform is left. {made.figures.trouble}")
        finally:
            made.close()
            for each, handler in before.items():
                signal.signal(each, handler)
    if made.again:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (this very program)
    if not told:
        raise typer.Exit(1)


def _said(text: str) -> None:
    console.answer(console.printable(text))
    sys.stdout.flush()


def _ender(made: Bridge) -> Callable[[int, FrameType | None], None]:
    """Return what ends the bridge at a signal, and the process at a second one."""

    def end(number: int, frame: FrameType | None) -> None:
        if made.ending:
            os._exit(128 + number)
        made.shut_down()

    return end
