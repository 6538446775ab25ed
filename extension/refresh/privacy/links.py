"""Web and mail addresses in a text, as linkify-it finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

_LINKED = re.compile(r"://|\w\.\w")


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield where mail addresses stand."""
    if "@" in text:
        yield from ((found.index, found.last_index) for found in _found(text) if found.schema == "mailto:")


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield where web addresses stand, with or without `https://`."""
    if _LINKED.search(text):
        yield from ((found.index, found.last_index) for found in _found(text) if found.schema != "mailto:")


def _found(text: str) -> list[Any]:
    return list(_linkify().match(text) or ())


@cache
def _linkify() -> Any:
    from linkify_it import LinkifyIt

    return LinkifyIt()
