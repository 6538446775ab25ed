"""`familiar read` and `familiar library`: documents in, what there is of them, and out again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..context.catalogue import Document
from ..context.intake import Progress, Taken
from ..context.shelves import Shelf
from ..errors import NotFound
from ..messages import Person, ShelfScope
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import is_there

Who = Annotated[str | None, typer.Option("--as", metavar="PERSON", callback=cleaned, help="Whose documents they are.", show_default=False)]
_CHANGES = ("added", "changed", "moved", "there", "removed", "refused")


def read(
    ctx: typer.Context,
    sources: Annotated[list[str], typer.Argument(metavar="PATH|URL|DIR", help="Files, folders and web pages.")],
    scope: Annotated[
        ShelfScope, typer.Option("--for", help="Who may find them: one chat, one companion when it talks with me alone, or everyone.")
    ] = "companion",
    companion: Annotated[str | None, typer.Option("--companion", metavar="NAME", callback=cleaned, help="Which companion.")] = None,
    place: Annotated[str | None, typer.Option("--place", metavar="ID", callback=cleaned, help="Which chat, with --for place.")] = None,
    person: Who = None,
    sync: Annotated[bool, typer.Option("--sync", help="Remove what came from a folder before and is not in it any more.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Read documents, so that companions answer from them.

    What was read before and has not changed is done at once; of a changed file only what is new in it is embedded. Ctrl+C stops:
    what was read until then stays, and the next run goes on there.
    """
    if scope == "place" and not place:
        raise typer.BadParameter("say which chat with --place.", param_hint="--for place")
    found: list[Taken] = []
    with opened(settings(ctx)) as app:
        who = Person(person or app.settings.person)
        shelf = app.library.shelf(scope, who, app.shelf_of(companion or app.settings.companion), place or "")
        for source in sources:
            for taken in app.library.read(console.cleaned(source), shelf, who.id, sync=sync, told=_progress):
                found.append(taken)
                _tell(taken)
    if as_json:
        console.answer_json([_taken_plain(each) for each in found])
    else:
        counts = {change: sum(each.change == change for each in found) for change in _CHANGES}
        console.say(", ".join(f"{count} {change}" for change, count in counts.items() if count) + "." if found else "There is no file.")
    if any(each.change == "refused" for each in found):
        raise typer.Exit(1)


def list_(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """List the documents, the oldest first."""
    with opened(settings(ctx)) as app:
        found = app.library.catalogue.documents() if is_there(app) else []
    if as_json:
        console.answer_json([_plain(each) for each in found])
        return
    for each in found:
        console.answer(f"#{each.id}  {console.local(each.when)}  {console.brief(each.title, 80)}  ({each.kind}, {_whose(each.shelf)})")
        passages = console.counted(each.passages, "passage", "passages")
        console.answer(f"    {console.brief(each.source)}: {passages}, {console.size(each.bytes)}")
    if not found:
        console.say("There are no documents. `familiar read FILE` reads one.")


def remove(
    ctx: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="The numbers `familiar library list` shows.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Remove documents with their passages and what the indexes hold of them. The files themselves stay where they are."""
    with opened(settings(ctx)) as app:
        if not is_there(app):
            raise NotFound("There are no documents. `familiar read FILE` reads one.")
        for number in ids:
            app.library.catalogue.one(number)
        found = [app.library.remove(number) for number in dict.fromkeys(ids)]
    if as_json:
        console.answer_json({"removed": [each.id for each in found]})
    else:
        console.say(f"{console.counted(len(found), 'document', 'documents')} removed.")


def size(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Show what the library takes."""
    with opened(settings(ctx)) as app:
        found = app.library.size() if is_there(app) else None
    counts = (found.documents, found.passages, found.bytes, found.stored) if found else (0, 0, 0, 0)
    if as_json:
        console.answer_json(dict(zip(("documents", "passages", "bytes", "stored"), counts, strict=True)))
        return
    console.answer(f"{console.counted(counts[0], 'document', 'documents')} of {console.size(counts[2])}")
    console.answer(f"{console.counted(counts[1], 'passage', 'passages')}: {console.size(counts[3])} in the database, without its indexes")


def _progress(told: Progress) -> None:
    where = f"{told.done + 1} of {told.total}: " if told.total > 1 else ""
    passages = console.counted(told.passages, "passage", "passages")
    console.aside(f"{where}{console.brief(told.name, 60)}: {told.share:.0%}, {passages} …")


def _tell(taken: Taken) -> None:
    about = taken.problem
    if taken.document is not None and taken.change in ("added", "changed"):
        about = f"{console.counted(taken.document.passages, 'passage', 'passages')}, number {taken.document.id}"
    console.say(f"{console.brief(taken.name)}: {taken.change}{f' ({about})' if about else ''}")
    for warning in taken.warnings:
        console.say(f"  {console.brief(warning)}")


def _taken_plain(taken: Taken) -> dict[str, Any]:
    document = None if taken.document is None else _plain(taken.document)
    found = {"name": taken.name, "change": taken.change, "document": document, "embedded": taken.embedded}
    return {**found, "problem": taken.problem, "warnings": list(taken.warnings)}


def _plain(document: Document) -> dict[str, Any]:
    shelf = document.shelf
    whose = {"for": shelf.scope, "companion": shelf.companion, "place": shelf.place, "owner": document.owner}
    sizes = {"bytes": document.bytes, "passages": document.passages, "stored": document.stored}
    kind = {"title": document.title, "source": document.source, "kind": document.kind}
    return {"id": document.id, **kind, **whose, **sizes, "when": document.when.isoformat()}


def _whose(shelf: Shelf) -> str:
    if shelf.scope == "everyone":
        return "for everyone"
    return f"for {console.brief(shelf.companion, 40)}" if shelf.scope == "companion" else f"in {console.brief(shelf.place, 40)}"
