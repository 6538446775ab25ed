"""The timeline: memories per week as a row of bars, in HTML and SVG of our own, so that it needs no library and follows the theme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from ..memory.browsing import MOST_WEEKS, Week

LEAST_WEEKS = 26
"""Weeks that are drawn at least: a single bar as wide as the page looks like a mistake."""
HEIGHT = 100
SMALLEST = 3
"""Height of the bar of a week with few memories, so that it can be seen and hit."""
WIDTH = 3
"""Pixels that a week takes at least; a longer timeline is scrolled."""


def timeline(weeks: Sequence[Week]) -> str:
    """Return the figure, or nothing without memories. Each bar has `data-week`: the first and the last day of its week."""
    if not weeks:
        return ""
    most = max(weeks, key=lambda week: week.exchanges)
    told = f"{_counted(sum(week.exchanges for week in weeks))}, most of them ({most.exchanges:,}) in the week of {_day(most.monday)}."
    weeks = [*(Week(weeks[0].monday - timedelta(days=7 * n), 0) for n in range(LEAST_WEEKS - len(weeks), 0, -1)), *weeks]
    bars = "".join(_bar(number, week, most.exchanges) for number, week in enumerate(weeks) if week.exchanges)
    name = escape(f"Memories per week: {told}")
    drawing = f'<svg viewBox="0 0 {len(weeks)} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{name}">{bars}</svg>'
    width = f"min-width:{len(weeks) * WIDTH}px"
    inside = f'<div style="{width}">{drawing}{_axis(weeks)}</div>'
    note = f" Only the last {MOST_WEEKS // 52} years are drawn." if len(weeks) >= MOST_WEEKS else ""
    return (
        f'<figure class="timeline"><figcaption><b>Memories per week</b> {escape(told + note)}</figcaption>'
        f'<div class="plot"><span class="most" aria-hidden="true">{most.exchanges:,}</span><div class="scroll" tabindex="0" '
        f'role="group" aria-label="Timeline">{inside}</div></div></figure>'
    )


def _bar(number: int, week: Week, most: int) -> str:
    height = max(SMALLEST, week.exchanges / most * HEIGHT)
    last = week.monday + timedelta(days=6)
    hint = f"{_day(week.monday)} – {_day(last)}: {_counted(week.exchanges)}"
    bar = f'<rect x="{number + 0.1:.1f}" y="{HEIGHT - height:.1f}" width="0.8" height="{height:.1f}"/>'
    # The whole column can be pointed at, not only a bar that may be a few pixels high.
    column = f'<rect class="column" x="{number}" y="0" width="1" height="{HEIGHT}"/>'
    return f'<g data-week="{week.monday.isoformat()}/{last.isoformat()}"><title>{hint}</title>{column}{bar}</g>'


def _axis(weeks: Sequence[Week]) -> str:
    """Return the names of some months below the bars, at most six or so."""
    step = max(1, len(weeks) // 6)
    named: list[tuple[int, str]] = []
    for number, week in enumerate(weeks):
        begins = number == 0 or (week.monday.year, week.monday.month) != (weeks[number - 1].monday.year, weeks[number - 1].monday.month)
        if begins and (not named or number - named[-1][0] >= max(step, 4)) and number <= len(weeks) * 0.88:
            year = f" {week.monday.year}" if not named or week.monday.year != weeks[named[-1][0]].monday.year else ""
            named.append((number, f"{week.monday:%b}{year}"))
    ticks = "".join(f'<span style="left:{number / len(weeks) * 100:.2f}%">{text}</span>' for number, text in named)
    return f'<div class="axis" aria-hidden="true">{ticks}</div>'


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _counted(count: int) -> str:
    return f"{count:,} {'memory' if count == 1 else 'memories'}"
