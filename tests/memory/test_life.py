"""Any life of a diary: whatever was said, changed and brought back before, what is forgotten is nowhere and all else is there."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from extension.database import Database
from extension.embedders import Hashing
from extension.hosts.scripted import Scripted
from extension.memory import transfer
from extension.memory.derived import DERIVED
from extension.memory.diary import Answer, Filter
from extension.memory.intake import import_file
from extension.memory.memories import Memories
from extension.memory.selection import Selection
from extension.memory.summarising import Sizes
from extension.messages import Person, Place, digest
from extension.tables import metadata, person, place, realm

from ..conftest import PAIRS, stores_of
from .conftest import ALICE, BOB, CHANNEL, KITCHEN, turn

WORD = re.compile(r"zq\d+x")
BOBS = Place("bobs")
SPEAKERS = st.sampled_from([(ALICE, KITCHEN), (ALICE, CHANNEL), (BOB, CHANNEL), (BOB, BOBS)])
WHICH = st.integers(0, 50)
TEXTS = {"postgresql": "SELECT terms::text FROM exchange_text UNION ALL SELECT term FROM exchange_term"}
SIZES = Sizes(30, 60)
MEMORY = Path("/dev/shm")
"""Where there is a disk in memory, so that a thousand transactions take no minutes."""


@dataclass(frozen=True)
class Held:
    """An exchange as it should be."""

    person: Person
    place: Place
    row: int
    when: float
    said: str
    reply: str
    original: str = ""
    pinned: bool = False

    @property
    def keys(self) -> set[tuple[str, str]]:
        """Digests by which a copy is known."""
        return {(self.person.id, key) for key in (digest(self.said, self.reply), self.original) if key}

    @property
    def first(self) -> tuple[str, str]:
        """The digest of what was said there at first, which must not come back from elsewhere."""
        return self.person.id, self.original or digest(self.said, self.reply)


def words(*texts: str) -> set[str]:
    return {word for text in texts for word in WORD.findall(text)}


def noting(messages) -> str:
    """Note every made-up word of the last message."""
    return "\n".join(f"I | ticket | {word}" for word in sorted(words(messages[-1].content)))


class Life(RuleBasedStateMachine):
    """Does what people do with their memories, and knows what must be there after it."""

    open = staticmethod(lambda: None)

    @initialize()
    def begin(self) -> None:
        self.stores, self.folder = type(self).open()
        self.memories = Memories(Database(self.stores.url(self.folder), 20), Hashing(), self.folder, server=self.stores.server)
        self.held: dict[int, Held] = {}
        self.forgotten: dict[object, tuple[str, str]] = {}
        self.batches: list[tuple[int, dict[int, Held]]] = []
        self.files: list[bytes] = []
        self.said: set[str] = set()
        self.numbers = count(1)
        self.tombs = count()

    def teardown(self) -> None:
        if hasattr(self, "memories"):
            try:
                self.settled()
            finally:
                self.memories.close()
                self.stores.drop()
                shutil.rmtree(self.folder)

    # ---- What people do ----

    @rule(who=SPEAKERS, times=st.integers(1, 3))
    def say(self, who, times) -> None:
        for _ in range(times):
            self.write(*who, self.next_row(who[1]), self.sentence("My ticket is"), self.sentence("I noted"))

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def branch(self, which) -> None:
        """A copy of the chat, with a row that repeats one."""
        copied, where = self.one(which)[1], Place("branch")
        self.write(copied.person, where, self.next_row(where), copied.said, copied.reply)

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def regenerate(self, which) -> None:
        number, held = self.one(which)
        held = replace(held, reply=self.sentence("Rather"), original="")
        assert self.memories.diary.write(self.turn(held), Answer(held.reply)) == number
        self.held[number] = held

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def say_something_else_there(self, which) -> None:
        number, held = self.one(which)
        self.held.pop(number)
        self.write(held.person, held.place, held.row, self.sentence("My other ticket is"), self.sentence("I see"))

    @precondition(lambda self: self.held)
    @rule(which=WHICH, half=st.sampled_from(["said", "reply"]))
    def edit(self, which, half) -> None:
        number, held = self.one(which)
        text = self.sentence("My real ticket is")
        self.memories.edit(number, **{half: text})
        self.held[number] = replace(held, **{half: text, "original": held.first[1]})

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def pin(self, which) -> None:
        number, held = self.one(which)
        self.memories.diary.pin(number)
        self.held[number] = replace(held, pinned=True)

    @rule()
    def think(self) -> None:
        """Facts and summaries, as in idle time."""
        while self.memories.fact_finding.step(Scripted(noting), lambda: False):
            pass
        while self.memories.summarising.step(Scripted(), SIZES, "extract", lambda: False):
            pass
        facts = {number: {fact.value for fact in self.memories.facts.of(number)} for number in self.held}
        assert facts == {number: words(held.said) for number, held in self.held.items()}

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def forget_one(self, which) -> None:
        self.forget(Selection(ids=(self.one(which)[0],)), {self.one(which)[0]})

    @precondition(lambda self: self.held)
    @rule(which=WHICH)
    def forget_what_a_search_finds(self, which) -> None:
        word = min(words(self.one(which)[1].said))
        self.forget(Selection(words=word), {number for number, held in self.held.items() if word in words(held.said, held.reply)})

    @precondition(lambda self: self.held)
    @rule(which=WHICH, minutes=st.integers(1, 3))
    def forget_a_span(self, which, minutes) -> None:
        since = self.one(which)[1].when
        until = since + 60 * minutes
        self.forget(Selection(Filter(since=since, until=until)), {key for key, held in self.held.items() if since <= held.when < until})

    @rule(where=st.sampled_from(["kitchen", "channel", "bobs", "branch"]))
    def forget_a_place(self, where) -> None:
        self.forget(Selection(Filter(place=where)), {number for number, held in self.held.items() if held.place.id == where})

    @rule(who=st.sampled_from(["alice", "bob"]))
    def forget_a_person(self, who) -> None:
        self.forget(Selection(Filter(person=who)), {number for number, held in self.held.items() if held.person.id == who})

    @precondition(lambda self: self.batches)
    @rule()
    def undo(self) -> None:
        batch, gone = self.batches.pop()
        assert self.memories.forgetting.undo(batch) == len(gone)
        for number, held in gone.items():
            self.forgotten.pop(number)
            row = self.memories.diary.one(number).row  # another one, if that was taken meanwhile
            assert row == held.row or any((other.place, other.row) == (held.place, held.row) for other in self.held.values())
            self.held[number] = replace(held, row=row)

    @rule()
    def export(self) -> None:
        self.files.append(self.exported())

    @precondition(lambda self: self.files)
    @rule(which=WHICH)
    def import_again(self, which) -> None:
        path = self.folder / "import.jsonl"
        path.write_bytes(self.files[which % len(self.files)])
        import_file(self.memories.database, path)
        path.unlink()
        for line in map(json.loads, self.files[which % len(self.files)].splitlines()[1:]):
            self.expect(line)

    # ---- What must be so ----

    def forget(self, selection: Selection, meant: set[int]) -> None:
        self.memories.settle()
        plan = self.memories.forgetting.plan(selection)
        keys = {key for number in meant for key in self.held[number].keys}
        going = meant | {number for number, held in self.held.items() if not keys.isdisjoint(held.keys)}
        assert (set(plan.selected), set(plan.ids)) == (meant, going)
        assert plan.counts == {"exchanges": len(going), **{each.kind: self.count(each, going) for each in DERIVED}}
        done = self.memories.forgetting.carry_out(plan, undo_for=600)
        assert done.exchanges == len(going)
        gone = {number: self.held.pop(number) for number in going}
        self.forgotten |= {number: held.first for number, held in gone.items()}
        if gone:
            self.batches.append((done.batch, gone))
            self.only_names_of_those_who_are_left()
        assert [self.count(each, going) for each in DERIVED] == [0] * len(DERIVED)
        self.settled()
        if gone:
            self.no_byte_is_left()

    def settled(self) -> None:
        """Everything agrees: the diary with what should be there, and all that is derived from it with the diary."""
        memories = self.memories
        memories.settle()
        rows = memories.diary.browse(limit=None)
        found = {each.id: (each.person.id, each.place.id, each.row, each.said, each.reply, each.pinned) for each in rows}
        assert found == {n: (h.person.id, h.place.id, h.row, h.said, h.reply, h.pinned) for n, h in self.held.items()}
        there = words(*(text for held in self.held.values() for text in (held.said, held.reply)))
        assert words(self.everything()) == there
        assert words(self.exported().decode()) == there
        assert memories.semantic.indexed() == memories.semantic.expected()
        assert {number for keys in memories.semantic.indexed().values() for number, _ in keys} == set(self.held)
        with memories.database.read() as connection:
            realms = list(connection.execute(sa.select(realm.c.id)).scalars())
        for word in self.said - there:
            assert memories.fulltext.search(word, realms) == []
        for number, held in self.held.items():
            for word in words(held.said, held.reply):
                assert number in {match.exchange for match in memories.fulltext.search(word, realms)}

    def no_byte_is_left(self) -> None:
        there = words(*(text for held in self.held.values() for text in (held.said, held.reply)))
        assert words(*(data.decode("latin-1") for data in self.stores.contents(self.folder).values())) <= there

    def only_names_of_those_who_are_left(self) -> None:
        with self.memories.database.read() as connection:
            people, places = (set(connection.execute(sa.select(table.c.id)).scalars()) for table in (person, place))
        assert people == {held.person.id for held in self.held.values()}
        assert places == {held.place.id for held in self.held.values()}

    def everything(self) -> str:
        """Return every text in every table."""
        with self.memories.database.read() as connection:
            rows = [row for table in metadata.sorted_tables for row in connection.execute(sa.select(table))]
            if self.memories.database.dialect.name in TEXTS:
                rows += connection.exec_driver_sql(TEXTS[self.memories.database.dialect.name]).all()
        return "\n".join(value for row in rows for value in row if isinstance(value, str))

    def expect(self, line: dict) -> None:
        """Do as an import should do with a line."""
        if line["kind"] == "forgotten":
            if (line["person"], line["digest"]) not in self.forgotten.values():
                self.forgotten[f"file {next(self.tombs)}"] = (line["person"], line["digest"])
            return
        if line["kind"] != "exchange":  # a summary is only taken where all of its exchanges are as they were
            return
        who = {"alice": ALICE, "bob": BOB}[line["person"]]
        where = {each.id: each for each in (KITCHEN, CHANNEL, BOBS, Place("branch"))}[line["place"]]
        when = datetime.fromisoformat(line["when"]).timestamp()
        new = Held(who, where, line["row"], when, line["said"], line["reply"], line.get("original", ""), line.get("pinned", False))
        there = next((number for number, held in self.held.items() if (held.place.id, held.row) == (where.id, new.row)), None)
        if there is not None:
            old = self.held[there]
            if (old.said, old.reply) == (new.said, new.reply) or new.when <= old.when:
                return
        if new.first in self.forgotten.values():
            return
        if there is not None:
            self.held.pop(there)
        self.held[next(each.id for each in self.memories.diary.chat(where.id) if each.row == new.row)] = new

    # ---- How ----

    def one(self, which: int) -> tuple[int, Held]:
        number = sorted(self.held)[which % len(self.held)]
        return number, self.held[number]

    def next_row(self, where: Place) -> int:
        return max((held.row for held in self.held.values() if held.place == where), default=-1) + 1

    def sentence(self, opening: str) -> str:
        word = f"zq{next(self.numbers)}x"
        self.said.add(word)
        return f"{opening} {word}, for the red ferry that leaves for the island when the old captain has had his coffee and fed the gulls."

    def turn(self, held: Held):
        return replace(turn(held.said, held.row, person=held.person, place=held.place), when=datetime.fromtimestamp(held.when).astimezone())

    def write(self, who: Person, where: Place, row: int, said: str, reply: str) -> None:
        made = turn(said, row, person=who, place=where)
        number = self.memories.diary.write(made, Answer(reply))
        self.held[number] = Held(who, where, row, made.when.timestamp(), said, reply)

    def exported(self) -> bytes:
        out = io.BytesIO()
        transfer.export(self.memories.database, out)
        return out.getvalue()

    def count(self, derived, ids: set[int]) -> int:
        with self.memories.database.read() as connection:
            return derived.count(connection, sorted(ids))


@pytest.mark.slow
@pytest.mark.parametrize("kind", PAIRS)
def test_in_any_life_of_a_diary_what_is_forgotten_is_nowhere_and_all_else_is_there(kind, request):
    def fresh():
        stores, folder = stores_of(kind, request), Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        stores.make(folder)
        return stores, folder

    run_state_machine_as_test(
        type("Lives", (Life,), {"open": staticmethod(fresh)}),
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to make a failure shorter takes minutes
        ),
    )
