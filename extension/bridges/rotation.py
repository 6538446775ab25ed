"""Whose turn it is: people one after the other, of each person the places one after the other, and in a place first come, first served."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Generic, Protocol, TypeVar


class Owned(Protocol):
    """Something that a person waits for in a place."""

    @property
    def person(self) -> str:
        """Whose it is."""

    @property
    def place(self) -> str:
        """Where it is waited for."""


T = TypeVar("T", bound=Owned)


class Rotation(Generic[T]):
    """What waits and what has begun. Nothing of a person begins in a place before what they had begun there has ended.

    While a person has something that may begin, each other person begins at most one thing before it: whoever begins something goes to
    the end of the row, and whoever is new joins at the end. A person whose only places are busy keeps their place in the row.
    Not safe to use from several threads.
    """

    def __init__(self) -> None:
        self._people: OrderedDict[str, OrderedDict[str, deque[T]]] = OrderedDict()
        self._begun: dict[tuple[str, str], T] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(len(line) for places in self._people.values() for line in places.values())

    @property
    def begun(self) -> list[T]:
        """What has begun and not ended."""
        return list(self._begun.values())

    def waiting(self, person: str) -> int:
        """Return how many wait of a person."""
        return sum(map(len, self._people.get(person, {}).values()))

    def add(self, item: T) -> None:
        """Put something at the end of its line."""
        self._people.setdefault(item.person, OrderedDict()).setdefault(item.place, deque()).append(item)

    def begin(self) -> T | None:
        """Take what is to begin now, or return None where nothing may."""
        for person, places in self._people.items():
            for place, line in places.items():
                if (person, place) not in self._begun:
                    item = line.popleft()
                    self._begun[person, place] = item
                    self._went(person, place)
                    return item
        return None

    def end(self, item: T) -> None:
        """Say that something that had begun has ended."""
        del self._begun[item.person, item.place]

    def remove(self, item: T) -> bool:
        """Take out something that waits; return False where it does not."""
        line = self._people.get(item.person, OrderedDict()).get(item.place, deque())
        if item not in line:
            return False
        line.remove(item)
        self._tidy(item.person, item.place)
        return True

    def order(self) -> list[T]:
        """Return what waits, in the order in which it would begin if nothing new came and everything took equally long."""
        return _in_turn(_in_turn(places.values()) for places in self._people.values())

    def _went(self, person: str, place: str) -> None:
        self._people[person].move_to_end(place)
        self._people.move_to_end(person)
        self._tidy(person, place)

    def _tidy(self, person: str, place: str) -> None:
        if not self._people[person][place]:
            del self._people[person][place]
        if not self._people[person]:
            del self._people[person]


def _in_turn(lines: Iterable[Iterable[T]]) -> list[T]:
    """Return the first of each line, then the second of each, and so on."""
    nothing = object()
    rounds: Iterator[object] = chain.from_iterable(zip_longest(*lines, fillvalue=nothing))
    return [item for item in rounds if item is not nothing]  # type: ignore[misc]
