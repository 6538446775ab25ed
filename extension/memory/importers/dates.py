"""Moments as other programs write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TAVERN = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) ?@ ?(\d{1,2})h ?(\d{1,2})m ?(\d{1,2})s(?: ?(\d{1,3})ms)?")
_WORDED = ("%b %d, %Y %H:%M", "%B %d, %Y %I:%M%p", "%B %d, %Y %I:%M %p", "%B %d, %Y %H:%M", "%Y%m%d-%H-%M-%S")
_LONGEST = 60
_MILLISECONDS = 1e11
"""Numbers from here on count milliseconds and not seconds."""
_EARLIEST, _LATEST = 1971, 2200


def moment(value: Any) -> datetime | None:
    """Return a moment in UTC, or None for what is none, or none of this age.

    A number, also as text, is seconds or milliseconds since the epoch. A text is ISO 8601, `June 19, 2023 4:13pm`,
    `May 03, 2024 14:33`, `2024-5-3@14h33m22s123ms` or `20240503-14-33-22`; without a time zone, it is this machine's.
    """
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(value, str):
            found = _written(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS else value, UTC)
        else:
            return None
        if found is not None and _EARLIEST <= found.year <= _LATEST:
            return found.astimezone(UTC)
    return None


def modified(path: Path) -> datetime:
    """Return when a file was last changed. Raises OSError."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _written(text: str) -> datetime | None:
    if not text or len(text) > _LONGEST:
        return None
    if re.fullmatch(r"\d{9,14}(\.\d+)?", text):
        return moment(float(text))
    if found := _TAVERN.search(text):
        year, month, day, hour, minute, second, milliseconds = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, second, milliseconds * 1000)  # noqa: DTZ001 (local time)
    for form in _WORDED:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 (local time)
    return datetime.fromisoformat(text)
