"""Memories as HTML: cards with dates, scores and who said what. Every word of a person or a model is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from ..messages import Excerpt, Exchange, Memory, Person, Place

UNTITLED = "chat:"
"""How the ids of chats begin that have no title unless the person gives them one."""

LONGEST_SAID, LONGEST_REPLY = 500, 240
"""Characters of each side that a card shows."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and from where: what they said themselves, and here, is called so."""

    person: str
    place: str | None = None
    zone: tzinfo | None = None
    """Time zone of dates; None is this machine's."""

    def name(self, person: Person) -> str:
        """Return how to call somebody."""
        return "You" if person.id == self.person else person.shown

    def where(self, place: Place) -> str:
        """Return how to call a place."""
        shared = " (shared)" if place.shared else ""
        if place.id == self.place:
            return f"this chat{shared}"
        return (shortened(place.title, 60) or ("another chat" if place.id.startswith(UNTITLED) else place.id)) + shared

    def when(self, time: datetime) -> str:
        """Return a time as people write it: `Sat 21 Nov 2026, 09:40`."""
        local = time.astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def note(text: str, kind: str = "quiet") -> str:
    """Return a sentence on its own; `kind` is quiet, good or bad."""
    role = "alert" if kind == "bad" else "status"
    return f'<p class="note {kind}" role="{role}">{escape(text)}</p>' if text else ""


def cards(memories: Sequence[Memory], viewer: Viewer, *, with_scores: bool = True) -> str:
    """Return a list of cards, in the order given."""
    items = "".join(f"<li>{_card(memory, viewer, with_scores)}</li>" for memory in memories)
    return f'<ol class="cards">{items}</ol>' if memories else ""


def facts(exchange: Exchange, viewer: Viewer) -> str:
    """Return one line about an exchange: when, who to whom, where, by which model, and its number."""
    who = f"{viewer.name(exchange.person)} to {exchange.companion}"
    parts = (viewer.when(exchange.when), who, viewer.where(exchange.place), exchange.model, f"no. {exchange.id}")
    return '<p class="facts">' + " · ".join(escape(part) for part in parts if part) + "</p>"


def scores(found: Memory | Excerpt) -> str:
    """Return how well something was found: in total, by its words, and by its meaning."""
    return f"{found.score:.2f} · words {found.lexical:.2f} · meaning {found.dense:.2f}"


def scored(found: Memory | Excerpt) -> str:
    """Return the scores with a bar."""
    bar = f'<span class="bar" aria-hidden="true"><i style="width:{round(found.score * 100)}%"></i></span>'
    total, _, parts = scores(found).partition(" · ")
    return f'<p class="scores">{bar}<b>{total}</b> <span>{parts}</span></p>'


def shortened(text: str, longest: int) -> str:
    """Return text as one line of at most `longest` characters."""
    line = " ".join(text[: longest * 4].split())
    return line if len(line) <= longest and len(text) <= longest * 4 else line[: longest - 1].rstrip() + "…"


def size(count: int) -> str:
    """Return a number of bytes as people read it: `1.4 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def _card(memory: Memory, viewer: Viewer, with_scores: bool) -> str:
    exchange = memory.exchange
    when = f'<time datetime="{exchange.when.isoformat()}">{escape(viewer.when(exchange.when))}</time>'
    pinned = '<span class="pinned">pinned</span>' if exchange.pinned else ""
    head = f"<header>{when}<span>{escape(viewer.where(exchange.place))}</span>{pinned}</header>"
    said = _words(viewer.name(exchange.person), exchange.said, LONGEST_SAID)
    reply = _words(exchange.companion, exchange.reply, LONGEST_REPLY)
    return f"<article>{head}{scored(memory) if with_scores else ''}{said}{reply}</article>"


def _words(speaker: str, text: str, longest: int) -> str:
    shown = text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
    return f'<p class="words"><b>{escape(speaker)}:</b> {escape(shown)}</p>' if shown.strip() else ""
