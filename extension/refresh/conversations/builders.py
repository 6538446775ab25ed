"""Builders: which turns of a chat are a sample together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..recipe.format import Dataset as Cutting
from ..turns import Conversation, Turn
from .cutting import cut, filled
from .sessions import Turns, sessions


def samples(chat: Conversation, costs: Sequence[int], room: int, hours: float, how: Cutting) -> Iterator[Conversation]:
    """Yield the samples of a chat whose turns take `costs` tokens each; none takes more than `room`, but where a single turn does.

    `whole` is a session for each, cut where it is too long; `max_tokens` joins sessions that follow each other as long as they fit;
    `ungrouped` fills samples without regard to sessions; `one_turn` takes each learned turn with as much as fits of what its session holds
    before it, and learns nothing else there.
    """
    for turns in _parts(chat.turns, costs, room, hours, how):
        yield Conversation(chat.id, turns, chat.system)


def _parts(turns: Turns, costs: Sequence[int], room: int, hours: float, how: Cutting) -> Iterator[Turns]:
    if how.name == "ungrouped":
        yield from filled([(turn,) for turn in turns], costs, room)
        return
    taken = 0
    fitting: list[Turns] = []
    for session in sessions(turns, hours, how.min_session_length):
        of_session = costs[taken : taken + len(session)]
        taken += len(session)
        if how.name == "one_turn":
            yield from _one_by_one(session, of_session, room)
        else:
            fitting += cut(session, of_session, room, how.min_session_length)
    if how.name == "max_tokens":
        fitting = filled(fitting, _sums(fitting, costs), room)
    yield from fitting


def _one_by_one(session: Turns, costs: Sequence[int], room: int) -> Iterator[Turns]:
    start = taken = 0
    for number, turn in enumerate(session):
        taken += costs[number]
        while taken > room and start < number:
            taken -= costs[start]
            start += 1
        if turn.learned:
            yield (*(_heard(each) for each in session[start:number]), turn)


def _heard(turn: Turn) -> Turn:
    return replace(turn, learned=False) if turn.learned else turn


def _sums(parts: Sequence[Turns], costs: Sequence[int]) -> list[int]:
    """Return what each of some parts takes, which follow each other."""
    result, at = [], 0
    for part in parts:
        result.append(sum(costs[at : at + len(part)]))
        at += len(part)
    return result
