"""A conversation as another program has it, and what the person says about whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from ...messages import Place
from ..reconcile import ChatRow


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose the chats of a file are: formats do not say who `me` is."""

    person: str
    companion: str = ""
    """Who answered, instead of who the file says did; empty leaves it to the file."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One chat. Its place is named so that the same chat, read again, is the same place."""

    place: Place
    rows: tuple[ChatRow, ...]
    """In their order, each with its companion."""
    speaker: str = ""
    """The name the person went by; empty for none."""


def spread(rows: Iterable[ChatRow]) -> Iterator[ChatRow]:
    """Number rows, and set those of one and the same moment a millisecond apart, so that time keeps their order."""
    before, same = None, 0
    for number, row in enumerate(rows):
        same = same + 1 if row.when == before else 0
        before = row.when
        yield replace(row, row=number, when=row.when + timedelta(milliseconds=same))
