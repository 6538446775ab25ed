"""Times as chat exports write them, which depends on the language of the machine they were made on.

Whether 3/4/2021 is in March or in April is decided over a whole file: by dates that only one reading allows, and where there are none, by
which reading lets the chat go forward in time; where both do, by how the hours are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from ...memory.importers.dates import moment as written

Order = Literal["day first", "month first", "year first"]
DATE = r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}\.?"
HALF = r"(?:[AaPp]\.?\s?[Mm]\b\.?|上午|下午|오전|오후|午前|午後)"
TIME = rf"(?:{HALF}\s?)?\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?:\s?{HALF})?"
_STAMP = re.compile(
    rf"(\d{{1,4}})[./-]\s?(\d{{1,2}})[./-]\s?(\d{{1,4}})\.?(?:(?:\s*,)?\s+(?:(?:at|um|à)\s)?"
    rf"({HALF})?\s?(\d{{1,2}})[:.](\d{{2}})(?:[:.](\d{{2}}))?(?:\.\d+)?\s?({HALF})?)?"
)
_NAMED = ("%d-%b-%y %I:%M %p", "%d-%b-%y %H:%M", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M", "%d %B %Y %H:%M", "%b %d, %Y %I:%M:%S %p")
_AFTERNOON = ("p", "下午", "오후", "午後")
_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " ", "\u200e": "", "\u200f": ""})


@dataclass(frozen=True, slots=True)
class Stamp:
    """The numbers of a date and a time."""

    numbers: tuple[int, int, int]
    hour: int
    minute: int
    second: int
    american: bool = False
    """Whether it has AM or PM in capitals, as where the month stands first; elsewhere it is 9:05 pm, or 21:05."""

    def in_order(self, order: Order) -> datetime | None:
        """Return the moment by an order of the date's numbers, None where it is none."""
        first, second, third = self.numbers
        year, month, day = {
            "day first": (third, second, first),
            "month first": (third, first, second),
            "year first": (first, second, third),
        }[order]
        year += 2000 if year < 100 else 0
        with suppress(ValueError, OverflowError):
            return datetime(year, month, day, self.hour, self.minute, self.second)  # noqa: DTZ001 (the zone is added later)
        return None


def stamp(text: str) -> Stamp | None:
    """Return the numbers of a time like `3/4/21, 9:05 PM`, None for another one."""
    found = _STAMP.fullmatch(text.translate(_SPACES).strip())
    if found is None:
        return None
    written_half = found[4] or found[8] or ""
    half = written_half.lower()
    hour = int(found[5] or 0)
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.startswith(_AFTERNOON) else 0)
    return Stamp((int(found[1]), int(found[2]), int(found[3])), hour, int(found[6] or 0), int(found[7] or 0), written_half in ("AM", "PM"))


def order_of(stamps: Iterable[Stamp]) -> Order:
    """Return the order in which the dates of a file are written."""
    readings: dict[Order, list[int]] = {"day first": [0, 0, 0], "month first": [0, 0, 0], "year first": [0, 0, 0]}
    before: dict[Order, datetime] = {}
    for each in stamps:
        readings["day first"][2] += each.american
        readings["month first"][2] += not each.american
        for order, counts in readings.items():
            when = each.in_order(order) if (order == "year first") == (each.numbers[0] > 31) else None
            if when is None:
                counts[0] += 1  # impossible
            else:
                counts[1] += order in before and when < before[order]  # backwards
                before[order] = when
    return min(readings, key=lambda order: readings[order])


def moment(text: str, order: Order, zone: tzinfo | None) -> datetime | None:
    """Return the moment (UTC) a text names, None for none. Times without a zone are in `zone`, None is the machine's."""
    found = stamp(text)
    when = _spelt(text.translate(_SPACES).strip()) if found is None else found.in_order(order)
    if when is None or not 1971 <= when.year <= 2200:
        return None
    with suppress(OverflowError, OSError, ValueError):
        return (when.replace(tzinfo=zone) if when.tzinfo is None and zone is not None else when).astimezone(UTC)
    return None


def _spelt(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in _NAMED:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 (the zone is added later)
    return written(text)
