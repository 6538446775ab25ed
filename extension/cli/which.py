"""Which memories a command is about: the options that choose them, and how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ..app import App
from ..errors import NotFound
from ..memory.diary import Filter
from ..memory.selection import Selection
from ..messages import Exchange
from . import console
from .moments import moment
from .options import cleaned

LONGEST_SEARCH = 1000

Person = Annotated[str | None, typer.Option("--person", callback=cleaned, help="Only what this person said.", show_default=False)]
Place = Annotated[str | None, typer.Option("--place", callback=cleaned, help="Only what was said in this place.", show_default=False)]
Companion = Annotated[
    str | None, typer.Option("--companion", callback=cleaned, help="Only what this companion was told.", show_default=False)
]
Since = Annotated[str | None, typer.Option("--since", metavar="WHEN", help="Not before: 2026-11-21, 2026-11-21T09:30, today, 12h, 7d.")]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Not after; a day alone counts whole.")]
Search = Annotated[
    str | None,
    typer.Option(
        "--search", metavar="TEXT", callback=cleaned, help="Only what holds all these words, or this text as it is.", show_default=False
    ),
]
Pinned = Annotated[bool | None, typer.Option("--pinned/--unpinned", help="Only pinned ones, or only others.", show_default=False)]
Id = Annotated[int, typer.Argument(metavar="ID", help="The number `familiar memory list` shows.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID", help="The numbers `familiar memory list` shows.", show_default=False)]


def selection(
    person: str | None,
    place: str | None,
    companion: str | None,
    since: str | None,
    until: str | None,
    search: str | None,
    pinned: bool | None,
    ids: list[int] | tuple[int, ...] = (),
) -> Selection:
    """Return what the options mean. Raises typer.BadParameter."""
    if search is not None and (not search.strip() or len(search) > LONGEST_SEARCH):
        raise typer.BadParameter(f"it takes 1 to {LONGEST_SEARCH} characters.", param_hint="--search")
    now = datetime.now(UTC)
    begin = None if since is None else moment(since, now)
    end = None if until is None else moment(until, now, end=True)
    return Selection(Filter(person, place, companion, begin, end, pinned), search or "", tuple(ids))


def is_there(app: App) -> bool:
    """Whether there is a diary, so that looking at one does not make one."""
    path = app.memories.database.path
    return path is None or path.exists()


def must_be_there(app: App) -> None:
    """Raise NotFound where there is no diary."""
    if not is_there(app):
        raise NotFound(f"Nothing is remembered in {app.settings.data_dir} yet. `familiar chat` begins; --data-dir names another folder.")


def plain(exchange: Exchange) -> dict[str, Any]:
    """Return a memory as `--json` prints it."""
    return {
        "id": exchange.id,
        "person": exchange.person.id,
        "person_name": exchange.person.name,
        "place": exchange.place.id,
        "place_title": exchange.place.title,
        "shared": exchange.place.shared,
        "companion": exchange.companion,
        "row": exchange.row,
        "branch": exchange.branch,
        "said": exchange.said,
        "reply": exchange.reply,
        "reasoning": exchange.reasoning,
        "when": exchange.when.isoformat(),
        "model": exchange.model,
        "adapter": exchange.adapter,
        "memories": list(exchange.memories),
        "feedback": exchange.feedback,
        "pinned": exchange.pinned,
    }


def circumstances(exchange: Exchange) -> str:
    """Return where, by whom and to whom something was said, as a line."""
    place = exchange.place.title or exchange.place.id
    return console.brief(f"{place}, {exchange.person.shown} to {exchange.companion}") + (" (pinned)" if exchange.pinned else "")


def memories(count: int) -> str:
    """Return a number of memories in words."""
    return console.counted(count, "memory", "memories")
