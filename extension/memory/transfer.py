"""Memories as a file: JSON Lines in UTF-8, one exchange on each line, in the order in which they were said.

The first line is the header `{"kind": "familiar-memories", "format": 1}`. A line of kind `exchange` holds

    person, person_name     who spoke: the identity, and the name it is shown under ("" for none)
    place, place_title      where: the identity, and its title ("" for none)
    shared                  whether several people share the place
    companion               who answered
    row, branch             the position in the place (0, 1, …), and which of its conversations this is ("" for the only one)
    when                    ISO 8601 with a time zone
    said, reply, reasoning  the words, reasoning apart
    model, adapter          what answered
    memories                what was shown to the model for the reply, as [place, row, branch] of each exchange
    feedback                1 thumbs up, -1 thumbs down, 0 none
    pinned                  true or false
    original                digest of the words before the person edited them, "" for never edited ones

of which person, place, companion, row, when and said must be there. A line of kind `forgotten` holds a `person` and the
`digest` of words that were forgotten, so that no other copy of a chat brings them back. Ids are not kept: they belong to
one diary. Exporting, importing into an empty diary and exporting again gives the same bytes.

Importing is idempotent, and a later import goes on where one was killed. A line whose place, row and branch are taken
replaces what is there only when its words differ and it is the newer one; it is left out when its words were forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, BinaryIO, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..database import Database, exchange, forgotten
from ..errors import ImportRefused
from ..messages import Exchange
from .diary import Filter
from .rows import selected, slices, to_exchange
from .selection import EVERY, Selection, query_of

FORMAT = 1
KIND = "familiar-memories"
LONGEST_LINE = 32 * 1024 * 1024
"""Bytes."""
_CHUNK = 100


def _of_this_age(when: datetime) -> datetime:
    if not 1971 <= when.year <= 9000:  # so that no time zone moves it off the calendar
        raise ValueError("the year should lie between 1971 and 9000")
    return when.astimezone(UTC)


class Line(BaseModel):
    """One exchange of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Literal["exchange"] = "exchange"
    person: str
    person_name: str = ""
    place: str
    place_title: str = ""
    shared: bool = False
    companion: str
    row: int = Field(ge=0, lt=2**62)
    branch: str = ""
    when: Annotated[AwareDatetime, AfterValidator(_of_this_age)]
    said: str
    reply: str = ""
    reasoning: str = ""
    model: str = ""
    adapter: str = ""
    memories: tuple[tuple[str, Annotated[int, Field(ge=0, lt=2**62)], str], ...] = Field((), max_length=1000)
    feedback: int = Field(0, ge=-1, le=1)
    pinned: bool = False
    original: str = Field("", pattern=r"^([0-9a-f]{32})?$")


class Tombstone(BaseModel):
    """Words of a person that were forgotten."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Literal["forgotten"] = "forgotten"
    person: str
    digest: str = Field(pattern=r"^[0-9a-f]{32}$")


class Header(BaseModel):
    """The first line."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Literal["familiar-memories"]
    format: int


_LINES: TypeAdapter[Line | Tombstone] = TypeAdapter(Annotated[Line | Tombstone, Field(discriminator="kind")])


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
        for tombstone in _tombstones(connection, selection):
            _write(out, tombstone)
    return len(ids)


def parsed(text: bytes) -> Line | Tombstone:
    """Return what one line means. Raises ImportRefused, naming the field and not repeating the words."""
    try:
        return _LINES.validate_json(text)
    except ValidationError as exc:
        raise ImportRefused(_reason(exc)) from None


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
    for number in ids:
        yield _line(*found[number], keys)


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


def _tombstones(connection: sa.Connection, selection: Selection) -> Iterator[dict[str, Any]]:
    columns, who = forgotten.c, selection.chosen.person
    if selection != Selection(Filter(person=who)):
        return
    query = sa.select(columns.person_id, columns.digest).distinct().where(columns.digest != "").order_by(columns.person_id, columns.digest)
    for person, digest in connection.execute(query if who is None else query.where(columns.person_id == who)):
        yield {"kind": "forgotten", "person": person, "digest": digest}


def _write(out: BinaryIO, value: dict[str, Any]) -> None:
    out.write(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")


def _reason(exc: ValidationError) -> str:
    error = exc.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in error["loc"] if part not in ("exchange", "forgotten"))
    message = (
        error["msg"] if error["type"] not in ("union_tag_invalid", "union_tag_not_found") else "`kind` should be exchange or forgotten"
    )
    return f"`{where}`: {message}" if where else message
