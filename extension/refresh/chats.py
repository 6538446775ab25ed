"""The chats that were imported from other programs: kept beside the diary, a file whole or not at all, and read as lines.

What overlaps is one: a message is known by its chat and its id. Where a later import has other words for it, it was edited, and they count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import NotFound
from ..memory.desks import forget_members
from ..memory.rows import clean, slices
from ..messages import digest
from ..tables import chat, chat_line, chat_person, chat_source
from .diary import Era, diary_lines, joined
from .lines import Line
from .recipe.data import Sources

_BATCH = 500
_LONGEST_KEY = 300
"""Characters of an id or a name; real ones are far shorter."""
_AT_ONCE = 2_000
"""Rows that are read from the database at a time."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat: its id, unique among all platforms, what it is called, and the format of its export."""

    id: str
    title: str
    format: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An imported chat, with its messages, how many people wrote them, and their span (UTC; None where the export has no times)."""

    chat: Chat
    lines: int
    people: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is kept account of: its name, format and digest."""

    name: str
    format: str
    digest: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the messages of a file."""

    added: int
    changed: int
    """There already, in other words."""
    there: int
    """There already, and the same."""
    forgotten: int
    """Of people who asked to be forgotten, and left out."""


class Chats:
    """The imported chats of one database. Every method raises StoreError when the database fails.

    `retention_days` is how long places without a rule keep what is said to the companion, as the setting of this name.
    """

    def __init__(self, database: Database, retention_days: int = 0) -> None:
        self._database = database
        self._days = retention_days

    def lines(self, sources: Sources) -> Iterator[Line]:
        """Yield the messages of the sources, chat by chat and each in the order of its times. Raises NotFound for a chat there is not."""
        era = Era(_begin(sources.since), _begin(sources.until and sources.until + timedelta(days=1)))
        chosen = self._chosen(sources)
        for number in chosen:
            found = self._of(number, era)
            yield from joined(self._database, self._days, era, list(found)) if sources.diary else found
        if sources.diary:
            yield from diary_lines(self._database, self._days, era, frozenset(chosen))

    def kept(self) -> list[Kept]:
        """Return the imported chats, the largest first."""
        columns = chat_line.c
        about = sa.func.count(), sa.func.count(columns.author.distinct()), sa.func.min(columns.said_at), sa.func.max(columns.said_at)
        query = sa.select(chat, *about).outerjoin(chat_line, columns.chat_id == chat.c.id).group_by(*chat.c)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(sa.func.count().desc(), chat.c.id)).all()
        return [Kept(Chat(row[0], row[1], row[2]), row[3] if row[4] else 0, row[4], _moment(row[5]), _moment(row[6])) for row in rows]

    def written_by(self, authors: Iterable[str]) -> list[Line]:
        """Return all imported messages of these authors, the earliest first."""
        query = sa.select(chat_line).order_by(chat_line.c.said_at, chat_line.c.chat_id, chat_line.c.position)
        with self._database.read() as connection:
            return [_line(row) for some in slices(authors) for row in connection.execute(query.where(chat_line.c.author.in_(some)))]

    def add(self, file: File, chats: Iterable[Chat], lines: Iterable[Line], dropped: Mapping[str, int], now: datetime) -> Added:
        """Keep the messages of a file, in one transaction: all of them, or nothing at all."""
        counts: Counter[str] = Counter()
        with self._database.write() as connection:
            source = connection.execute(
                sa.insert(chat_source).returning(chat_source.c.id),
                {
                    "name": clean(file.name), "format": file.format, "digest": file.digest, "lines": 0,
                    "dropped": json.dumps(dropped), "imported_at": now.timestamp(),
                },
            ).scalar_one()  # fmt: skip
            for each in chats:
                _keep_chat(connection, each)
            forgotten = set(connection.execute(sa.select(chat_person.c.id).where(chat_person.c.forgotten)).scalars())
            for some in _batches(_cleaned(lines)):
                wanted = [(position, line) for position, line in some if line.author not in forgotten]
                counts["forgotten"] += len(some) - len(wanted)
                counts += _put(connection, source, wanted)
            connection.execute(sa.update(chat_source).where(chat_source.c.id == source).values(lines=counts["added"]))
            if not counts["added"]:
                _forget_sources(connection)
        return Added(counts["added"], counts["changed"], counts["there"], counts["forgotten"])

    def remove(self, number: str) -> int:
        """Remove a chat, and return how many messages went; their bytes are overwritten. Raises NotFound."""
        with self._database.write() as connection:
            if not connection.execute(sa.delete(chat).where(chat.c.id == number)).rowcount:
                raise NotFound("There is no such chat. `familiar chats list` shows those there are.")
            gone = connection.execute(sa.delete(chat_line).where(chat_line.c.chat_id == number)).rowcount
            _forget_sources(connection)
            forget_members(connection)
        self._database.compact()
        return gone

    def forget(self, authors: Iterable[str]) -> int:
        """Remove all messages of these authors, and return how many went; their bytes are overwritten."""
        gone = 0
        with self._database.write() as connection:
            for some in slices(authors):
                gone += connection.execute(sa.delete(chat_line).where(chat_line.c.author.in_(some))).rowcount
            connection.execute(sa.delete(chat).where(~sa.exists().where(chat_line.c.chat_id == chat.c.id)))
            _forget_sources(connection)
            forget_members(connection)
        if gone:
            self._database.compact()
        return gone

    def _chosen(self, sources: Sources) -> list[str]:
        with self._database.read() as connection:
            there = list(connection.execute(sa.select(chat.c.id).order_by(chat.c.id)).scalars())
        if sources.chats == "all":
            return there
        if missing := [each for each in sources.chats if each not in there]:
            raise NotFound(f"There is no chat {missing[0]!r}. `familiar chats list` shows those there are.")
        return list(sources.chats)

    def _of(self, number: str, era: Era) -> Iterator[Line]:
        """Yield the messages of a chat; of an era, those whose time is known and lies in it."""
        columns = chat_line.c
        conditions = [columns.chat_id == number]
        conditions += [columns.said_at >= era.since] if era.since is not None else []
        conditions += [columns.said_at < era.until] if era.until is not None else []
        order = (columns.said_at.is_(None), columns.said_at, columns.source_id, columns.position)
        query = sa.select(chat_line).where(*conditions).order_by(*order)
        with self._database.read() as connection:
            for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
                yield _line(row)


def _begin(day: date | None) -> float | None:
    return None if day is None else datetime.combine(day, time(), UTC).timestamp()


def _key(text: str) -> str:
    """Return an id as it is stored: no index of a database takes one of any length."""
    text = clean(text)
    return text if len(text) <= _LONGEST_KEY else f"{text[: _LONGEST_KEY - 40]}…{digest(text)}"


def _keep_chat(connection: sa.Connection, found: Chat) -> None:
    number, title = _key(found.id), clean(found.title)[:_LONGEST_KEY]
    values = {"title": title} if title else {}
    there = connection.execute(sa.select(chat.c.id).where(chat.c.id == number)).first()
    if there is None:
        connection.execute(sa.insert(chat).values(id=number, title=title, format=found.format))
    elif values:
        connection.execute(sa.update(chat).where(chat.c.id == number).values(**values))


def _cleaned(lines: Iterable[Line]) -> Iterator[tuple[int, Line]]:
    for position, line in enumerate(lines):
        yield (
            position,
            replace(
                line,
                id=_key(line.id),
                conversation=_key(line.conversation),
                author=_key(line.author),
                name=clean(line.name)[:_LONGEST_KEY],
                text=clean(line.text),
                reply_to=_key(line.reply_to),
                reactions=tuple((clean(emoji), count) for emoji, count in line.reactions),
                attachments=tuple(map(clean, line.attachments)),
            ),
        )


def _batches(lines: Iterator[tuple[int, Line]]) -> Iterator[list[tuple[int, Line]]]:
    """Yield lines by the hundred, none twice in a batch: of those with the same id the last one counts."""
    batch: dict[tuple[str, str], tuple[int, Line]] = {}
    for each in lines:
        batch[each[1].conversation, each[1].id] = each
        if len(batch) == _BATCH:
            yield list(batch.values())
            batch = {}
    if batch:
        yield list(batch.values())


def _put(connection: sa.Connection, source: int, lines: list[tuple[int, Line]]) -> Counter[str]:
    columns = chat_line.c
    compared = (columns.chat_id, columns.id, columns.text, columns.name, columns.reactions)
    by_chat: dict[str, list[str]] = {}
    for _, line in lines:
        by_chat.setdefault(line.conversation, []).append(line.id)
    there: dict[tuple[str, str], tuple[str, str, str]] = {}
    for number, ids in by_chat.items():
        found = connection.execute(sa.select(*compared).where(columns.chat_id == number, columns.id.in_(ids)))
        there |= {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}
    new = [_row(source, position, line) for position, line in lines if (line.conversation, line.id) not in there]
    known = [_row(source, position, line) for position, line in lines if (line.conversation, line.id) in there]
    changed = [row for row in known if there[row["chat_id"], row["id"]] != (row["text"], row["name"], row["reactions"])]
    if new:
        connection.execute(sa.insert(chat_line), new)
    for row in changed:
        match = sa.and_(columns.chat_id == row["chat_id"], columns.id == row["id"])
        connection.execute(sa.update(chat_line).where(match).values({name: row[name] for name in ("text", "name", "reactions")}))
    return Counter(added=len(new), changed=len(changed), there=len(known) - len(changed))


def _row(source: int, position: int, line: Line) -> dict[str, Any]:
    return {
        "chat_id": line.conversation,
        "id": line.id,
        "source_id": source,
        "position": position,
        "author": line.author,
        "name": line.name,
        "text": line.text,
        "said_at": None if line.at is None else line.at.timestamp(),
        "bot": line.bot,
        "reply_to": line.reply_to,
        "reactions": json.dumps(line.reactions, ensure_ascii=False),
        "attachments": json.dumps(line.attachments, ensure_ascii=False),
    }


def _line(row: Any) -> Line:
    return Line(
        id=row.id,
        conversation=row.chat_id,
        author=row.author,
        name=row.name,
        text=row.text,
        at=_moment(row.said_at),
        bot=bool(row.bot),
        reply_to=row.reply_to,
        reactions=tuple((emoji, count) for emoji, count in json.loads(row.reactions)),
        attachments=tuple(json.loads(row.attachments)),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _forget_sources(connection: sa.Connection) -> None:
    """Remove the account of files of which nothing is left."""
    connection.execute(sa.delete(chat_source).where(~sa.exists().where(chat_line.c.source_id == chat_source.c.id)))
