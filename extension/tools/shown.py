"""Memories as a tool shows them to a model: dated, attributed, harmless, and no more than fits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..messages import Exchange
from ..prompt import quoted

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How much of what was found a model is shown, in characters."""

    said: int
    reply: int
    total: int
    """Of all entries together, as JSON. The first one is shown whatever its length."""


ROOMY = Size(said=2_000, reply=1_000, total=24_000)
"""For models behind an MCP client."""
TIGHT = Size(said=700, reply=300, total=6_000)
"""For the model in the webui, which may see few thousand tokens at once."""


def fitting(entries: Iterable[dict[str, Any]], size: Size) -> list[dict[str, Any]]:
    """Return as many of the entries as fit, from the first one on."""
    chosen: list[dict[str, Any]] = []
    left = size.total
    for entry in entries:
        left -= len(json.dumps(entry, ensure_ascii=False))
        if left < 0 and chosen:
            break
        chosen.append(entry)
    return chosen


def entry_of(exchange: Exchange, size: Size) -> dict[str, Any]:
    """Return one memory as JSON takes it, its words shortened and unable to steer a chat template (see prompt.quoted)."""
    entry = {
        "id": exchange.id,
        "date": exchange.when.astimezone().strftime("%a %d %b %Y, %H:%M"),
        "place": quoted(exchange.place.title or exchange.place.id, LONGEST_NAME),
        "who": quoted(exchange.person.shown, LONGEST_NAME),
        "said": quoted(exchange.said, size.said),
    }
    if exchange.reply.strip():
        entry |= {"companion": quoted(exchange.companion, LONGEST_NAME), "reply": quoted(exchange.reply, size.reply)}
    return entry
