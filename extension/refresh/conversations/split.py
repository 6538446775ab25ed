"""The part of the chats that is kept to measure by: the latest sessions, whole, and never learned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil

from ..turns import Conversation, Turn
from .sessions import Turns, sessions

FEWEST = 20
"""Messages below which nothing is kept back."""
MOST = 0.25
"""The part of all turns that whole sessions may take; beyond it only the end of the latest one is kept back."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def split(chats: Sequence[Conversation], fraction: float, hours: float, least: int) -> tuple[list[Conversation], list[Conversation]]:
    """Return the chats without their latest sessions, and these sessions: no message is in both.

    The latest of all chats together by the time they began, chats without times before all others. At least one session, as soon as there
    are 20 messages and somebody's words are learned in it.
    """
    turns = [turn for chat in chats for turn in chat.turns]
    if not fraction or sum(max(1, len(turn.lines)) for turn in turns) < FEWEST:
        return list(chats), []
    cut = [sessions(chat.turns, hours, least) for chat in chats]
    order = sorted(((_began(part), chat, number) for chat, parts in enumerate(cut) for number, part in enumerate(parts)), reverse=True)
    wanted = max(1, round(fraction * len(order)))
    chosen: list[tuple[int, int]] = []
    for _, chat, number in order:
        if len(chosen) == wanted:
            break
        if any(turn.learned for turn in cut[chat][number]):
            chosen.append((chat, number))
    size = sum(len(cut[chat][number]) for chat, number in chosen)
    if size > max(MOST, 2 * fraction) * len(turns):
        return _tail(chats, cut, chosen[0], max(least, ceil(fraction * len(turns))))
    kept = [[part for number, part in enumerate(parts) if (chat, number) not in set(chosen)] for chat, parts in enumerate(cut)]
    held = [_part(chats[chat], cut[chat][number]) for chat, number in sorted(chosen)]
    return [_part(chat, _flat(parts)) for chat, parts in zip(chats, kept, strict=True) if parts], held


def _tail(
    chats: Sequence[Conversation], cut: Sequence[Sequence[Turns]], where: tuple[int, int], count: int
) -> tuple[list[Conversation], list[Conversation]]:
    """Keep back only the last turns of a session: as many as are wanted, and on to the next that is learned."""
    chosen, number = where
    session = cut[chosen][number]
    last = max(at for at, turn in enumerate(session) if turn.learned)
    start = max(1, min(len(session) - count, last))
    train = [
        _part(chat, _flat([*parts[:number], session[:start], *parts[number + 1 :]]) if at == chosen else chat.turns)
        for at, (chat, parts) in enumerate(zip(chats, cut, strict=True))
    ]
    return train, [_part(chats[chosen], session[start:])]


def _began(part: Sequence[Turn]) -> datetime:
    return next((turn.at for turn in part if turn.at is not None), _BEFORE_ALL)


def _part(chat: Conversation, turns: Turns) -> Conversation:
    return Conversation(chat.id, turns, chat.system)


def _flat(parts: Sequence[Turns]) -> Turns:
    return tuple(turn for part in parts for turn in part)
