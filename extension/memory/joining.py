"""Joins a conversation of another program into the diary: what is new of it is added in its place, whole or not at all.

Rows are aligned with what the diary holds by their words, so that a chat that went on since it was last read, or of
which an older copy is read, adds what is missing and nothing twice. Nothing is removed: a file says what was said, not
what was not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import ImportRefused
from ..messages import Person, Place, Turn, digest
from ..tables import exchange, person, place
from .diary import Answer, Entry, insert_all
from .importers.conversation import Attribution, Conversation
from .intake import Report, Rules
from .reconcile import ChatRow, cleaned, forgotten_by, held_in, move, rewrite, source
from .rows import clean, clean_turn, slices

Pair = tuple[Any, ChatRow | None]
"""A row of the diary, None for none, beside a row of the chat."""
Block = tuple[bool, Sequence[Any], Sequence[ChatRow]]
_MOST_COMPARED = 50_000_000


def join(database: Database, conversation: Conversation, whose: Attribution, rules: Rules, report: Report) -> None:
    """Add what the diary does not hold of a conversation, in one transaction, and count it.

    Raises ImportRefused for one that repeats itself endlessly, and StoreError.
    """
    rows = [cleaned(row) for row in conversation.rows]
    with database.write() as connection:
        who, where = _known(connection, conversation, whose)
        held = connection.execute(held_in(where, exchange)).all()
        if not rules.restore:
            gone = forgotten_by(connection, who, {_key(row) for row in rows} - {source(each) for each in held})
            report.forgotten += sum(_key(row) in gone for row in rows)
            rows = [row for row in rows if _key(row) not in gone]
        pairs = list(_aligned(held, rows))
        numbers = list(_numbers(pairs))
        move(connection, [(old, number) for (old, _), number in zip(pairs, numbers, strict=True) if old is not None])
        new = [replace(row, row=number) for (old, row), number in zip(pairs, numbers, strict=True) if row is not None and old is None]
        for some in slices(new):
            insert_all(connection, [_entry(who, where, row) for row in some])
        report.added += len(new)
        for old, row in pairs:
            if row is not None and old is not None:
                _compare(connection, old, row, rules, report)
    report.chats += 1


def _known(connection: sa.Connection, conversation: Conversation, whose: Attribution) -> tuple[Person, Place]:
    """Return who spoke and where, under the names they are known by here where they are."""
    who, where = clean(whose.person), clean(conversation.place.id)
    name = connection.execute(sa.select(person.c.name).where(person.c.id == who)).scalar()
    found = connection.execute(sa.select(place).where(place.c.id == where)).first()
    title = found.title if found is not None and found.title else clean(conversation.place.title)
    return Person(who, name or clean(conversation.speaker)), Place(where, found is not None and bool(found.shared), title)


def _aligned(held: Sequence[Any], rows: Sequence[ChatRow]) -> list[Pair]:
    """Return the two sides beside each other, so that the fewest rows are new.

    Where a chat repeats itself, the longest common parts can leave over a row that is there; one question after the other finds it.
    """
    pairs = list(_by_words(held, rows))
    if any(old is None for old, _ in pairs) and (found := list(_one_by_one(held, rows))) and all(old is not None for old, _ in found):
        return found
    return pairs


def _one_by_one(held: Sequence[Any], rows: Sequence[ChatRow]) -> Iterator[Pair]:
    """Yield each row of the chat beside the next of the diary that asks the same."""
    left = iter(rows)
    row = next(left, None)
    for each in held:
        if row is not None and row.said == each.said:
            yield each, row
            row = next(left, None)
        else:
            yield each, None
    while row is not None:
        yield None, row
        row = next(left, None)


def _by_words(held: Sequence[Any], rows: Sequence[ChatRow]) -> Iterator[Pair]:
    """Yield what both sides hold, in order; beside each other are the same words, and the same question with another reply."""
    for same, old, new in _blocks(held, rows, [source(each) for each in held], [_key(row) for row in rows]):
        if same:
            yield from zip(old, new, strict=True)
            continue
        for alike, before, after in _blocks(old, new, [each.said for each in old], [row.said for row in new]):
            if alike:
                yield from zip(before, after, strict=True)
            else:
                yield from ((each, None) for each in before)
                yield from ((None, row) for row in after)


def _blocks(held: Sequence[Any], rows: Sequence[ChatRow], ours: list[str], theirs: list[str]) -> Iterator[Block]:
    """Yield blocks of both sides in order, and whether they are the same by `ours` and `theirs`."""
    same = 0
    while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:  # as good as always all of it
        same += 1
    yield True, held[:same], rows[:same]
    often = Counter(ours[same:])
    if sum(count * often[key] for key, count in Counter(theirs[same:]).items()) > _MOST_COMPARED:
        raise ImportRefused("it repeats itself too often to be compared with what is here. Forget its place first, then import it again")
    for kind, a, b, c, d in SequenceMatcher(None, ours[same:], theirs[same:], autojunk=False).get_opcodes():
        yield kind == "equal", held[same + a : same + b], rows[same + c : same + d]


def _numbers(pairs: Sequence[Pair]) -> Iterator[int]:
    """Yield a row for each pair, as it is or beyond the one before it."""
    before = -1
    for old, row in pairs:
        before = max(before + 1, old.row if old is not None else row.row if row is not None else 0)
        yield before


def _entry(who: Person, where: Place, row: ChatRow) -> Entry:
    turn = clean_turn(Turn(who, where, row.companion, row.said, row.row, row.when))
    return Entry(turn, Answer(row.reply, row.reasoning, row.model))


def _compare(connection: sa.Connection, old: Any, row: ChatRow, rules: Rules, report: Report) -> None:
    if source(old) == _key(row):
        report.unchanged += 1
    elif not old.reply or rules.replace:
        now = connection.execute(sa.select(exchange).where(exchange.c.id == old.id)).one()
        rewrite(connection, now, row)
        report.replaced += 1
    else:
        report.kept += 1


def _key(row: ChatRow) -> str:
    return digest(row.said, row.reply)
