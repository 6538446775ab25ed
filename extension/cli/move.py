"""`familiar memory move`: the whole diary into another database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..database import Database
from ..memory.move import move as moved
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import memories, must_be_there

_STEP = 20_000
"""Rows after which is said how far it has come."""


def move(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", callback=cleaned, help="postgresql://user@host/name, or sqlite:////folder/file.")
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Copy the whole diary into another database, which must be empty.

    Everything goes over as it is and is compared at the end; the diary in use stays untouched. Run again after it was
    interrupted, it goes on where it was. A password is better left to PGPASSWORD or ~/.pgpass, where nobody sees it.
    """
    chosen = settings(ctx)
    with opened(chosen) as app:
        must_be_there(app)
        target = Database(to, chosen.lock_timeout)
        try:
            found = moved(app.memories.database, target, _progress)
        finally:
            target.close()
    if found.since:
        console.say(f"{console.counted(found.since, 'change', 'changes')} came too late to be moved too: stop other Familiars first.")
    if as_json:
        console.answer_json({"to": target.dialect.where, **asdict(found)})
        return
    parts = ", ".join(f"{part.rows:,} {name}" for name, part in found.parts.items())
    console.say(f"{memories(found.parts['exchange'].rows)} moved to {target.dialect.where} and compared ({parts}).")
    console.say("The diary in use is still the old one. Name the new one in FAMILIAR_DATABASE_URL to go on with it.")


def _progress(table: str, done: int, total: int) -> None:
    if done % _STEP == 0 or (done == total and total > _STEP):
        console.aside(f"{table}: {done:,} of {total:,} …")
