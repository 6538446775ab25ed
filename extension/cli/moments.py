"""Moments as a person types them: a day, a day and a time, `today`, `yesterday`, or how long ago."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import typer

_AGO = re.compile(r"(\d{1,6})(min|h|d|w)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FORMS = "2026-11-21, 2026-11-21T09:30, today, yesterday, 30min, 12h, 7d or 2w"


def moment(text: str, now: datetime, *, end: bool = False) -> float:
    """Return a moment in seconds since the epoch, read in this machine's time zone. A day alone is its start, or its end.

    Raises typer.BadParameter.
    """
    text = text.strip().lower()
    try:
        if found := _AGO.fullmatch(text):
            return (now - timedelta(**{_UNITS[found[2]]: int(found[1])})).timestamp()
        if text in ("today", "yesterday"):
            return _day(now.astimezone().date() - timedelta(days=text == "yesterday"), end)
        if _DAY.fullmatch(text):
            return _day(date.fromisoformat(text), end)
        return datetime.fromisoformat(text.upper()).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no moment. It may be {FORMS}.") from None


def _day(day: date, end: bool) -> float:
    return datetime.combine(day + timedelta(days=end), time(0)).astimezone().timestamp()
