"""`familiar chat`: one turn, or a conversation."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Annotated

import typer

from ..app import log_to_file
from . import console
from .dialogue import Dialogue, streamed
from .options import AsJson, DataDir, Host, Model, Verbose, cleaned, settings
from .program import opened
from .session import Session, one_interrupt

LONGEST = 16 * 1024 * 1024
"""Bytes of one message."""


def chat(
    ctx: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", callback=cleaned, help="What to say; - reads it from standard input. Without it: a conversation."),
    ] = None,
    person: Annotated[str | None, typer.Option("--as", metavar="PERSON", callback=cleaned, help="Who speaks.", show_default=False)] = None,
    place: Annotated[str, typer.Option("--place", callback=cleaned, help="Where it is said.")] = "terminal",
    companion: Annotated[
        str | None, typer.Option("--companion", metavar="NAME", callback=cleaned, help="Who answers.", show_default=False)
    ] = None,
    host: Host = None,
    model: Model = None,
    scope: Annotated[
        str | None, typer.Option("--scope", metavar="place|companion|person", help="How far recall looks.", show_default=False)
    ] = None,
    budget: Annotated[int | None, typer.Option("--budget", help="Most tokens that memories may take.", show_default=False)] = None,
    memories: Annotated[int | None, typer.Option("--memories", help="Most memories shown to the model.", show_default=False)] = None,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Recall nothing; what is said is still remembered.")] = False,
    incognito: Annotated[bool, typer.Option("--incognito", help="Recall nothing and remember nothing.")] = False,
    resume: Annotated[bool, typer.Option("--continue", help="Go on with what was said last in this place.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Talk to a companion that remembers.

    With TEXT it answers once. Without, it is a conversation: /help lists what can be done in it.
    """
    said = _said(text)
    if not place.strip():
        raise typer.BadParameter("a place needs a name.", param_hint="--place")
    if said is None and as_json:
        raise typer.BadParameter("it needs TEXT, or - to read the text from standard input.", param_hint="--json")
    enabled = False if no_memory else None
    given = {"host": host, "model": model, "scope": scope, "budget": budget, "memories": memories, "enabled": enabled}
    chosen = settings(ctx, person=person, companion=companion, **given)
    if not incognito:
        log_to_file(chosen)
    with opened(chosen) as app:
        insisted = tuple(name for name in ("scope", "model") if given[name] is not None)
        session = Session(app, place, recorded=not incognito, insisted=insisted)
        if not incognito:
            app.memories.warm_up()
        if resume:
            session.resume()
        if said is None:
            Dialogue(session, LONGEST).run()
        else:
            _once(session, said, as_json=as_json)


def _once(session: Session, said: str, *, as_json: bool) -> None:
    if as_json:
        with console.only_answers_on_stdout(), one_interrupt(), closing(session.reply(said)) as pieces:
            for _ in pieces:
                continue
        console.answer_json(session.result())
        return
    streamed(session, said)
    if session.note:
        console.aside(session.note)


def _said(text: str | None) -> str | None:
    """Return the message; None for a conversation."""
    if text == "-":
        found = sys.stdin.buffer.read(LONGEST + 1)
        if len(found) > LONGEST:
            raise typer.BadParameter(f"standard input holds more than {console.size(LONGEST)}: hand it over in parts.", param_hint="TEXT")
        text = found.decode("utf-8", "replace").strip("\r\n")
    if text is not None and not text.strip():
        raise typer.BadParameter("there is nothing in it to answer.", param_hint="TEXT")
    return text
