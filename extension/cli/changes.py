"""`familiar memory edit`, `forget` and `reindex`: what is remembered, changed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..app import App
from ..errors import FamiliarError
from ..memory.plan import Plan
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
            app.memories.pin(number, pin)
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
    given: Annotated[bool, typer.Option("--given", help="Later exchanges too whose replies were given one of them.")] = False,
    mentions: Annotated[bool, typer.Option("--mentions", help="With --person: also where others name the person.")] = False,
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
        forgetting = app.memories.forgetting
        plan = forgetting.plan(chosen, given=given, mentions=mentions) if is_there(app) else Plan()
        if not as_json:
            _tell(plan, person)
        gone = 0
        if plan.ids and not dry_run:
            _confirm(len(plan.ids), yes)
            gone = forgetting.carry_out(plan).exchanges
    if as_json:
        console.answer_json(_numbers(plan) | {"forgotten": gone, "dry_run": dry_run})
    elif not dry_run:
        console.say(f"{memories(gone)} forgotten." if gone else "Nothing was forgotten.")


def _tell(plan: Plan, person: str | None) -> None:
    """Say what would go, and what would stay though it bears on it."""
    parts = [console.counted(plan.people, "person", "people"), console.counted(plan.places, "place", "places")]
    parts += [f"{count:,} {kind}" for kind, count in plan.counts.items() if count and kind != "exchanges"]
    parts += [f"{plan.pinned:,} pinned"] if plan.pinned else []
    if plan.first is not None and plan.last is not None:
        parts.append(f"from {console.local(plan.first)} to {console.local(plan.last)}")
        copies = f" and {console.counted(len(plan.copies), 'copy', 'copies')}" if plan.copies else ""
        console.say(f"To be forgotten: {memories(len(plan.selected))}{copies} ({', '.join(parts)}).")
    else:
        console.say("There is no such memory.")
    if plan.people_gone or plan.places_gone:
        people, places = console.counted(plan.people_gone, "person", "people"), console.counted(plan.places_gone, "place", "places")
        console.say(f"Nothing would be left of {people} and {places}.")
    if plan.given:
        console.say(f"{memories(len(plan.given))} whose replies were given one of them would stay; --given takes them too.")
    if plan.mentions:
        console.say(f"{memories(len(plan.mentions))} in which others name {person} would stay; --mentions takes them too.")


def _numbers(plan: Plan) -> dict[str, Any]:
    return {
        "ids": list(plan.selected),
        "copies": list(plan.copies),
        "given": list(plan.given),
        "mentions": list(plan.mentions),
        "counts": dict(plan.counts),
        "people": plan.people,
        "places": plan.places,
        "people_gone": plan.people_gone,
        "places_gone": plan.places_gone,
        "pinned": plan.pinned,
        "first": plan.first and plan.first.isoformat(),
        "last": plan.last and plan.last.isoformat(),
    }


def reindex(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Build the indexes anew, from the diary and the documents."""
    with opened(settings(ctx)) as app:
        must_be_there(app)
        counts = _indexed(app)
    if as_json:
        console.answer_json(counts)
    else:
        exchanges = f"{counts['fulltext']} exchanges by words, {counts['vectors']} by meaning"
        console.say(f"Indexed anew: {exchanges}, and {counts['passages']} passages of documents by words.")


def _indexed(app: App) -> dict[str, int]:
    semantic = app.memories.semantic
    words = app.memories.fulltext.rebuild()
    semantic.embed()
    vectors = semantic.rebuild()
    if semantic.kind != "chroma":
        console.say("The vector index belongs to another Familiar that is running; it was left as it is. Stop that one to build it anew.")
    return {"fulltext": words, "vectors": vectors, "passages": app.library.catalogue.rebuild()}


def _confirm(count: int, yes: bool) -> None:
    if not yes and not console.agreed(f"Forget {memories(count)} for good?"):
        raise FamiliarError("Nothing was forgotten. Where nobody can answer, add --yes.")
