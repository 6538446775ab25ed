"""Who is speaking, where, and to whom: read from the state the webui hands to every hook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..hosts.fields import PREPARED
from ..memory.importers.webui import INSTRUCT, place_id
from ..messages import Person, Place, digest
from ..options.layers import Spot


@dataclass(frozen=True, slots=True)
class Identity:
    """Who and where a turn is. Without it a turn is neither recorded nor given memories."""

    person: Person
    place: Place
    companion: str
    branch: str = ""
    """Set where the webui gives a conversation no id; see messages.Turn."""
    mirrored: bool = True
    """Whether the webui keeps this chat, so that the diary is compared with it."""


def identify(state: Mapping[str, Any], before: Sequence[Sequence[Any]], said: str, owner: str) -> Identity | None:
    """Return who and where, or None for an incognito chat and for a caller that names nobody.

    `before` are the rows of the chat before this message; `owner` is who sits at the webui when nobody logs in.
    """
    companion = companion_of(state)
    if prepared(state):
        return None
    unique_id = str(state.get("unique_id") or "")
    if unique_id.startswith("incognito-"):
        return None
    login = logged_in()
    if unique_id:
        person = Person(login or owner, login or str(state.get("name1") or ""))
        return Identity(person, Place(place_of(state, unique_id), title=unique_id), companion)
    caller = str(state.get("user") or "").strip()[:200] or login
    if not caller:
        return None
    door = "api" if state.get("user") else "webui"
    opening = digest(str(before[0][0]).strip() if before else said)
    place = Place(f"{door}:{caller}:{opening[:12]}", title=f"{caller} ({door})")
    return Identity(Person(caller), place, companion, _branch(before, said), mirrored=False)


def prepared(state: Mapping[str, Any]) -> bool:
    """Return whether one of our own programs asks over the API: its prompt is whole, and it keeps the exchange itself."""
    return not state.get("unique_id") and state.get("user") == PREPARED


def spot_of(state: Mapping[str, Any], owner: str) -> Spot:
    """Return where and for whom things are chosen in a chat of the page; in an incognito one, for whom."""
    identity = identify(state, (), "", owner) if state.get("unique_id") else None
    return Spot(channel=identity.place.id if identity else "", person=identity.person.id if identity else logged_in() or owner)


def companion_of(state: Mapping[str, Any]) -> str:
    """Return who answers: the character of the chat modes, `INSTRUCT` otherwise."""
    if state.get("mode") == "instruct":
        return INSTRUCT
    return str(state.get("character_menu") or state.get("character") or state.get("name2") or INSTRUCT)


def place_of(state: Mapping[str, Any], unique_id: str) -> str:
    """Return the place of a chat, which is where the webui keeps its log: by mode and character."""
    folder = "instruct" if state.get("mode") == "instruct" else f"chat/{state.get('character_menu')}"
    return place_id(folder, unique_id)


def _branch(before: Sequence[Sequence[Any]], said: str) -> str:
    """Return what tells one conversation of a caller from another: everything that was said up to this message."""
    return digest(*(str(text) for row in before for text in row[:2]), said)


def logged_in() -> str:
    """Return the name a person logged in with (--gradio-auth), '' for nobody or outside of the interface."""
    import sys

    context = sys.modules.get("gradio.context")
    if context is None:
        return ""
    try:
        request = context.LocalContext.request.get(None)
        return str(getattr(request, "username", None) or "")
    except (AttributeError, LookupError):
        return ""
