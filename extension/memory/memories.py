"""All of memory behind one object: the diary, its indexes, recall, and what a person may do with what is remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from ..database import Database
from ..errors import FamiliarError, StoreError
from ..messages import Attention, Memory, Person, Place, Scope, Turn
from ..ports import Embedder
from ..tables import exchange
from ..vectors import Server
from .answers import FormerAnswers
from .catchup import CatchUp
from .chat_logs import ChatLogs
from .diary import EVERYTHING, Answer, Diary, Filter
from .exports import Exports
from .facts import Fact, Facts
from .forgetting import Forgetting
from .fulltext import FullText
from .learning import Learning
from .links import Links
from .marks import Marks
from .numbering import likely_row, next_row
from .preferences import Preferences
from .ranking import Corrections
from .recall import Question, Recall
from .reconcile import ChatRow, Reconciled, reconcile
from .retention import Retention
from .rows import clean, clean_turn
from .seen import Seen
from .semantic import Semantic
from .spool import Spool
from .summaries import Summaries
from .summarising import Summarising
from .thinking import FactFinding
from .unfinished import Unfinished

log = logging.getLogger(__name__)

_A_MOMENT = 0.25
"""Seconds a turn may wait for the words of the turn before it to be indexed."""
_A_WHILE = 2.0
"""Seconds that the first question, for which the model was loaded, waits for the newest embeddings."""
_A_FEW = 1_000
"""Exchanges whose words a turn indexes itself; after an import of very many, the others follow in the background."""
_IDLE = 3_600.0
"""Seconds after which an idle process looks again: at what grew too old, and at what other processes did."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What is kept, in numbers."""

    exchanges: int
    people: int
    places: int
    pinned: int
    first: float | None
    """Seconds since the epoch."""
    last: float | None
    diary_bytes: int
    index_bytes: int
    unsaved: int
    """Turns kept aside because the diary could not be written."""
    behind: int
    """Changes that recall by meaning has not seen yet."""
    index: str
    """'chroma', 'exact' or 'none' (not opened yet)."""


class Memories:
    """The memory of one data directory. Constructing it does nothing; the first use opens the database."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        data_dir: Path,
        patience: float = 20.0,
        retention_days: int = 0,
        server: Server | None = None,
        besides: Callable[[], object] = lambda: None,
    ) -> None:
        """`besides` is a last step of every catching up."""
        self.database = database
        self.diary = Diary(database)
        self.fulltext = FullText(database)
        self.semantic = Semantic(database, embedder, data_dir / "vectors", server)
        self.corrections = Corrections(data_dir)
        self.recall = Recall(database, self.diary, self.fulltext, self.semantic, self.corrections)
        self.preferences = Preferences(database)
        self.learning = Learning(self.preferences, self.recall, self.semantic, self.corrections)
        self.marks = Marks(database)
        self.seen = Seen(database)
        self.links = Links(database)
        self.unfinished = Unfinished(database)
        self.former = FormerAnswers(database)
        self.facts = Facts(database)
        self.fact_finding = FactFinding(database)
        self.summaries = Summaries(database)
        self.summarising = Summarising(database, self.summaries)
        self.spool = Spool(data_dir)
        self.exports = Exports(database, data_dir)
        self.chat_logs = ChatLogs(database, data_dir)
        derived = (self.fulltext.catch_up, self.semantic.sync, self.exports.clear, self.learning.tidy, self.chat_logs.tidy)
        erase = (*derived, database.compact)
        self.forgetting = Forgetting(database, self.spool, self._drain, erase, self.warm_up)
        self.retention = Retention(database, retention_days)
        forgotten = (self.retention.run, self.forgetting.erase, self.semantic.erase)
        last = (besides, self.chat_logs.tidy)
        self.catch_up = CatchUp(self._drain, self.fulltext.catch_up, *forgotten, self.semantic.catch_up, *last, every=_IDLE)
        self._data_dir = data_dir
        self._patience = patience
        self._patient_until: float | None = None

    def warm_up(self) -> None:
        """Open the stores, drain the spool and catch up, in the background."""
        self.catch_up.kick()

    def hear(self, turn: Turn) -> int | None:
        """Write what was said before there is a reply; return its id, or None when it was kept aside instead."""
        return self._kept(turn, Answer(""), hearing=True)

    def remember(self, turn: Turn, answer: Answer) -> int | None:
        """Write a turn with its reply; return its id, or None when it was kept aside instead. The words are safe after this."""
        return self._kept(turn, answer, hearing=False)

    def about(self, turn: Turn, attention: Attention, own: int | None = None, visible: Collection[str] = ()) -> list[Memory]:
        """Return the memories that bear on a turn, best first. Raises StoreError when the diary cannot be read.

        `own` is the exchange of this very turn, and `visible` are the digests of exchanges the model sees anyway. The
        first calls wait up to `patience` seconds, all together, for the embedding model; a later one a moment for the
        newest words.
        """
        if not self.semantic.ready or self.fulltext.behind(own):
            self._index_now()
        turn = clean_turn(turn)
        without = () if own is None else (own,)
        question = Question(
            turn.said, turn.person, turn.place, turn.companion, attention.scope, attention.memories, without, frozenset(visible)
        )
        found = self.recall.search(question, dense=self.semantic.ready)
        unseen = self.seen.hidden_among(memory.exchange.id for memory in found)
        found = [memory for memory in found if memory.exchange.id not in unseen]
        changes = self.facts.changes([memory.exchange.id for memory in found])
        return [replace(memory, changed=changes.get(memory.exchange.id, ())) for memory in found]

    def search(
        self, text: str, person: Person, companion: str, scope: Scope = "person", limit: int = 50, place: Place | None = None
    ) -> list[Memory]:
        """Return what a person finds when they search their own memories, best first, weak matches included.

        `place` is where they are, in private where none is given; the scope 'place' needs one.
        """
        self._index_now()
        question = Question(clean(text), person, place or Place(""), companion, scope, limit)
        return self.recall.search(question, dense=self.semantic.ready, gate=False)

    def reconcile(self, person: Person, place: Place, companion: str, rows: Sequence[ChatRow], current: int) -> Reconciled:
        """Bring the diary in line with a chat as its host shows it. Raises StoreError."""
        changes = reconcile(self.database, person, place, companion, rows, current)
        if changes:
            log.info("Chat compared with the diary: %s", changes)
            self.catch_up.kick()
        return changes

    def edit(self, number: int, *, said: str | None = None, reply: str | None = None, found_by: str = "") -> None:
        """Change the words of a memory, in the indexes too. `found_by` is the search that found it. Raises NotFound."""
        self.diary.edit(number, said=said, reply=reply)
        self.marks.note(number, "edit", found_by)
        self.catch_up.kick()

    def pin(self, number: int, pinned: bool = True, found_by: str = "") -> None:
        """Pin or unpin a memory. `found_by` is the search that found it. Raises NotFound."""
        self.diary.pin(number, pinned)
        if pinned:
            self.marks.note(number, "pin", found_by)
        else:
            self.marks.remove(number, "pin")

    def forget(self, ids: Sequence[int]) -> int:
        """Remove exchanges and their copies for good, in the indexes and in the bytes of the files; return how many went."""
        return self.forgetting.forget(ids).exchanges

    def edit_fact(self, number: int, **parts: str | None) -> Fact:
        """Put a fact right (see Facts.edit), in the index and in the bytes of the files too, and return it."""
        fact = self.facts.edit(number, **parts)
        self.forgetting.scrub()
        return fact

    def forget_fact(self, number: int) -> None:
        """Remove a fact, in the index and in the bytes of the files too. Raises NotFound."""
        self.facts.delete(number)
        self.forgetting.scrub()

    def forget_summary(self, number: int) -> None:
        """Remove a summary (see Summaries.delete), from the bytes of the files too. Raises NotFound."""
        self.summaries.delete(number)
        self.forgetting.scrub()

    def settle(self) -> None:
        """Catch up here and now: afterwards both indexes agree with the diary. Raises StoreError, MissingModel, MissingPackage."""
        self.catch_up.run()

    def next_row(self, place_id: str) -> int:
        """Return a row after the last one of a place, and give it to nobody else. Raises StoreError when the diary cannot be read."""
        place_id = clean(place_id)
        try:
            return next_row(self.database, place_id)
        except StoreError as exc:  # what is said there now is kept aside
            log.warning("%s", exc)
            return likely_row(self.database, place_id)

    def stats(self, chosen: Filter = EVERYTHING) -> Stats:
        """Return counts and sizes. Raises StoreError."""
        import sqlalchemy as sa

        column = exchange.c
        query = sa.select(
            sa.func.count(),
            sa.func.count(sa.distinct(column.person_id)),
            sa.func.count(sa.distinct(column.place_id)),
            sa.func.coalesce(sa.func.sum(sa.cast(column.pinned, sa.Integer)), 0),
            sa.func.min(column.said_at),
            sa.func.max(column.said_at),
        ).where(chosen.condition())
        with self.database.read() as connection:
            exchanges, people, places, pinned, first, last = connection.execute(query).one()
        sizes = (self.database.size(), _size(list((self._data_dir / "vectors").rglob("*"))))
        waiting = (self.spool.waiting(), self.semantic.behind())
        return Stats(exchanges, people, places, pinned, first, last, *sizes, *waiting, self.semantic.kind)

    def close(self) -> None:
        """Let go of everything."""
        self.semantic.halt()
        self.forgetting.close()
        self.catch_up.close()
        self.semantic.close()
        self.database.close()

    def _index_now(self) -> None:
        """Index the newest words, and wait a while for the embedding model, or a moment for the newest embeddings."""
        try:
            self.fulltext.catch_up(most=_A_FEW)
        except StoreError as exc:  # what cannot be written can still be read
            log.warning("The newest words are not indexed yet: %s", exc)
        self.catch_up.kick()
        if self._patient_until is None:
            self._patient_until = monotonic() + self._patience
        was_ready = self.semantic.ready
        patience = 0.0 if was_ready else self._patient_until - monotonic()
        self.catch_up.wait(max(_A_MOMENT, patience), enough=lambda: patience > _A_MOMENT and self.semantic.ready)
        if not was_ready and self.semantic.ready:  # what was said while the model was loaded is not embedded yet
            self.catch_up.wait(_A_WHILE)

    def _kept(self, turn: Turn, answer: Answer, *, hearing: bool) -> int | None:
        if not turn.recorded:
            return None
        try:
            self._drain()
            number = self.diary.hear(turn) if hearing else self.diary.write(turn, answer)
        except FamiliarError as exc:
            where = self.spool.append(turn, answer)
            log.error("%s What was just said is kept in %s and will be written when the diary can be.", exc, where)
            return None
        if not hearing:  # what was just said is not recalled for itself, so its index can wait for the reply
            self.catch_up.kick()
        return number

    def _drain(self) -> int:
        return self.spool.drain(self.diary.write)


def _size(paths: Sequence[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
