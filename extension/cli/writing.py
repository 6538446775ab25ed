"""`familiar docx`: replies as Word documents, in a folder or in Google Drive; and the folder, the title and the sign-in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..app import App
from ..documents.choice import Chat, Choice, One, Recent, place_called
from ..documents.drive import sign_in as signing
from ..documents.titles import DEFAULT, title_of
from ..documents.writing import Saved, Target
from ..messages import Person
from ..settings import save
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import must_be_there

TOKEN = "google-token.json"  # noqa: S105 (a file's name)
Whose = Annotated[str | None, typer.Option("--person", callback=cleaned, help="Whose replies, title and folder.", show_default=False)]
Clear = Annotated[bool, typer.Option("--none", help="Forget the one that is set.")]


def docx(
    ctx: typer.Context,
    nth: Annotated[int | None, typer.Option("--nth", min=1, help="The N-th most recent reply.", show_default=False)] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="The N most recent replies, oldest first.", show_default=False)] = None,
    span: Annotated[
        tuple[int, int] | None,
        typer.Option("--range", metavar="M N", help="From the M-th to the N-th most recent reply, oldest first.", show_default=False),
    ] = None,
    exchange: Annotated[
        int | None, typer.Option("--exchange", metavar="ID", help="The reply of one memory (`familiar memory list`).", show_default=False)
    ] = None,
    chat: Annotated[
        str | None, typer.Option("--chat", metavar="PLACE", callback=cleaned, help="A whole chat, by its id or title.", show_default=False)
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", callback=cleaned, help="Count replies of this chat only.", show_default=False)
    ] = None,
    said: Annotated[bool, typer.Option("--said", help="With what was said to get the replies.")] = False,
    named: Annotated[
        str | None, typer.Option("--title", callback=cleaned, help=f"Default: the one that was set, or “{DEFAULT}”.", show_default=False)
    ] = None,
    drive: Annotated[
        bool | None, typer.Option("--drive/--local", help="To Google Drive, or into a folder here.", show_default="drive once it is set up")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="This folder instead of the setting's.", show_default=False)
    ] = None,
    person: Whose = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Save the last reply as a Word document, or what the options name.

    It goes to Google Drive once that is set up (docs/writing.md says how), otherwise into a folder on this machine.
    """
    if ctx.invoked_subcommand is not None:
        return
    if sum(given is not None for given in (nth, last, span, exchange, chat)) > 1:
        raise typer.BadParameter("choose one of --nth, --last, --range, --exchange and --chat.", param_hint="familiar docx")
    if drive and into is not None:
        raise typer.BadParameter("a folder here and Google Drive are two places; choose one.", param_hint="--into")
    first, final = span or (nth or 1, last or nth or 1)
    with opened(settings(ctx)) as app:
        must_be_there(app)
        who = _person(app, person)
        within = None if place is None else place_called(app.memories.database, who, place)
        choice: Choice = Recent(first, final, within)
        if exchange is not None:
            choice = One(exchange)
        elif chat is not None:
            choice = Chat(place_called(app.memories.database, who, chat))
        target: Target | None = "folder" if drive is False or into is not None else "drive" if drive else None
        saved = app.writing.save(who, app.writing.make(who, choice, named, said=said), target, into)
    _tell(saved, as_json)


def folder(
    ctx: typer.Context,
    link: Annotated[str | None, typer.Argument(metavar="LINK", callback=cleaned, help="A share link of it.", show_default=False)] = None,
    clear: Clear = False,
    person: Whose = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show or set the folder in Google Drive that documents go into.

    Whether they can is looked at before it is kept. With --none they go into the folder on this machine.
    """
    with opened(settings(ctx)) as app:
        who = _person(app, person)
        desk = app.writing.desk(who)
        if link is not None:
            app.writing.set_folder(who, link)
        elif clear:
            desk.folder = None
        found = desk.folder
        here = app.writing.folder
    if as_json:
        console.answer_json({"id": found.id if found else None, "name": found.name if found else None, "local": str(here)})
    elif found:
        console.answer(f"Google Drive: {console.brief(found.name)}")
    else:
        console.answer(f"This machine: {here}")


def title(
    ctx: typer.Context,
    text: Annotated[str | None, typer.Argument(metavar="TITLE", callback=cleaned, help="A title.", show_default=False)] = None,
    clear: Clear = False,
    person: Whose = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show or set the title of documents that are given none."""
    with opened(settings(ctx)) as app:
        desk = app.writing.desk(_person(app, person))
        if text is not None or clear:
            desk.title = title_of(text) if (text or "").strip() else ""
        found = desk.title or DEFAULT
    if as_json:
        console.answer_json({"title": found})
    else:
        console.answer(console.brief(found, 300))


def sign_in(
    ctx: typer.Context,
    client: Annotated[Path, typer.Argument(metavar="CLIENT", help="File of an OAuth client from the Google Cloud console.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port the browser comes back to; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser, or only show the address.")] = True,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Let Familiar use your own Google Drive, and keep the token in the data directory."""
    chosen = settings(ctx)
    with console.only_answers_on_stdout():
        token = signing.sign_in(client, chosen.data_dir / TOKEN, port=port, open_browser=browser)
    save(chosen, drive_credentials=str(token))
    console.say("Signed in. Now say where documents go: `familiar docx folder LINK`.")


def _person(app: App, named: str | None) -> Person:
    return Person(named or app.settings.person)


def _tell(saved: Saved, as_json: bool) -> None:
    document, path = saved.document, None if saved.path is None else str(saved.path)
    if as_json:
        size = len(document.data)
        console.answer_json({"title": document.title, "name": document.name, "bytes": size, "path": path, "link": saved.link or None})
        return
    console.answer(path or saved.link)
    where = "here" if path else "to Google Drive"
    console.say(f"Saved {where}: {console.brief(document.name)}, {console.size(len(document.data))}.")
