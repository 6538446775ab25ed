"""`familiar memory edit`, `forget` and `reindex`: what is remembered, changed."""

from __future__ import annotations

from typing import Annotated

import typer

from ..app import App
from ..errors import FamiliarError
from ..memory.selection import copies, select
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import Companion, Id, Ids, Person, Pinned, Place, Search, Since, Until, is_there, memories, must_be_there, plain, selection

RATES = {"up": 1, "1": 1, "down": -1, "-1": -1, "none": 0, "0": 0}


def edit(
    ctx: typer.Context,
    number: Id,
    said: Annotated[str | None, typer.Option("--said", callback=cleaned, help="What was said, put right.", show_default=False)] = None,
    reply: Annotated[str | None, typer.Option("--reply", callback=cleaned, help="The reply, put right.", show_default=False)] = None,
    pin: Annotated[
        bool | None, typer.Option("--pin/--unpin", help="Rank it above others that are as relevant.", show_default=False)
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", metavar="up|down|none", help="Judge the reply.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Change a memory: its words, its pin, its rating."""
    if said is None and reply is None and pin is None and rate is None:
        raise typer.BadParameter("say what to change: --said, --reply, --pin, --unpin or --rate.")
    if said is not None and not said.strip():
        raise typer.BadParameter("a memory of nothing said is none: `familiar memory forget` removes it.", param_hint="--said")
    if rate is not None and rate not in RATES:
        raise typer.BadParameter("it is up, down or none.", param_hint="--rate")
    with opened(settings(ctx)) as app:
        must_be_there(app)
        diary = app.memories.diary
        if said is not None or reply is not None:
            app.memories.edit(number, said=said, reply=reply)
        if pin is not None:
            diary.pin(number, pin)
        if rate is not None:
            diary.rate(number, RATES[rate])
        exchange = diary.one(number)
    if as_json:
        console.answer_json(plain(exchange))
    else:
        console.say(f"Memory {number} is changed.")


def forget(
    ctx: typer.Context,
    ids: Ids = None,
    person: Person = None,
    place: Place = None,
    companion: Companion = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    pinned: Pinned = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be forgotten.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Forget memories for good, and every copy of them.

    With several options, or ids and options, only what all of them name is forgotten.
    """
    chosen = selection(person, place, companion, since, until, search, pinned, ids or ())
    if not chosen:
        raise typer.BadParameter("say what to forget: ids, --search, --place, --person, --companion, --since, --until or --pinned.")
    with opened(settings(ctx)) as app:
        if ids:
            must_be_there(app)
        found = select(app.memories.database, chosen) if is_there(app) else []
        repeated = copies(app.memories.database, found) if found else 0
        gone = 0
        if found and not dry_run:
            _confirm(len(found) + repeated, yes)
            gone = app.memories.forget(found)
    if as_json:
        console.answer_json({"selected": len(found), "copies": repeated, "forgotten": gone, "dry_run": dry_run, "ids": found})
    elif dry_run:
        console.say(f"{memories(len(found))} and {console.counted(repeated, 'copy', 'copies')} would be forgotten.")
    else:
        console.say(f"{memories(gone)} forgotten." if gone else "There is no such memory. Nothing was forgotten.")


def reindex(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Build both indexes anew from the diary."""
    with opened(settings(ctx)) as app:
        must_be_there(app)
        counts = _indexed(app)
    if as_json:
        console.answer_json(counts)
    else:
        console.say(f"Indexed anew: {counts['fulltext']} exchanges by words, {counts['vectors']} by meaning.")


def _indexed(app: App) -> dict[str, int]:
    semantic = app.memories.semantic
    words = app.memories.fulltext.rebuild()
    semantic.embed()
    vectors = semantic.rebuild()
    if semantic.kind != "chroma":
        console.say("The vector index belongs to another Familiar that is running; it was left as it is. Stop that one to build it anew.")
    return {"fulltext": words, "vectors": vectors}


def _confirm(count: int, yes: bool) -> None:
    if not yes and not console.agreed(f"Forget {memories(count)} for good?"):
        raise FamiliarError("Nothing was forgotten. Where nobody can answer, add --yes.")
