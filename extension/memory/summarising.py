"""Making summaries in idle time: of chats that outgrew the model's sight, of sessions that are over, and of people.

A watermark in the database says up to which change everything was looked at; what a summary was made of is stored with
it. So a kill at any moment costs at most the answer under way, and a long chat is gone through part by part.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import sqlalchemy as sa

from ..database import Database, set_watermark, watermark
from ..messages import Exchange
from ..ports import Host
from ..tables import embedding, exchange
from .asking import Stopped, answer_of
from .condensing import believed, extract, generation, question
from .embeddings import unpacked
from .rows import selected, slices, to_exchange
from .summaries import Made, Subject, Summaries

log = logging.getLogger(__name__)

Method = Literal["extract", "model"]

SESSION_GAP = 4 * 3600.0
"""Seconds of silence after which another session begins."""
SHORTEST_SESSION = 3
"""Exchanges of a session that is worth a summary."""
FEWEST = 4
"""Exchanges that must be new before the summary of a chat is made again; of a person, twice as many."""
MOST_OF_A_PERSON = 200
"""The newest exchanges of a person that are summed up."""
MOST_COMPARED = 1_000
"""Exchanges among which sentences are chosen; of more, the newest."""
WORTHWHILE = 150
"""Tokens from which on there is something to save."""
_BATCH = 1_000
_WATERMARK = "summaries"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What fits, in tokens."""

    sight: int
    """What the model sees of a chat."""
    chat: int
    """The summary of a chat; one of a session or a person takes half of that."""


@dataclass(frozen=True, slots=True)
class _Job:
    subject: Subject
    exchanges: Sequence[int]
    """Ids of all exchanges that the summary is to stand for, in their order."""
    done: frozenset[int] = frozenset()
    """Those that the summary there is stands for."""
    before: str = ""
    tokens: int = 0
    """Tokens that the summary there is stands for."""


class Summarising:
    """Makes the summaries of one diary. Safe to run in several processes: the last one stays."""

    def __init__(self, database: Database, summaries: Summaries) -> None:
        self._database = database
        self._summaries = summaries

    def step(self, host: Host, sizes: Sizes, method: Method, stopped: Stopped) -> bool:
        """Make the next summary and return whether there may be more to do; False when it was stopped, too.

        Raises StoreError, HostError.
        """
        job: _Job | None = None
        with self._database.read() as connection:
            done = clear = watermark(connection, _WATERMARK)
            columns = [exchange.c[name] for name in ("id", "revision", "realm_id", "person_id", "place_id", "branch", "said_at")]
            after = sa.select(*columns).where(exchange.c.revision > done).order_by(exchange.c.revision)
            rows = connection.execute(after.limit(_BATCH)).all()
            seen: set[Subject] = set()
            for row in rows:
                jobs = self._jobs(connection, row, sizes, seen)
                job = next((job for job in jobs if len(job.done) < len(job.exchanges)), None)
                if job is not None or stopped():
                    break
                clear = row.revision
        if clear > done:
            self._advance(clear)
        if job is not None:
            made = self._composed(job, host, sizes, method, stopped)
            if made is not None:
                self._summaries.keep(made)
            return made is not None
        return bool(rows) and not stopped()

    def remake(self, number: int, host: Host, sizes: Sizes, method: Method, stopped: Stopped) -> int:
        """Make a summary anew of all it stands for, in place of the one there, and return the id of the new one.

        0 when it was stopped, or when something of it changed meanwhile; then the one there stays, or goes with what changed.

        Raises NotFound, StoreError, HostError; then the one there stays.
        """
        subject = self._summaries.subject(number)
        job = _Job(subject, [part for part, _ in self._summaries.parts(number)])
        while (made := self._composed(job, host, sizes, method, stopped)) is not None:
            if len(made.exchanges) >= len(job.exchanges):
                return self._summaries.keep(made)
            job = replace(job, done=frozenset(each.id for each in made.exchanges), before=made.text, tokens=made.stands_for)
        return 0

    def _advance(self, revision: int) -> None:
        with self._database.write() as connection:
            set_watermark(connection, _WATERMARK, max(revision, watermark(connection, _WATERMARK)))

    def _jobs(self, connection: sa.Connection, row: Any, sizes: Sizes, seen: set[Subject]) -> Iterator[_Job]:
        """Yield what may be due after the change of an exchange, but for what was `seen` before."""
        before = _just_before(connection, row)
        for each in (row,) if before is None else (row, before):
            subject = Subject("place", each.realm_id, place=each.place_id, branch=each.branch)
            if subject not in seen:
                seen.add(subject)
                chat = _chat(connection, subject)
                yield from self._of_chat(subject, chat, sizes)
                yield from self._of_sessions(connection, replace(subject, kind="session"), chat)
        person = Subject("person", row.realm_id, row.person_id)
        if person not in seen:
            seen.add(person)
            yield from self._of_person(connection, person)

    def _of_chat(self, subject: Subject, chat: Sequence[Any], sizes: Sizes) -> Iterator[_Job]:
        room, hidden = sizes.sight, len(chat)
        while hidden and (room := room - _rough(chat[hidden - 1])) >= 0:
            hidden -= 1
        yield from self._due(subject, chat[:hidden], 1, FEWEST)

    def _of_sessions(self, connection: sa.Connection, subject: Subject, chat: Sequence[Any]) -> Iterator[_Job]:
        sessions = list(_sessions(chat))
        for number, session in enumerate(sessions):
            over = number < len(sessions) - 1 or _went_elsewhere(connection, session[-1])
            if over:
                yield from self._due(subject, session, SHORTEST_SESSION, 1)

    def _of_person(self, connection: sa.Connection, subject: Subject) -> Iterator[_Job]:
        mine = sa.and_(exchange.c.realm_id == subject.realm, exchange.c.person_id == subject.person)
        newest = sa.select(*_LIGHT).where(mine).order_by(exchange.c.said_at.desc(), exchange.c.id.desc()).limit(MOST_OF_A_PERSON)
        yield from self._due(subject, connection.execute(newest).all()[::-1], 2 * FEWEST, 2 * FEWEST)

    def _due(self, subject: Subject, rows: Sequence[Any], first: int, further: int) -> Iterator[_Job]:
        """Yield the job of a summary that is missing, or that lacks as many exchanges as make another one worth while."""
        if len(rows) < first or sum(map(_rough, rows)) < WORTHWHILE:
            return
        ids = [row.id for row in rows]
        held = self._summaries.of(subject, ids[0] if subject.kind == "session" else None)
        if held is None:
            yield _Job(subject, ids)
            return
        found, parts = held
        if len(set(ids) - parts) >= further:
            goes_on = parts <= set(ids) and found.stands_for > 0  # one that was deleted stands for nothing
            yield _Job(subject, ids, frozenset(parts), found.text, found.stands_for) if goes_on else _Job(subject, ids)

    def _composed(self, job: _Job, host: Host, sizes: Sizes, method: Method, stopped: Stopped) -> Made | None:
        """Return a summary that goes as far as a model can read at once; None when it was stopped."""
        tokens = sizes.chat if job.subject.kind == "place" else sizes.chat // 2
        exchanges = self._read(job.exchanges)
        new = [each for each in exchanges if each.id not in job.done]
        text, model = "", ""
        if method == "model":
            new = _part(new, sizes.sight)
            answer = answer_of(host, question(new, job.before, tokens * 2 // 3), generation(tokens), stopped)
            if answer is None:
                return None
            text, model = believed(answer, new, job.before, host.count, tokens), host.model
        taken = {each.id for each in new} | job.done
        covered = [each for each in exchanges if each.id in taken]
        if not text:
            vectors = self._vectors([each.id for each in covered[-MOST_COMPARED:]])
            text, model = extract(covered[-MOST_COMPARED:], vectors, host.count, tokens), ""
        stands_for = job.tokens + host.count("\n".join(f"{each.said}\n{each.reply}" for each in new))
        log.debug("A summary of a %s stands for %d exchanges.", job.subject.kind, len(covered))
        return Made(job.subject, text, host.count(text), stands_for, covered, model)

    def _read(self, ids: Sequence[int]) -> list[Exchange]:
        found: dict[int, Exchange] = {}
        with self._database.read() as connection:
            for some in slices(ids):
                found |= {row.id: to_exchange(row) for row in connection.execute(selected.where(exchange.c.id.in_(some)))}
        return [found[number] for number in ids if number in found]

    def _vectors(self, ids: Sequence[int]) -> dict[int, Any]:
        """Return the embeddings of what was said, where there are any of the newest model."""
        rows: list[Any] = []
        with self._database.read() as connection:
            for some in slices(ids):
                query = sa.select(embedding).where(embedding.c.exchange_id.in_(some), embedding.c.part == "said")
                rows += connection.execute(query).all()
        space = rows[-1].space if rows else ""
        same = [row for row in rows if row.space == space and len(row.vector) == len(rows[-1].vector)]
        return dict(zip((row.exchange_id for row in same), unpacked([row.vector for row in same]), strict=True)) if same else {}


_WORDS = (sa.func.length(exchange.c.said) + sa.func.length(exchange.c.reply)).label("letters")
_LIGHT = (*(exchange.c[name] for name in ("id", "row", "said_at", "realm_id", "place_id", "branch")), _WORDS)


def _chat(connection: sa.Connection, subject: Subject) -> Sequence[Any]:
    columns = {"realm_id": subject.realm, "place_id": subject.place, "branch": subject.branch}
    here = sa.and_(*(exchange.c[name] == value for name, value in columns.items()))
    return connection.execute(sa.select(*_LIGHT).where(here).order_by(exchange.c.row)).all()


def _just_before(connection: sa.Connection, row: Any) -> Any:
    """Return what was said last in the same realm before an exchange, if it was in another chat: its session is over."""
    earlier = sa.and_(exchange.c.realm_id == row.realm_id, exchange.c.said_at < row.said_at)
    query = sa.select(*_LIGHT).where(earlier).order_by(exchange.c.said_at.desc(), exchange.c.id.desc()).limit(1)
    found = connection.execute(query).first()
    return found if found is not None and (found.place_id, found.branch) != (row.place_id, row.branch) else None


def _went_elsewhere(connection: sa.Connection, last: Any) -> bool:
    """Return whether something was said in another chat of the same realm since."""
    elsewhere = sa.or_(exchange.c.place_id != last.place_id, exchange.c.branch != last.branch)
    later = sa.and_(exchange.c.realm_id == last.realm_id, exchange.c.said_at > last.said_at, elsewhere)
    return connection.execute(sa.select(exchange.c.id).where(later).limit(1)).first() is not None


def _sessions(chat: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the exchanges of a chat, parted where there was silence for long."""
    session = list(chat[:1])
    for before, row in pairwise(chat):
        if row.said_at - before.said_at > SESSION_GAP:
            yield session
            session = []
        session.append(row)
    if session:
        yield session


def _rough(row: Any) -> int:
    """Return about how many tokens an exchange takes in a prompt."""
    return int(row.letters) // 4 + 16


def _part(exchanges: Sequence[Exchange], sight: int) -> list[Exchange]:
    """Return the first of some exchanges, as many as a model can read at once."""
    room, part = sight // 2, list(exchanges[:1])
    room -= (len(part[0].said) + len(part[0].reply)) // 4 if part else 0
    for each in exchanges[1:]:
        room -= min(len(each.said), 700) // 4 + min(len(each.reply), 700) // 4 + 16
        if room < 0:
            break
        part.append(each)
    return part
