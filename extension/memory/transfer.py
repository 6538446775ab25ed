"""Memories as a file: out of the diary, and line by line out of the file. See lines.py for what the lines hold.

Exchanges come in the order in which they were said, then summaries, then what was forgotten. Exporting, importing into
an empty diary and exporting again gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import sqlalchemy as sa
from pydantic import ValidationError

from ..database import Database
from ..errors import ImportRefused
from ..messages import Exchange, digest
from ..tables import exchange, extraction, forgotten
from .attributes import subject
from .diary import Filter
from .facts import found_among
from .lines import FORMAT, KIND, Header
from .rows import selected, slices, to_exchange
from .selection import EVERY, Selection, query_of
from .summary_lines import summary_lines

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes."""
_CHUNK = 100


def export(database: Database, out: BinaryIO, selection: Selection = EVERY) -> int:
    """Write memories to a stream, seen at one moment, and return how many exchanges they are. Raises StoreError.

    Their ids are held in memory, their words are not. What was forgotten goes along with everything, or with everything
    of one person.
    """
    columns = exchange.c
    query = query_of(database, selection).order_by(columns.said_at, columns.place_id, columns.branch, columns.row)
    with database.read() as connection:
        ids = list(connection.execute(query).scalars())
        _write(out, {"kind": KIND, "format": FORMAT})
        for some in slices(ids, _CHUNK):
            for line in _lines(connection, some):
                _write(out, line)
        for line in (*summary_lines(connection, ids), *_tombstones(connection, selection)):
            _write(out, line)
    return len(ids)


def read(file: BinaryIO) -> Iterator[tuple[int, bytes | ImportRefused]]:
    """Yield (line number, line) of a file after its header, counting from 1; for a line that is too long, the error.

    Raises ImportRefused when the file has no header, or one of a newer format.
    """
    _check_header(file.readline(1000))
    number = 1
    while text := file.readline(LONGEST_LINE):
        number += 1
        if len(text) == LONGEST_LINE and not text.endswith(b"\n"):
            while (more := file.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                continue
            yield number, ImportRefused(f"it is longer than {LONGEST_LINE // 1024**2} MB")
        elif text.strip():
            yield number, text


def _check_header(text: bytes) -> None:
    try:
        header = Header.model_validate_json(text)
    except ValidationError:
        raise ImportRefused(
            f'This is no file of memories: its first line should be {{"kind": "{KIND}", "format": {FORMAT}}}. '
            "`familiar memory export` writes such files. For a chat of another program, --from says which."
        ) from None
    if header.format != FORMAT:
        raise ImportRefused(
            f"The file has format {header.format}, and this Familiar reads format {FORMAT}. Update Familiar, then import it."
        )


def _lines(connection: sa.Connection, ids: list[int]) -> Iterator[dict[str, Any]]:
    rows = connection.execute(selected.where(exchange.c.id.in_(ids))).all()
    found = {row.id: (to_exchange(row), row.original) for row in rows}
    columns = exchange.c
    keys: dict[int, list[Any]] = {}
    for some in slices({number for held, _ in found.values() for number in held.memories}):
        query = sa.select(columns.id, columns.place_id, columns.row, columns.branch).where(columns.id.in_(some))
        keys |= {row.id: [row.place_id, row.row, row.branch] for row in connection.execute(query)}
    facts = _facts(connection, [held for held, _ in found.values()])
    for number in ids:
        yield _line(*found[number], keys) | facts.get(number, {})


def _line(held: Exchange, original: str, keys: dict[int, list[Any]]) -> dict[str, Any]:
    return {
        "kind": "exchange",
        "person": held.person.id,
        "person_name": held.person.name,
        "place": held.place.id,
        "place_title": held.place.title,
        "shared": held.place.shared,
        "companion": held.companion,
        "row": held.row,
        "branch": held.branch,
        "when": held.when.isoformat(timespec="microseconds"),
        "said": held.said,
        "reply": held.reply,
        "reasoning": held.reasoning,
        "model": held.model,
        "adapter": held.adapter,
        "memories": [keys[number] for number in held.memories if number in keys],
        "feedback": held.feedback,
        "pinned": held.pinned,
        "original": original,
    }


def _facts(connection: sa.Connection, exchanges: list[Exchange]) -> dict[int, dict[str, Any]]:
    """Return the facts of exchanges that were looked through, by their ids."""
    query = sa.select(extraction).where(extraction.c.exchange_id.in_([each.id for each in exchanges]))
    looked = {row.exchange_id: row.digest for row in connection.execute(query)}
    through = {each.id: each for each in exchanges if looked.get(each.id) == digest(each.said)}
    notes: dict[int, list[dict[str, Any]]] = {number: [] for number in through}
    for number, found in found_among(connection, list(through)):
        speaker = found.subject == subject(through[number].person.id, found.attribute)
        texts = {"about": found.about, "speaker": speaker, "attribute": found.attribute, "value": found.value}
        notes[number].append({**texts, "ends": found.ends})
    return {number: {"facts": some} for number, some in notes.items()}


def _tombstones(connection: sa.Connection, selection: Selection) -> Iterator[dict[str, Any]]:
    columns, who = forgotten.c, selection.chosen.person
    if selection != Selection(Filter(person=who)):
        return
    query = sa.select(columns.person_id, columns.digest).distinct().where(columns.digest != "").order_by(columns.person_id, columns.digest)
    for person, key in connection.execute(query if who is None else query.where(columns.person_id == who)):
        yield {"kind": "forgotten", "person": person, "digest": key}


def _write(out: BinaryIO, value: dict[str, Any]) -> None:
    out.write(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")
