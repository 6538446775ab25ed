"""Memories as HTML: cards with dates, scores and who said what. Every word of a person or a model is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape

from ..messages import Exchange, Memory

LONGEST = 600
"""Characters of each side that a card shows."""


def note(text: str, kind: str = "quiet") -> str:
    """Return a sentence on its own; `kind` is quiet, good or bad."""
    role = "alert" if kind == "bad" else "status"
    return f'<p class="note {kind}" role="{role}">{escape(text)}</p>' if text else ""


def cards(memories: Sequence[Memory], *, scored: bool = True, zone: tzinfo | None = None) -> str:
    """Return a list of cards, in the order given."""
    items = "".join(f"<li>{_card(memory, scored, zone)}</li>" for memory in memories)
    return f'<ol class="cards">{items}</ol>' if memories else ""


def facts(exchange: Exchange, zone: tzinfo | None = None) -> str:
    """Return one line about an exchange: when, who, with whom, where, by which model, and its number."""
    parts = [
        day_and_time(exchange.when, zone),
        f"{exchange.person.shown} with {exchange.companion}",
        where(exchange),
        exchange.model,
        f"no. {exchange.id}",
    ]
    return '<p class="facts">' + " · ".join(escape(part) for part in parts if part) + "</p>"


def where(exchange: Exchange) -> str:
    """Return how to call the place of an exchange."""
    title = exchange.place.title or exchange.place.id
    return shortened(title, 60) + (" (shared)" if exchange.place.shared else "")


def day_and_time(when: datetime, zone: tzinfo | None = None) -> str:
    """Return a time as people write it, in `zone` or this machine's: `Sat 21 Nov 2026, 09:40`."""
    local = when.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


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


def _card(memory: Memory, scored: bool, zone: tzinfo | None) -> str:
    exchange = memory.exchange
    when = f'<time datetime="{exchange.when.isoformat()}">{escape(day_and_time(exchange.when, zone))}</time>'
    pinned = '<span class="pinned">pinned</span>' if exchange.pinned else ""
    head = f"<header>{when}<span>{escape(where(exchange))}</span>{pinned}</header>"
    said = _words(exchange.person.shown, exchange.said)
    reply = _words(exchange.companion, exchange.reply) if exchange.reply else ""
    return f"<article>{head}{_scores(memory) if scored else ''}{said}{reply}</article>"


def _scores(memory: Memory) -> str:
    percent = round(memory.score * 100)
    parts = f"words {memory.lexical:.2f} · meaning {memory.dense:.2f}"
    bar = f'<span class="bar" aria-hidden="true"><i style="width:{percent}%"></i></span>'
    return f'<p class="scores">{bar}<b>{memory.score:.2f}</b> <span>{parts}</span></p>'


def _words(speaker: str, text: str) -> str:
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    return f'<p class="words"><b>{escape(speaker)}:</b> {escape(shown)}</p>'
