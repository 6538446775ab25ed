"""`familiar memory retention`: how long what was said is kept."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ..errors import FamiliarError
from ..memory.retention import LONGEST, Retention
from ..settings import PREFIX, save
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import memories, must_be_there

_VARIABLE = PREFIX + "RETENTION_DAYS"


def retention(
    ctx: typer.Context,
    days: Annotated[
        str | None,
        typer.Argument(metavar="DAYS", callback=cleaned, help="A number of days, `never`, or for a place `default`.", show_default=False),
    ] = None,
    place: Annotated[str | None, typer.Option("--place", callback=cleaned, help="Only for this place.", show_default=False)] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show or set after how many days what was said is forgotten.

    Pinned memories stay. A place may have its own number of days. What is too old is forgotten while Familiar runs, at
    its start and about every hour.
    """
    wanted = _days(days, place)
    with opened(settings(ctx)) as app:
        must_be_there(app)
        found = app.memories.retention
        if days is not None:
            _confirm(found, wanted, place, yes)
            if place is not None:
                found.rule(place, wanted)
            else:
                saved = save(app.settings, retention_days=wanted)
                if os.environ.get(_VARIABLE):
                    console.say(f"Written, though {_VARIABLE} in the environment outweighs it.")
                else:
                    app.use(saved)
        rules, due = found.rules(), found.due()
        if as_json:
            console.answer_json({"days": found.days, "places": rules, "due": due})
            return
        console.answer(f"{_words(found.days)}; too old by now: {memories(due)}")
        for each, kept in rules.items():
            console.answer(f"{console.brief(each)}: {_words(kept)}")


def _days(text: str | None, place: str | None) -> int | None:
    """Return a number of days, 0 for ever, None for the default. Raises typer.BadParameter."""
    word = (text or "").strip().lower()
    if text is None or (word == "default" and place is not None):
        return None
    if word == "never":
        return 0
    if word.isascii() and word.isdecimal() and len(word) <= 5 and 1 <= int(word) <= LONGEST:
        return int(word)
    raise typer.BadParameter(f"it is 1 to {LONGEST}, `never`, or with --place `default`.", param_hint="DAYS")


def _confirm(found: Retention, wanted: int | None, place: str | None, yes: bool) -> None:
    rules = {each: kept for each, kept in found.rules().items() if each != place}
    if place is not None and wanted is not None:
        rules[place] = wanted
    due = found.due(wanted if place is None else None, rules)
    if due > found.due() and not yes and not console.agreed(f"{memories(due)} would be forgotten for good by that. Go on?"):
        raise FamiliarError("Nothing was changed. Where nobody can answer, add --yes.")


def _words(days: int) -> str:
    return f"kept for {console.counted(days, 'day', 'days')}" if days else "kept for ever"
