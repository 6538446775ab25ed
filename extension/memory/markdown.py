"""Memories as Markdown, to read: a section for each place, a heading for each day, and the words as quotations, with the
facts that were noted of them; summaries at the end.

Nothing that was said can end its quotation, pass for a heading, or bring along HTML or a picture that a viewer would
fetch; code stays code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from typing import BinaryIO

import sqlalchemy as sa

from ..database import Database
from ..messages import Exchange, Place
from ..tables import exchange, person, place
from .facts import Fact, noted_among
from .rows import selected, slices, to_exchange
from .selection import EVERY, Selection, query_of
from .summary_lines import summaries_of

_CHUNK = 100
_LINES = re.compile(r"\r\n|\r|\n")
_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def export(database: Database, out: BinaryIO, selection: Selection = EVERY, zone: tzinfo | None = None) -> int:
    """Write memories to a stream, seen at one moment, and return how many exchanges they are. Raises StoreError.

    Places come in the order in which something was first said there, days in the time zone `zone`; None is the machine's.
    """
    columns = exchange.c
    query = query_of(database, selection).add_columns(columns.place_id).order_by(columns.said_at, columns.row, columns.id)
    with database.read() as connection:
        places: dict[str, list[int]] = {}
        for number, where in connection.execute(query):
            places.setdefault(where, []).append(number)
        out.write(b"# Memories\n")
        for ids in places.values():
            for text in _section(_exchanges(connection, ids), zone):
                out.write(text.encode("utf-8"))
        for text in _summaries(connection, {number for ids in places.values() for number in ids}, zone):
            out.write(text.encode("utf-8"))
    return sum(map(len, places.values()))


def _exchanges(connection: sa.Connection, ids: list[int]) -> Iterator[tuple[Exchange, Sequence[Fact]]]:
    for some in slices(ids, _CHUNK):
        found = {row.id: to_exchange(row) for row in connection.execute(selected.where(exchange.c.id.in_(some)))}
        facts = noted_among(connection, some)
        yield from ((found[number], facts.get(number, ())) for number in some)


def _section(exchanges: Iterator[tuple[Exchange, Sequence[Fact]]], zone: tzinfo | None) -> Iterator[str]:
    here: Place | None = None
    for day, those in groupby(exchanges, lambda each: each[0].when.astimezone(zone).date()):
        for number, (each, facts) in enumerate(those):
            if here is None:
                here = each.place
                yield f"\n## {_plain(here.title or here.id)}\n\n{'Shared' if here.shared else 'Private'}: {_plain(here.id)}\n"
            if not number:
                yield f"\n### {day:%A}, {_day(each.when, zone)}\n"
            yield _entry(each, zone)
            yield from (_noted(fact, zone) for fact in facts)


def _noted(fact: Fact, zone: tzinfo | None) -> str:
    ended = f" (until {_day(fact.until, zone)})" if fact.until is not None else ""
    return f"\nNoted: {_plain(fact.text)}{ended}\n"


def _summaries(connection: sa.Connection, ids: set[int], zone: tzinfo | None) -> Iterator[str]:
    """Yield the summaries of nothing but these exchanges, and a heading where there are any."""
    for number, (row, parts) in enumerate(summaries_of(connection, ids)):
        if not number:
            yield "\n## Summaries\n"
        about = sa.select(person.c.name) if row.kind == "person" else sa.select(place.c.title)
        key = row.person_id or row.place_id
        name = connection.execute(about.where((person if row.kind == "person" else place).c.id == key)).scalar() or key
        what = {"place": "chat", "session": "session", "person": "person"}[row.kind]
        since, until = (_day(datetime.fromtimestamp(each, UTC), zone) for each in (row.since, row.until))
        span = since if since == until else f"{since} to {until}"
        yield f"\n**{_plain(name)}**, {what}, {span}, {len(parts)} exchanges\n\n{_quoted(row.text)}\n"


def _day(when: datetime, zone: tzinfo | None) -> str:
    local = when.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _entry(each: Exchange, zone: tzinfo | None) -> str:
    about = f"{each.when.astimezone(zone):%H:%M}{', pinned' if each.pinned else ''}"
    text = f"\n**{_plain(each.person.shown)}** to {_plain(each.companion)}, {about}\n\n{_quoted(each.said)}\n"
    if each.reply.strip():
        model = f" ({_plain(each.model)})" if each.model else ""
        text += f"\n**{_plain(each.companion)}**{model}\n\n{_quoted(each.reply)}\n"
    return text


def _plain(text: str) -> str:
    """Return a name as one line that means nothing to Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).split())) or "(no name)"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _harmless(text))


def _harmless(text: str) -> Iterator[str]:
    """Yield the lines of a text; those outside of its fenced code without HTML and pictures."""
    fence = ""
    for line in (_CONTROL.sub("\N{REPLACEMENT CHARACTER}", line) for line in _LINES.split(text.strip("\r\n"))):
        if fence:
            yield line
            if re.fullmatch(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*", line):
                fence = ""
        elif found := _FENCE.fullmatch(line):
            fence = found[1] or found[2]
            yield line
        else:
            yield _TAG.sub("&lt;", line).replace("![", "!\\[")
