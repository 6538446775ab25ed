"""`familiar memory facts`, `fact`, `summaries`, `summary` and `think`: what was made of what was said, and making it now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ..app import App
from ..errors import SettingsError
from ..memory.facts import Fact, Which
from ..messages import Summary
from . import console
from .options import AsJson, DataDir, Host, Model, Verbose, cleaned, settings
from .program import opened
from .which import Companion, Person, Place, is_there, must_be_there

_EACH = 10
"""Pieces of work between two lines of progress."""


def facts(
    ctx: typer.Context,
    person: Person = None,
    companion: Companion = None,
    history: Annotated[bool, typer.Option("--history", help="Also what later facts changed.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Most facts; 0 for all.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """List the facts that were noted, the newest first."""
    with opened(settings(ctx)) as app:
        which = Which(person=person, companion=companion, history=history)
        found = app.memories.facts.browse(which, limit or None) if is_there(app) else []
    if as_json:
        console.answer_json([plain(each) for each in found])
        return
    for each in found:
        console.answer(_line(each))
    if not found:
        console.say(
            "No such fact was noted. With FAMILIAR_FACTS=true the model notes facts in idle time; `familiar memory think` does it now."
        )


def fact(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="The number `familiar memory facts` shows.")],
    about: Annotated[str | None, typer.Option("--about", callback=cleaned, help="Whom it is about.", show_default=False)] = None,
    attribute: Annotated[str | None, typer.Option("--attribute", callback=cleaned, help="What about them.", show_default=False)] = None,
    value: Annotated[str | None, typer.Option("--value", callback=cleaned, help="Its value.", show_default=False)] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it for good; what it had changed holds again.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show a fact with its history, put it right, or remove it."""
    parts = {"about": about, "attribute": attribute, "value": value}
    changes = any(part is not None for part in parts.values())
    if delete and changes:
        raise typer.BadParameter("remove it or put it right, not both.", param_hint="--delete")
    with opened(settings(ctx)) as app:
        must_be_there(app)
        if delete:
            app.memories.forget_fact(number)
            found = []
        else:
            if changes:
                app.memories.edit_fact(number, **parts)
            found = app.memories.facts.history(number)
    if as_json:
        console.answer_json([plain(each) for each in found])
        return
    for each in found:
        console.answer(_line(each))
    if delete or changes:
        console.say(f"Fact {number} is {'removed' if delete else 'changed'}.")


def summaries(
    ctx: typer.Context,
    person: Person = None,
    place: Place = None,
    companion: Companion = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Most summaries; 0 for all.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """List the summaries of chats, sessions and people, the newest first."""
    with opened(settings(ctx)) as app:
        found = app.memories.summaries.browse(None, person, place, companion, limit or None) if is_there(app) else []
    if as_json:
        console.answer_json([_plain(each) for each in found])
        return
    for each in found:
        _show(each)
    if not found:
        console.say("There is no such summary. They are made in idle time; `familiar memory think` makes them now.")


def summary(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="The number `familiar memory summaries` shows.")],
    again: Annotated[bool, typer.Option("--again", help="Make it anew, of the same exchanges.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it; it is made again once enough more was said.")] = False,
    host: Host = None,
    model: Model = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show a summary with the numbers of what it stands for, make it anew, or remove it."""
    if again and delete:
        raise typer.BadParameter("make it anew or remove it, not both.", param_hint="--delete")
    with opened(settings(ctx, host=host, model=model)) as app:
        must_be_there(app)
        if delete:
            app.memories.forget_summary(number)
            console.say(f"Summary {number} is removed.")
            return
        if again:
            number = app.sum_up_again(number, lambda: False) or number
        found, parts = app.memories.summaries.one(number), [part for part, _ in app.memories.summaries.parts(number)]
    if as_json:
        console.answer_json(_plain(found) | {"of": parts})
        return
    _show(found)
    console.answer(f"    of {', '.join(map(str, parts))}")


def think(
    ctx: typer.Context,
    host: Host = None,
    model: Model = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Do now what is otherwise done in idle time: note facts, sum up, learn to rank.

    Ctrl+C stops; the next time it goes on from there.
    """
    with opened(settings(ctx, host=host, model=model)) as app:
        must_be_there(app)
        if not app.thinks:
            raise SettingsError("The settings ask for nothing of the kind. Set FAMILIAR_FACTS, FAMILIAR_SUMMARIES or FAMILIAR_LEARN.")
        before = app.memories.facts.count()
        _work(app)
        app.memories.fulltext.catch_up()
        result = {"facts": app.memories.facts.count() - before, "summaries": len(app.memories.summaries.browse(limit=None))}
    if as_json:
        console.answer_json(result)
    else:
        made = console.counted(result["summaries"], "summary", "summaries")
        console.say(f"Done: {console.counted(result['facts'], 'new fact', 'new facts')}, {made} in all.")


def plain(each: Fact) -> dict[str, Any]:
    """Return a fact as `--json` prints it."""
    return {
        "id": each.id,
        "about": each.about,
        "attribute": each.attribute,
        "value": each.value,
        "said_by": each.said_by.id,
        "companion": each.companion,
        "when": each.when.isoformat(),
        "exchange": each.exchange,
        "superseded_by": each.superseded_by,
    }


def _plain(each: Summary) -> dict[str, Any]:
    return asdict(each) | {"since": each.since.isoformat(), "until": each.until.isoformat()}


def _show(each: Summary) -> None:
    who, span = console.brief(each.person or each.place, 60), f"{console.local(each.since)} to {console.local(each.until)}"
    console.answer(f"#{each.id}  {each.kind} {who}, {span}: {each.exchanges} exchanges, {each.saved:,} tokens saved")
    console.answer(f"    {console.brief(each.text, 1000)}")


def _work(app: App) -> None:
    done = 0
    while app.think(lambda: False):
        done += 1
        if done % _EACH == 0:
            console.aside(f"{app.memories.fact_finding.waiting():,} exchanges left …")


def _line(each: Fact) -> str:
    ended = f"  (until #{each.superseded_by})" if each.superseded_by else ""
    said = f"said by {console.brief(each.said_by.shown, 40)}, memory {each.exchange}"
    return f"#{each.id}  {console.local(each.when)}  {console.brief(each.text)}{ended}  [{said}]"
