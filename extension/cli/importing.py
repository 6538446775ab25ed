"""`familiar import-chat` and `familiar chats`: chats of other programs, to learn from; what there is of them, and out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ImportRefused
from ..refresh.chats import Chats, Kept
from ..refresh.imports.formats import FORMATS
from ..refresh.imports.intake import Found, Wish, called, take
from ..refresh.people import People
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import is_there, must_be_there

_MOST = 8
"""People of a file that are named."""


def import_chat(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE|DIR", help="Exports of chats: files, folders, zips.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what is in them; keep nothing.")] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", callback=cleaned, help=f"Where it is not recognised: {', '.join(FORMATS)}.", show_default=False
        ),
    ] = None,
    me: Annotated[
        str | None, typer.Option("--me", metavar="NAME", callback=cleaned, help="What I am called in them.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Import chats of other programs, so that an adapter can learn from them.

    Of each file it says who is in it, how many messages, from when to when, and what was left out and why. Exports that overlap become
    one chat, and importing again changes nothing. Nobody's words are learned without consent: `familiar people`.
    """
    chosen = settings(ctx)
    wish = Wish(chosen.person, form or "")
    found: list[Found] = []
    if preview:
        for file in files:
            _read(None, file, wish, found, quiet=as_json)
    else:
        with opened(chosen) as app:
            chats = Chats(app.memories.database)
            for file in files:
                _read(chats, file, wish, found, quiet=as_json)
            if me is not None:
                people = People(app.memories.database, chosen.person)
                for number in called(me, found):
                    people.claim(number)
            if not as_json and any(each.added is not None for each in found):
                _tell_consent(People(app.memories.database, chosen.person))
    if me is not None and preview:
        called(me, found)
    if as_json:
        console.answer_json([each.plain() for each in found])
    if any(each.refused for each in found):
        raise typer.Exit(1)


def list_(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """List the imported chats, the largest first."""
    with opened(settings(ctx)) as app:
        found = Chats(app.memories.database).kept() if is_there(app) else []
    if as_json:
        console.answer_json([_plain(each) for each in found])
        return
    for each in found:
        about = [console.counted(each.lines, "message", "messages"), console.counted(each.people, "person", "people")]
        about += [f"{each.since:%Y-%m-%d} to {each.until:%Y-%m-%d}"] if each.since and each.until else []
        console.answer(f"{console.brief(each.chat.id)}  {console.brief(each.chat.title, 80)}")
        console.answer(f"    {', '.join(about)} ({each.chat.format})")
    if not found:
        console.say("There are no imported chats. `familiar import-chat FILE` imports one.")


def remove(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="As `familiar chats list` shows them.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Remove imported chats with all their messages, down to the bytes. The exported files stay where they are."""
    with opened(settings(ctx)) as app:
        must_be_there(app)
        chats = Chats(app.memories.database)
        gone = {console.cleaned(each): chats.remove(console.cleaned(each)) for each in dict.fromkeys(ids)}
    if as_json:
        console.answer_json({"removed": gone})
    else:
        console.say(f"{console.counted(sum(gone.values()), 'message', 'messages')} removed.")


def _read(chats: Chats | None, file: Path, wish: Wish, found: list[Found], *, quiet: bool) -> None:
    """Read a path, which may be refused without ending the others."""
    try:
        for each in take(chats, file, wish, _progress):
            found.append(each)
            if not quiet:
                _tell(each)
    except ImportRefused as exc:
        found.append(Found(str(file), refused=str(exc)))
        if not quiet:
            console.say(str(exc))


def _tell_consent(people: People) -> None:
    unsaid = sum(each.consent == "unknown" and not (each.agreed or each.excluded) for each in people.index())
    if unsaid:
        console.say(
            f"{console.counted(unsaid, 'person', 'people')} did not say yet whether their words may be learned; until then they are not: "
            "`familiar people`."
        )


def _progress(name: str, lines: int) -> None:
    console.aside(f"{console.brief(name, 60)}: {lines:,} messages …")


def _tell(found: Found) -> None:
    if found.refused:
        console.say(f"{console.brief(found.name)}: nothing was taken: {found.refused.rstrip('.')}.")
        return
    about = [console.counted(found.lines, "message", "messages"), console.counted(len(found.people), "person", "people")]
    about += [console.counted(len(found.chats), "chat", "chats")] if len(found.chats) > 1 else []
    about += [f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}"] if found.since and found.until else []
    console.answer(f"{console.brief(found.name)} ({found.format}): {', '.join(about)}")
    named = [f"{console.brief(name, 40)} {lines:,}" for name, lines in list(found.people.values())[:_MOST]]
    more = len(found.people) - len(named)
    console.answer(f"    {', '.join(named)}{f', and {more} more' if more > 0 else ''}")
    if found.dropped:
        console.answer(f"    left out: {', '.join(f'{count:,} {reason}' for reason, count in found.dropped.items())}")
    if found.added is not None:
        added = found.added
        parts = (
            (added.added, "added"),
            (added.changed, "edited since"),
            (added.there, "there already"),
            (added.forgotten, "of people who are forgotten"),
        )
        console.answer(f"    {', '.join(f'{count:,} {what}' for count, what in parts if count) or 'nothing added'}")


def _plain(kept: Kept) -> dict[str, Any]:
    since, until = (each.isoformat() if each else None for each in (kept.since, kept.until))
    return {
        "id": kept.chat.id,
        "title": kept.chat.title,
        "format": kept.chat.format,
        "lines": kept.lines,
        "people": kept.people,
        "since": since,
        "until": until,
    }
