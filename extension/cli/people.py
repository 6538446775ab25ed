"""`familiar people`: who is in the chats to learn from, under which names, who is the same person, and what they agreed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from ..errors import FamiliarError
from ..refresh.people import Member, Name, People
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import is_there, must_be_there

Who = Annotated[str, typer.Argument(metavar="WHO", callback=cleaned, help="A name or an id.")]


def list_(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """List everybody in the imported chats and the diary, who wrote most first."""
    if ctx.invoked_subcommand is not None:
        return
    with opened(settings(ctx)) as app:
        found = People(app.memories.database, app.settings.person).index() if is_there(app) else ()
    if as_json:
        console.answer_json([_plain(each) for each in found])
        return
    for each in found:
        console.answer(_line(each))
    if not found:
        console.say("There is nobody yet. `familiar import-chat FILE` imports a chat.")


def show(ctx: typer.Context, who: Who, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Show a person: all names and ids, consent, and how much they wrote."""
    _told(ctx, lambda people: people.of(who), as_json)


def change(
    ctx: typer.Context,
    who: Who,
    name: Annotated[str | None, typer.Option("--name", callback=cleaned, help="What they are called; '' for their own.")] = None,
    first_name: Annotated[
        str | None, typer.Option("--first-name", callback=cleaned, help="Their first name; '' for its first word.")
    ] = None,
    bot: Annotated[bool | None, typer.Option("--bot/--no-bot", help="Whether it is a program.", show_default=False)] = None,
    exclude: Annotated[bool | None, typer.Option("--exclude/--include", help="Whether they are left out.", show_default=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Change what a person is called, whether it is a bot, and whether they are left out altogether."""
    _told(ctx, lambda people: people.change(who, name=name, first_name=first_name, bot=bot, excluded=exclude), as_json)


def consent(
    ctx: typer.Context,
    state: Annotated[Literal["given", "refused", "unknown"], typer.Argument(metavar="given|refused|unknown")],
    who: Annotated[list[str], typer.Argument(metavar="WHO", help="Names or ids.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say whether people agreed that a model learns to write as they do. Without that, their words are never learned.

    They may stay as what others answered, with no loss taken on them; `familiar people set WHO --exclude` leaves them out altogether.
    """
    with opened(settings(ctx)) as app:
        must_be_there(app)
        people = People(app.memories.database, app.settings.person)
        found = [people.change(console.cleaned(each), consent=state) for each in who]
    if as_json:
        console.answer_json([_plain(each) for each in found])
    else:
        for each in found:
            console.answer(_line(each))


def merge(
    ctx: typer.Context,
    who: Who,
    into: Annotated[str, typer.Argument(metavar="INTO", callback=cleaned, help="The person they are, too: a name or an id.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say that two are one person, under another name or on another platform. What either refused stays refused."""
    _told(ctx, lambda people: people.merge(who, into), as_json)


def split(
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(metavar="ID", callback=cleaned, help="One of the other ids that `show` names.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Take an id out of a person again, whose consent then is unknown."""
    _told(ctx, lambda people: people.split(alias), as_json)


def forget(
    ctx: typer.Context,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Remove all imported words of a person, down to the bytes, and never import them again.

    What they said to a companion is forgotten with `familiar memory forget --person`.
    """
    with opened(settings(ctx)) as app:
        must_be_there(app)
        people = People(app.memories.database, app.settings.person)
        found = people.of(who)
        if not yes and not console.agreed(f"All imported words of {console.brief(found.name, 60)} would go for good. Go on?"):
            raise FamiliarError("Nothing was forgotten. Where nobody can answer, add --yes.")
        gone = people.forget(found.id)
    if as_json:
        console.answer_json({"id": found.id, "forgotten": gone})
    else:
        console.say(f"{console.counted(gone, 'message', 'messages')} forgotten.")


def _told(ctx: typer.Context, act: Callable[[People], Member], as_json: bool) -> None:
    """Do something to a person, and show them."""
    with opened(settings(ctx)) as app:
        must_be_there(app)
        found = act(People(app.memories.database, app.settings.person))
    if as_json:
        console.answer_json(_plain(found))
        return
    console.answer(_line(found))
    for name in found.names:
        span = f", {name.since:%Y-%m-%d} to {name.until:%Y-%m-%d}" if name.since and name.until else ""
        console.answer(f"    as {console.brief(name.name, 60)}: {console.counted(name.lines, 'message', 'messages')}{span}")
    for alias in found.aliases:
        console.answer(f"    is also {console.brief(alias)}")


def _line(found: Member) -> str:
    kind = "companion" if found.companion else "bot" if found.bot else f"consent {found.consent}"
    marks = [kind, *(["left out"] if found.excluded else [])]
    lines = console.counted(found.lines, "message", "messages")
    return f"{console.brief(found.name, 60)} ({found.initials}, {console.brief(found.id, 80)}): {lines}, {', '.join(marks)}"


def _plain(found: Member) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "first_name": found.first_name,
        "initials": found.initials,
        "names": [_named(each) for each in found.names],
        "aliases": list(found.aliases),
        "bot": found.bot,
        "companion": found.companion,
        "excluded": found.excluded,
        "consent": found.consent,
        "agreed": found.agreed,
        "lines": found.lines,
        "since": found.since.isoformat() if found.since else None,
        "until": found.until.isoformat() if found.until else None,
    }


def _named(name: Name) -> dict[str, Any]:
    since, until = (each.isoformat() if each else None for each in (name.since, name.until))
    return {"name": name.name, "since": since, "until": until, "lines": name.lines}
