"""Chats in tables: DiscordChatExporter's CSV, and any other whose columns say who wrote what, with or without when."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from ...context.readers.charset import SAMPLE, charset
from ...context.readers.separated import delimiter
from ...errors import ImportRefused
from ..chats import Chat
from ..lines import Line
from .columns import Columns, columns_of
from .export import Dropped, Export, Item
from .stamps import Order, moment, order_of, stamp

NAME = "csv"
DISCORD = "discord-csv"
_LONGEST = 1_000_000
"""Characters of a cell."""
_CHANNEL = re.compile(r"\[(\d{5,25})\]")
_REACTION = re.compile(r"(\S+) \((\d{1,9})\)")


def head(sample: str) -> Columns | None:
    """Return the columns of a table that begins with a sample, None where they do not say who wrote what."""
    sign = delimiter(sample) or ","
    try:
        return columns_of(next(csv.reader(sample.splitlines(), delimiter=sign), []))
    except csv.Error:
        return None


def read(export: Export) -> Iterator[Item]:
    """Yield the chats of a table and their messages. Raises ImportRefused, OSError."""
    with _rows(export) as rows:
        columns = columns_of(next(rows, []))
        if columns is None:
            raise ImportRefused("its first line names no columns for who wrote (`username`) and what (`text`)")
        order = _order(export, columns)
        seen: set[str] = set()
        for row in rows:
            if not row:
                continue
            line = _line(row, columns, order, export)
            if isinstance(line, Line) and line.conversation not in seen:
                seen.add(line.conversation)
                yield Chat(line.conversation, columns.of(row, "chat") or export.stem, DISCORD if columns.discord else NAME)
            yield line


def _line(row: list[str], columns: Columns, order: Order, export: Export) -> Line | Dropped:
    who, content = columns.of(row, "author").strip(), columns.of(row, "text")
    if not who or any(row[columns.width :]):
        return Dropped("malformed")
    attachments = tuple(filter(None, (each.strip() for each in columns.of(row, "attachments").split(","))))
    if not content.strip() and not attachments:
        return Dropped("empty")
    written = columns.when(row)
    at = moment(written, order, export.zone) if written else None
    if columns.timed and at is None:
        return Dropped("unreadable time")
    platform = "discord" if columns.discord else NAME
    number = columns.of(row, "author_id").strip()
    author = f"{platform}:{number or who}"
    chat = f"{platform}:{_chat(columns.of(row, 'chat'), columns, export)}"
    return Line(
        id=columns.of(row, "id").strip() or export.number(chat, at, author, content + "".join(attachments)),
        conversation=chat,
        author=author,
        name=re.sub(r"#\d{4}$", "", who) if columns.discord else who,
        text=content,
        at=at,
        reactions=tuple((emoji, int(number)) for emoji, number in _REACTION.findall(columns.of(row, "reactions"))),
        attachments=attachments,
    )


def _chat(named: str, columns: Columns, export: Export) -> str:
    """Return the id of a chat: its column's, the channel's in the name DiscordChatExporter gives files, or the file's name."""
    found = _CHANNEL.search(export.path.name) if columns.discord else None
    return f"{export.stem}/{named.strip()}" if named.strip() else found[1] if found else export.stem


def _order(export: Export, columns: Columns) -> Order:
    if not columns.timed:
        return "year first"
    with _rows(export) as rows:
        found = (stamp(columns.when(row)) for row in islice(rows, 1, None) if row)
        return order_of(each for each in found if each is not None)


@contextmanager
def _rows(export: Export) -> Iterator[Iterator[list[str]]]:
    csv.field_size_limit(_LONGEST)
    with export.path.open("rb") as file:
        sample = file.read(SAMPLE)
        file.seek(0)
        name = charset(sample, whole=len(sample) < SAMPLE)
        with io.TextIOWrapper(file, encoding=name, errors="replace", newline="") as opened:
            sign = delimiter(sample.decode(name, "replace")) or ","
            try:
                yield csv.reader((line.replace("\x00", "") for line in opened), delimiter=sign)
            except csv.Error:
                raise ImportRefused("a cell of it is longer than a million characters: perhaps a quote is not closed") from None
