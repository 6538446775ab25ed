"""Commands about documents and the experts who know them."""

from __future__ import annotations

from typing import cast

from ...context.intake import Taken
from ...errors import CommandRefused
from ...messages import SHELVES, ShelfScope
from ...options.kinds import Found, OneOf
from ...permissions.level import Level
from ..call import Call
from ..command import Argument, Command, Outcome


def read(call: Call) -> Outcome:
    """Read a web page, or on this machine a file or folder, so that companions answer from it."""
    source, scope = call["source"], cast("ShelfScope", call["for"] or "place")
    is_page = source.startswith(("http://", "https://"))
    if not is_page and not call.asker.here:
        raise CommandRefused("Give the address of a web page. Files are read when you attach them to a message.")
    if scope == "everyone" and call.level < Level.ADMIN:
        raise CommandRefused("Documents for everyone are for admins and above.")
    app = call.app
    shelf = app.library.shelf(scope, call.person, app.shelf_of(call.scene.companion), call.place.id)
    return Outcome("\n".join(_told(taken) for taken in app.library.read(source, shelf, call.person.id)) or "There is no file.")


def _told(taken: Taken) -> str:
    count = f", {taken.document.passages} passages" if taken.document else ""
    return f"{taken.name}: {taken.change}{count}{f' ({taken.problem})' if taken.problem else ''}"


def library(call: Call) -> Outcome:
    """List the documents that who asks handed over, or remove one."""
    mine = [each for each in call.app.library.catalogue.documents() if call.asker.here or each.owner == call.person.id]
    if call["remove"] is not None:
        number = call["remove"].lstrip("#")
        found = next((each for each in mine if str(each.id) == number), None)
        if found is None:
            raise CommandRefused(f"You handed over no document with the number {number[:20]}. `library` lists them.")
        call.app.library.remove(found.id)
        return Outcome(f"{found.title}: removed.")
    lines = [f"#{each.id}  {each.title} ({each.kind}, for {each.shelf.scope}, {each.passages} passages)" for each in mine]
    return Outcome("\n".join(lines) or "You handed over no documents.", private=True)


def expert(call: Call) -> Outcome:
    """List the companions, or show one."""
    if not call["name"]:
        return Outcome("\n".join(call.app.companions()))
    found = call.app.character(call["name"])
    about = found.expert
    lines = [found.name, f"  knows: {about.expertise or 'nothing in particular'}", f"  manner: {about.base_prompt or 'its own'}"]
    return Outcome("\n".join([*lines, *([f"  model: {about.model}"] if about.model else [])]))


GROUP = (
    Command(
        "read",
        "Read a web page, or on this machine a file or folder, so that it is answered from.",
        read,
        (
            Argument("source", Found("an address, a file or a folder", 4000), "what to read"),
            Argument("for", OneOf(SHELVES), "whom it is for: this place (the default), this companion with you, everyone", required=False),
        ),
        changes=True,
        spends=True,
    ),
    Command(
        "library",
        "List the documents you handed over, or remove one.",
        library,
        (Argument("remove", Found("a number"), "the number of a document to remove", required=False),),
    ),
    Command(
        "expert",
        "List the companions, or show one.",
        expert,
        (
            Argument(
                "name", Found("the name of a companion"), "which one", required=False, rest=True, choices=lambda call: call.app.companions()
            ),
        ),
        aliases=("experts",),
    ),
)
