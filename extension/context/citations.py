"""Citations: the numbers in brackets by which a reply says which excerpt of a document it draws on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..messages import Excerpt
from ..prompt import origin

_NUMBERS = re.compile(r"\[(\d{1,3}(?:\s?[,;]\s?\d{1,3})*)\](?!\()")
_NUMBER = re.compile(r"\d+")
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)


def cited(reply: str, count: int) -> list[int]:
    """Return which of `count` excerpts a reply names, from 1, in the order in which it does; code names none."""
    found = [int(number) for part in _CODE.split(reply)[::2] for group in _NUMBERS.findall(part) for number in _NUMBER.findall(group)]
    return [number for number in dict.fromkeys(found) if 1 <= number <= count]


def with_links(reply: str, count: int, link: Callable[[int], str]) -> str:
    """Return a reply in Markdown whose citations of `count` excerpts are links; `link` returns the address of a number."""

    def linked(found: re.Match[str]) -> str:
        numbers = [int(number) for number in _NUMBER.findall(found[1])]
        if not all(1 <= number <= count for number in numbers):
            return found[0]
        return " ".join(f"[\\[{number}\\]]({link(number)})" for number in numbers)

    return outside_code(reply, lambda part: _NUMBERS.sub(linked, part))


def without_links(reply: str, link: str) -> str:
    """Return a reply as it was before `with_links`, where all addresses begin with `link`."""
    return re.sub(rf"\[\\?\[(\d+)\\?\]\]\({re.escape(link)}[^)\s]*\)", r"[\1]", reply)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with what is not code in it changed."""
    return "".join(part if at % 2 else change(part) for at, part in enumerate(_CODE.split(text)))


def footnotes(reply: str, excerpts: Sequence[Excerpt]) -> list[str]:
    """Return a line for each excerpt that a reply names: `[2] The Tower (tower.pdf), page 3`."""
    return [f"[{number}] {origin(excerpts[number - 1])}" for number in cited(reply, len(excerpts))]
