"""Tests of whose turn it is: fair to people whatever the others do, in order within a place, and nothing lost or doubled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from extension.bridges.rotation import Rotation


@dataclass(frozen=True)
class Item:
    person: str
    place: str
    number: int = 0


def rotation(*items: str) -> Rotation[Item]:
    """Return a rotation in which these wait: `ann/den` is Ann's in the den."""
    made: Rotation[Item] = Rotation()
    for number, item in enumerate(items):
        made.add(Item(*item.split("/"), number))
    return made


def drained(made: Rotation[Item]) -> list[Item]:
    """Begin and end one after the other until nothing waits."""
    found = []
    while item := made.begin():
        made.end(item)
        found.append(item)
    return found


def shown(items: list[Item]) -> str:
    return " ".join(f"{item.person}/{item.place}/{item.number}" for item in items)


def test_people_take_turns_and_then_their_places():
    made = rotation("ann/den", "ann/den", "ann/hall", "ann/hall", "bob/den", "bob/den", "cat/den")
    expected = "ann/den/0 bob/den/4 cat/den/6 ann/hall/2 bob/den/5 ann/den/1 ann/hall/3"
    assert shown(made.order()) == expected
    assert shown(drained(made)) == expected


def test_one_person_has_one_thing_going_in_a_place():
    made = rotation("ann/den", "ann/den", "bob/den")
    first = made.begin()
    assert first == Item("ann", "den", 0)
    assert made.begin() == Item("bob", "den", 2)
    assert made.begin() is None
    made.end(first)
    assert made.begin() == Item("ann", "den", 1)


def test_who_had_to_wait_for_their_own_keeps_their_place_in_the_row():
    made = rotation("ann/den", "ann/den", "bob/den", "bob/hall")
    first = made.begin()
    assert shown([made.begin(), made.begin()]) == "bob/den/2 bob/hall/3"
    made.add(Item("bob", "attic", 9))
    made.end(first)
    assert made.begin() == Item("ann", "den", 1)


class Taking(RuleBasedStateMachine):
    """Anybody adds, begins, ends and removes anything, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.rotation: Rotation[Item] = Rotation()
        self.numbers = count()
        self.waiting: list[Item] = []
        self.begun: list[Item] = []
        self.before: dict[str, Counter[str]] = {}
        """Of each person who could begin something, how much others began meanwhile."""

    def able(self) -> dict[str, Item]:
        """Return the people who could begin something."""
        busy = {(item.person, item.place) for item in self.begun}
        return {item.person: item for item in self.waiting if (item.person, item.place) not in busy}

    def follow(self) -> None:
        self.before = {person: self.before.get(person, Counter()) for person in self.able()}

    @rule(person=st.sampled_from("abcde"), place=st.sampled_from("xyz"), times=st.integers(1, 5))
    def add(self, person, place, times):
        for _ in range(times):
            self.waiting.append(Item(person, place, next(self.numbers)))
            self.rotation.add(self.waiting[-1])
        self.follow()

    @rule()
    def begin(self):
        able = self.able()
        item = self.rotation.begin()
        assert (item is None) == (not able)
        if item is None:
            return
        line = [each for each in self.waiting if (each.person, each.place) == (item.person, item.place)]
        assert item == line[0]
        assert (item.person, item.place) not in {(each.person, each.place) for each in self.begun}
        self.waiting.remove(item)
        self.begun.append(item)
        self.before.pop(item.person)
        for others in self.before.values():
            others[item.person] += 1
            assert others[item.person] == 1, "somebody began twice while another waited"
        self.follow()

    @precondition(lambda self: self.begun)
    @rule(data=st.data())
    def end(self, data):
        item = data.draw(st.sampled_from(self.begun))
        self.begun.remove(item)
        self.rotation.end(item)
        self.follow()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data):
        item = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(item)
        assert self.rotation.remove(item)
        assert not self.rotation.remove(item)
        self.follow()

    @invariant()
    def nothing_is_lost_or_doubled(self):
        order = self.rotation.order()
        assert sorted(order, key=lambda item: item.number) == self.waiting
        assert len(self.rotation) == len(self.waiting)
        assert self.rotation.begun == self.begun
        for person in "abcde":
            assert self.rotation.waiting(person) == sum(item.person == person for item in self.waiting)

    def teardown(self):
        for item in self.begun:
            self.rotation.end(item)
        order = self.rotation.order()
        assert drained(self.rotation) == order


TestTaking = Taking.TestCase
TestTaking.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
