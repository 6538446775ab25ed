"""How well long replies are split into messages: what is torn or lost, and how long it takes.

    python -m bench.split [--replies 1000] [--seed 1] [--limit 2000] [--json]

Replies are generated (see replies.py) and split; what comes out is read line by line, by other code than the splitter's own, and compared
with what went in. Each column is the part of the replies in which something is wrong: a message over the limit (UTF-16 units); a message
with a fence that is not closed in it; characters that are missing or new, white space apart; a line of code or of a list that begins
elsewhere than it did, or blank lines missing; code that is under another language, or under none. *Cut at the limit* and *between lines*
are what a few lines of Python do, and show that the columns find what they look for.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from statistics import mean
from time import perf_counter
from typing import Any

from bench.machine import machine, told
from bench.replies import Replies
from bench.turn import percentiles
from extension.bridges.splitter import LIMIT, split

Splitter = Callable[[str, int], list[str]]
COLUMNS = ("over the limit", "unbalanced fence", "text lost", "indentation lost", "language lost or wrong")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`\s]*)[ \t]*")
_ITEM = re.compile(r"[ \t]*(?:[-*]|\d+\.) \w+")


def cut(text: str, limit: int) -> list[str]:
    """Cut a text every so many characters."""
    return [text[start : start + limit] for start in range(0, len(text), limit)]


def between_lines(text: str, limit: int) -> list[str]:
    """Split a text between its lines, without a look at what they are."""
    found = [""]
    for line in text.splitlines(keepends=True):
        if len(found[-1]) + len(line) > limit:
            found.append("")
        found[-1] += line
    return [part.strip() for part in found]


SPLITTERS: dict[str, Splitter] = {
    "familiar": lambda text, limit: split(text, limit),
    "between lines": between_lines,
    "cut at the limit": cut,
}


class Read:
    """What is in a text: its code, line by line with the language, the beginnings of list items, and what else is visible."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.code: list[tuple[str, str]] = []
        self.items: list[str] = []
        self.visible: list[str] = []
        self.unclosed = 0
        for message in messages:
            self._message(message)

    def _message(self, message: str) -> None:
        marks = language = ""
        for line in message.split("\n"):
            fence = _FENCE.fullmatch(line)
            if fence and not marks:
                marks, language = fence.groups()
            elif fence and fence[1].startswith(marks) and not fence[2]:
                marks = ""
            else:
                self.visible.append("".join(line.split()))
                if marks:
                    self.code.append((language, line))
                elif item := _ITEM.match(line):
                    self.items.append(item[0])
        self.unclosed += bool(marks)


def judged(text: str, messages: Sequence[str], limit: int) -> dict[str, bool]:
    """Return, for each column, whether something is wrong."""
    before, after = Read([text]), Read(messages)
    lines_before, lines_after = ([line for _, line in read.code] for read in (before, after))
    languages_before, languages_after = ([(language, line.strip()) for language, line in read.code] for read in (before, after))
    wrong = (
        any(len(each.encode("utf-16-le")) // 2 > limit for each in messages),
        after.unclosed > 0,
        "".join(before.visible) != "".join(after.visible),
        lines_before != lines_after or before.items != after.items,
        languages_before != languages_after,
    )
    return dict(zip(COLUMNS, wrong, strict=True))


def measure(splitter: Splitter, replies: Sequence[str], limit: int = LIMIT) -> dict[str, Any]:
    """Return the figures of one way to split."""
    verdicts, numbers, times = [], [], []
    for text in replies:
        started = perf_counter()
        messages = splitter(text, limit)
        times.append(1e3 * (perf_counter() - started))
        numbers.append(len(messages))
        verdicts.append(judged(text, messages, limit))
    wrong = {column: round(mean(each[column] for each in verdicts), 4) for column in COLUMNS}
    return {"wrong": wrong, "messages": round(mean(numbers), 2), "split_ms": percentiles(times)}


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replies", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1, help="another number makes other replies")
    parser.add_argument("--limit", type=int, default=LIMIT)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    if given.replies < 2:
        parser.error("--replies takes a number of at least 2")
    made = Replies(given.seed)
    replies = [made.one() for _ in range(given.replies)]
    figures = {
        "benchmark": "split",
        "machine": machine(),
        "replies": len(replies),
        "characters": round(mean(map(len, replies))),
        "limit": given.limit,
        "splitters": {name: measure(splitter, replies, given.limit) for name, splitter in SPLITTERS.items()},
    }
    print(json.dumps(figures, indent=2) if given.json else table(figures))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    about = f"{figures['replies']:,} replies of {figures['characters']:,} characters on average, limit {figures['limit']:,}."
    head = ["", *COLUMNS, "messages", "p50 / p95, ms"]
    lines = [told(figures["machine"]), "", about, "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, each in figures["splitters"].items():
        cells = [name, *(f"{each['wrong'][column]:.1%}" for column in COLUMNS), str(each["messages"])]
        lines.append(f"| {' | '.join([*cells, '{p50} / {p95}'.format(**each['split_ms'])])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
