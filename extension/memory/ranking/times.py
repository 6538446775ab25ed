"""The times a question speaks of, by rules: "last Tuesday", "in May", "two weeks ago", "on 3 June 2024"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_NUMBERS |= {"eleven": 11, "twelve": 12, "couple": 2, "few": 3, "several": 4}
_DAYS_OF = {"day": 1, "night": 1, "week": 7, "month": 30, "year": 365}
_MONTH = "|".join([*MONTHS, *(name[:3] for name in MONTHS if name != "may"), "sept"])
_NUMBER = rf"\d{{1,3}}|{'|'.join(_NUMBERS)}"
_UNIT = "|".join(_DAYS_OF)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: seconds since the epoch, `since` inclusive, `until` exclusive."""

    since: float
    until: float

    def holds(self, moment: float) -> bool:
        """Return whether a moment lies in it."""
        return self.since <= moment < self.until


def spans(text: str, now: datetime) -> Iterator[Span]:
    """Yield the times a text speaks of, seen from `now` (with a time zone). A date that cannot be is passed over.

    A month or a day of the week without more is the latest that has begun. "Since we met" is all there is: no span.
    """
    for pattern, rule in _RULES:
        for found in pattern.finditer(text):
            try:
                since, until = rule(found, now)
                yield Span(since.timestamp(), until.timestamp())
            except (ValueError, OverflowError):
                continue


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _days(start: datetime, count: float = 1) -> tuple[datetime, datetime]:
    return start, start + timedelta(days=count)


def _month_number(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name.lower()[:3]))


def _month(year: int, month: int, now: datetime, count: int = 1) -> tuple[datetime, datetime]:
    start = _midnight(now).replace(year=year, month=month, day=1)
    end = month - 1 + count
    return start, start.replace(year=year + end // 12, month=end % 12 + 1)


def _date(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month, day = _month_number(found["month"]), int(found["day"])
    start = _midnight(now).replace(year=int(found["year"] or now.year), month=month, day=day)
    if found["year"] is None and start > now:
        start = start.replace(year=now.year - 1)
    return _days(start)


def _iso(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    return _days(_midnight(now).replace(year=int(found[1]), month=int(found[2]), day=int(found[3])))


def _whole_month(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month = _month_number(found["month"])
    year = int(found["year"]) if found["year"] else now.year - (month > now.month)
    since, until = _month(year, month, now)
    return since, (now + timedelta(days=1) if found["since"] else until)


def _season(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    month = _SEASONS[found["season"].lower()]
    year = int(found["year"]) if found["year"] else now.year - (month > now.month)
    return _month(year, month, now, 3)


def _year(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    return _month(int(found["year"]), 1, now, 12)


def _ago(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    count, unit = _counted(found["count"]), _DAYS_OF[found["unit"].lower()]
    back = _midnight(now) - timedelta(days=count * unit)
    slack = {1: 0, 7: 4, 30: 15, 365: 120}[unit] + (1 if count > 2 else 0)
    return back - timedelta(days=slack), back + timedelta(days=slack + 1)


def _past(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(days=_counted(found["count"] or "one") * _DAYS_OF[found["unit"].lower()]), now + timedelta(days=1)


def _last(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    today, unit, this = _midnight(now), found["unit"].lower(), found["which"].lower() == "this"
    if unit == "week":
        return _days(today - timedelta(days=today.weekday() + (0 if this else 7)), 7)
    if unit == "weekend":
        return _days(today - timedelta(days=(today.weekday() - 5) % 7 if today.weekday() >= 5 else today.weekday() + 2), 2)
    if unit == "month":
        first = today.replace(day=1)
        return (first, now + timedelta(days=1)) if this else ((first - timedelta(days=1)).replace(day=1), first)
    if unit == "year":
        return _month(now.year - (0 if this else 1), 1, now, 12)
    return _days(today) if this else _days(today - timedelta(days=1), 1.5)  # last night ends in the morning


def _weekday(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    back = (now.weekday() - DAYS.index(found["day"].lower())) % 7 or 7
    return _days(_midnight(now) - timedelta(days=back))


def _near(found: re.Match[str], now: datetime) -> tuple[datetime, datetime]:
    word = found[0].lower()
    if word.startswith("recent") or word == "lately":
        return now - timedelta(days=21), now + timedelta(days=1)
    back = 2 if "before" in word else 1 if word == "yesterday" else 0
    return _days(_midnight(now) - timedelta(days=back))


def _counted(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b{pattern}\b", re.IGNORECASE)


_IN = "in|during|last|this"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_RULES = (
    (_rule(r"((?:19|20)\d\d)-(\d\d)-(\d\d)"), _iso),
    (_rule(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\.?,?(?: {_YEAR})?"), _date),
    (_rule(rf"(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? {_YEAR})?"), _date),
    (
        _rule(rf"(?:{_IN}|(?P<since>since)|early|late)(?: early| late| mid)? (?P<month>{_MONTH})(?:,?(?: of)? {_YEAR})?(?! \d)"),
        _whole_month,
    ),
    (_rule(rf"(?:in|during|of|last|since)(?: the| early| late)? (?P<season>{'|'.join(_SEASONS)})(?: of)?(?: {_YEAR})?"), _season),
    (_rule(rf"(?:in|during|since) {_YEAR}"), _year),
    (_rule(rf"(?P<count>{_NUMBER})(?: of)? (?P<unit>{_UNIT})s? ago"), _ago),
    (_rule(rf"(?:in|over|during|within) the (?:last|past) (?:(?P<count>{_NUMBER}) )?(?P<unit>{_UNIT})s?"), _past),
    (_rule(r"(?<!the )(?P<which>last|this|previous) (?P<unit>week|weekend|month|year|night)"), _last),
    (_rule(rf"(?:last|on|this|past|since) (?P<day>{'|'.join(DAYS)})"), _weekday),
    (_rule(r"(?:the day before yesterday|(?<!before )yesterday|today|recently|lately)"), _near),
)
