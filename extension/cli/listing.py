"""`familiar memory list`, `show` and `stats`: what is remembered."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ..memory.selection import select
from . import console
from .options import AsJson, DataDir, Verbose, settings
from .program import opened
from .which import (
    Companion,
    Id,
    Person,
    Pinned,
    Place,
    Search,
    Since,
    Until,
    circumstances,
    is_there,
    memories,
    must_be_there,
    plain,
    selection,
)

_COUNTED = ("exchanges", "people", "places", "pinned", "diary_bytes", "index_bytes", "unsaved", "behind")


def list_(
    ctx: typer.Context,
    person: Person = None,
    place: Place = None,
    companion: Companion = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    pinned: Pinned = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Most memories; 0 for all.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """List memories, the newest first."""
    chosen = selection(person, place, companion, since, until, search, pinned)
    with opened(settings(ctx)) as app:
        found = app.memories.diary.get(select(app.memories.database, chosen, limit or None)) if is_there(app) else []
    if as_json:
        console.answer_json([plain(exchange) for exchange in found])
        return
    for exchange in found:
        console.answer(f"#{exchange.id}  {console.local(exchange.when)}  {circumstances(exchange)}")
        for who, text in ((exchange.person.shown, exchange.said), (exchange.companion, exchange.reply)):
            if text.strip():
                console.answer(f"    {console.brief(who, 40)}: {console.brief(text)}")
    if not found:
        console.say("There is no such memory." if chosen else "Nothing is remembered yet. `familiar chat` begins.")


def show(ctx: typer.Context, number: Id, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Show one memory whole."""
    with opened(settings(ctx)) as app:
        must_be_there(app)
        exchange = app.memories.diary.one(number)
    if as_json:
        console.answer_json(plain(exchange))
        return
    console.answer(f"#{exchange.id}  {exchange.when.astimezone():%Y-%m-%d %H:%M:%S %z}  {circumstances(exchange)}")
    origin = " + ".join(filter(None, (exchange.model, exchange.adapter)))
    shown = ", ".join(f"#{number}" for number in exchange.memories)
    for what, text in (("model", origin), ("remembered", shown), ("feedback", {1: "up", -1: "down"}.get(exchange.feedback, ""))):
        if text:
            console.answer(f"{what}: {console.printable(text)}")
    for who, text in ((exchange.person.shown, exchange.said), ("reasoning", exchange.reasoning), (exchange.companion, exchange.reply)):
        if text:
            console.answer(f"\n{console.brief(who, 40)}:\n{console.printable(text)}")


def stats(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Count what is kept."""
    with opened(settings(ctx)) as app:
        if is_there(app):
            found = asdict(app.memories.stats())
        else:
            found = dict.fromkeys(_COUNTED, 0) | {"first": None, "last": None, "unsaved": app.memories.spool.waiting()}
    found.pop("index", None)  # a command that only counts opens none
    found |= {name: None if found[name] is None else datetime.fromtimestamp(found[name], UTC).isoformat() for name in ("first", "last")}
    if as_json:
        console.answer_json(found)
        return
    span = "" if found["first"] is None else f", from {found['first'][:10]} to {found['last'][:10]}"
    people, places = console.counted(found["people"], "person", "people"), console.counted(found["places"], "place", "places")
    console.answer(f"{memories(found['exchanges'])}, {people}, {places}, {found['pinned']} pinned{span}")
    console.answer(f"diary: {console.size(found['diary_bytes'])}, vector index: {console.size(found['index_bytes'])}")
    console.answer(f"not yet in the diary: {found['unsaved']}, changes not yet recalled by meaning: {found['behind']}")
