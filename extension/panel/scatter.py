"""The map: memories as marks on a plane, coloured and shaped by place, in SVG of our own. Every word of people is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ..messages import Exchange
from .cards import Viewer, shortened

WIDTH, HEIGHT, MARGIN = 400, 300, 8
_CIRCLE, _SQUARE = "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z", "M-2.9 -2.9h5.8v5.8h-5.8z"
_UP, _DOWN, _DIAMOND = "M0 -3.8l3.8 6.7h-7.6z", "M0 3.8l3.8 -6.7h-7.6z", "M0 -4.1l4.1 4.1l-4.1 4.1l-4.1 -4.1z"
_CROSS = "M-1.3 -3.8h2.6v2.5h2.5v2.6h-2.5v2.5h-2.6v-2.5h-2.5v-2.6h2.5z"
SHAPES = (_CIRCLE, _SQUARE, _UP, _DIAMOND, _CROSS, _DOWN, _CIRCLE, _SQUARE)
"""The marks of the places that have most of them, so that not only their colours tell them apart; panel.css has as many colours."""
LONGEST_HINT = 90


@dataclass(frozen=True, slots=True)
class Mark:
    """A memory on the map; both coordinates in 0..1."""

    exchange: Exchange
    x: float
    y: float


def scatter(marks: Sequence[Mark], viewer: Viewer, total: int, names: Mapping[str, str] | None = None) -> str:
    """Return the figure of some marks, of `total` memories. Each mark has `data-pick`: the number of its memory.

    `names` are those of places, by their ids.
    """
    places = Counter(mark.exchange.place.id for mark in marks)
    kinds = {place: number for number, (place, _) in enumerate(places.most_common(len(SHAPES)))}
    titles = {mark.exchange.place.id: viewer.where(mark.exchange.place) for mark in marks} | dict(names or {})
    drawn = "".join(_drawn(mark, kinds.get(mark.exchange.place.id), viewer, titles[mark.exchange.place.id]) for mark in marks)
    told = f"{len(marks):,} of {total:,} memories" if len(marks) < total else f"{total:,} {'memory' if total == 1 else 'memories'}"
    name = f"Map of {told} in {len(places):,} {'place' if len(places) == 1 else 'places'}"
    return (
        f'<figure class="map"><figcaption>{told}: what is alike in meaning lies close together.</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">{drawn}</svg>{_legend(kinds, places, titles)}</figure>'
    )


def _drawn(mark: Mark, kind: int | None, viewer: Viewer, where: str) -> str:
    exchange = mark.exchange
    x = MARGIN + mark.x * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - mark.y * (HEIGHT - 2 * MARGIN)
    hint = f"{viewer.when(exchange.when)} · {where}\n{shortened(exchange.said, LONGEST_HINT)}"
    return f'<g data-pick="{exchange.id}"><title>{escape(hint)}</title>{_shape(kind, x, y)}</g>'


def _shape(kind: int | None, x: float, y: float) -> str:
    name, path = ("rest", SHAPES[0]) if kind is None else (f"place{kind}", SHAPES[kind])
    return f'<path class="{name}" transform="translate({x:.1f} {y:.1f})" d="{path}"/>'


def _legend(kinds: dict[str, int], places: Counter[str], titles: dict[str, str]) -> str:
    items = [_entry(number, titles[place], places[place]) for place, number in kinds.items()]
    others = len(places) - len(kinds)
    if others:
        rest = sum(count for place, count in places.items() if place not in kinds)
        items.append(_entry(None, f"{others:,} other {'place' if others == 1 else 'places'}", rest))
    return f'<ul class="legend">{"".join(items)}</ul>'


def _entry(kind: int | None, title: str, count: int) -> str:
    mark = f'<svg viewBox="0 0 10 10" aria-hidden="true">{_shape(kind, 5, 5)}</svg>'
    return f"<li>{mark}<span>{escape(title)}</span> {count:,}</li>"
