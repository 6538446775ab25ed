"""Memories as a file: out, in, and out again."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extension.database import Database
from extension.errors import ImportRefused
from extension.memory import transfer
from extension.memory.diary import Answer, Diary, Filter
from extension.memory.exports import Exports
from extension.memory.intake import Report, Rules, import_file
from extension.memory.memories import Memories
from extension.memory.selection import Selection
from extension.messages import Exchange

from .conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON, turn

ROOT = Path(__file__).resolve().parent.parent.parent
HEADER = b'{"kind": "familiar-memories", "format": 1}\n'
MINIMAL = {
    "kind": "exchange",
    "person": "alice",
    "place": "kitchen",
    "companion": "Robin",
    "row": 0,
    "when": "2026-03-14T12:00:00Z",
    "said": "Hello",
}


def exported(database: Database) -> bytes:
    out = io.BytesIO()
    transfer.export(database, out)
    return out.getvalue()


def line(**changed: object) -> bytes:
    return json.dumps({**MINIMAL, **changed}).encode() + b"\n"


@pytest.fixture
def take(database, tmp_path):
    """Import some lines after a header."""

    def take_(*lines: bytes, **rules: bool) -> Report:
        (tmp_path / "file").write_bytes(HEADER + b"".join(lines))
        return import_file(database, tmp_path / "file", Rules(**rules))

    return take_


@pytest.fixture
def elsewhere(tmp_path, stores):
    """Another empty diary."""
    (tmp_path / "elsewhere").mkdir()
    stores.make(tmp_path / "elsewhere")
    database = Database(stores.url(tmp_path / "elsewhere"), lock_timeout=5)
    yield database
    database.close()


def without_ids(found: list[Exchange]) -> list[tuple[object, ...]]:
    return [
        (each.person, each.place, each.companion, each.row, each.branch, each.said, each.reply, each.when, each.reasoning) for each in found
    ]


def test_a_line_has_every_field(database, diary):
    shown = diary.write(turn("My cat is called Miso"), Answer("Lovely."))
    number = diary.write(
        turn("Her name?", 1, person=ALICE, place=CHANNEL, branch="b"), Answer("Miso.", "a cat", "smollm2", "v3", (shown, 999))
    )
    diary.pin(number)
    diary.rate(number, -1)
    header, _, text = exported(database).splitlines(keepends=True)
    assert header == HEADER
    assert json.loads(text) == {
        "kind": "exchange",
        "person": "alice",
        "person_name": "Alice",
        "place": "channel",
        "place_title": "#general",
        "shared": True,
        "companion": "Robin",
        "row": 1,
        "branch": "b",
        "when": "2026-03-14T12:01:00.000000+00:00",
        "said": "Her name?",
        "reply": "Miso.",
        "reasoning": "a cat",
        "model": "smollm2",
        "adapter": "v3",
        "memories": [["kitchen", 0, ""]],
        "feedback": -1,
        "pinned": True,
        "original": "",
    }


def test_lines_are_in_the_order_in_which_they_were_said(database, diary):
    for row in (2, 0, 1):
        diary.write(turn(f"Fact {row}", row), Answer(""))
    assert [json.loads(text)["said"] for text in exported(database).splitlines()[1:]] == ["Fact 0", "Fact 1", "Fact 2"]


def test_only_what_is_asked_for_is_exported(database, diary):
    diary.write(turn("My cat is called Miso"), Answer("Lovely."))
    diary.write(turn("Hello all", place=CHANNEL, person=BOB), Answer("Miso?"))
    diary.forget([diary.write(turn("A secret", 2, person=BOB), Answer("Hush."))])
    diary.forget([diary.write(turn("Another", 3), Answer("Hm."))])
    kinds = {}
    for name, selection in {
        "bob": Selection(Filter(person="bob")),
        "place": Selection(Filter(place="kitchen")),
        "words": Selection(words="miso"),
        "all": Selection(),
    }.items():
        out = io.BytesIO()
        transfer.export(database, out, selection)
        lines = [json.loads(text) for text in out.getvalue().splitlines()[1:]]
        kinds[name] = [each.get("said") or each["person"] for each in lines]
    assert kinds == {
        "bob": ["Hello all", "bob"],
        "place": ["My cat is called Miso"],
        "words": ["Hello all", "My cat is called Miso"],
        "all": ["Hello all", "My cat is called Miso", "alice", "bob"],
    }


def test_an_empty_diary_is_a_header(database):
    assert exported(database) == HEADER


def test_what_is_imported_elsewhere_is_the_same_and_exports_the_same_bytes(database, diary, elsewhere, tmp_path):
    first = diary.write(turn("Grüße \U0001f408 \u2028\x00 \ud800", person=BOB), Answer("Gern.", "r", "m", "a"))
    diary.write(turn("In the channel", 1, place=CHANNEL), Answer("", memories=(first,)))
    diary.write(turn("Later", 2, branch="b"), Answer("Yes", memories=(first,)))
    edited = diary.write(turn("Typo", 3), Answer("What?"))
    diary.edit(edited, said="Type")
    diary.rate(edited, 1)
    diary.pin(first)
    diary.forget([diary.write(turn("A secret", 4), Answer("Hush."))])
    file = tmp_path / "memories.jsonl"
    assert Exports(database, tmp_path).write(file) == 4
    assert import_file(elsewhere, file) == Report(added=4)
    assert exported(elsewhere) == file.read_bytes()
    assert without_ids(Diary(elsewhere).browse()) == without_ids(diary.browse())


def test_ids_of_memories_are_those_of_the_new_diary(database, diary, elsewhere, tmp_path):
    diary.write(turn("Elsewhere"), Answer(""))
    shown = diary.write(turn("My cat is called Miso", 1), Answer(""))
    diary.write(turn("Her name?", 2), Answer("Miso", memories=(shown,)))
    Diary(elsewhere).write(turn("Already here", place=CHANNEL), Answer(""))
    Diary(elsewhere).write(turn("Also here", 1, place=CHANNEL), Answer(""))
    Exports(database, tmp_path).write(tmp_path / "file")
    import_file(elsewhere, tmp_path / "file")
    found = {each.said: each for each in Diary(elsewhere).browse()}
    assert found["Her name?"].memories == (found["My cat is called Miso"].id,)


def test_memories_that_come_later_in_the_file_than_the_reply_are_named(take, diary):
    # A reply to an old row may be generated anew long after, with what was said in between.
    take(line(said="Old", memories=[["kitchen", 1, ""], ["kitchen", 7, ""]]), line(said="New", row=1, when="2026-03-14T13:00:00Z"))
    new, old = diary.browse()
    assert old.memories == (new.id,)


def test_importing_again_changes_nothing(database, take):
    lines = [line(row=row, said=f"Fact {row}", memories=[["kitchen", 0, ""]]) for row in range(250)]
    assert take(*lines) == Report(added=250)
    before = exported(database)
    assert take(*lines) == Report(unchanged=250)
    assert exported(database) == before


def test_what_is_imported_is_found_by_words_and_by_meaning(take, open_memories):
    take(line(said="My cat is called Miso"))
    memories: Memories = open_memories()
    memories.settle()
    assert [found.exchange.said for found in memories.search("cat Miso", ALICE, "Robin")] == ["My cat is called Miso"]
    assert memories.semantic.indexed() == memories.semantic.expected()


def test_a_row_in_the_middle_of_a_chat_becomes_the_predecessor_of_the_next(take, open_memories):
    take(line(row=2, said="She is grey"))
    memories: Memories = open_memories()
    memories.settle()
    take(line(row=1, said="Miso is asleep"))
    memories.settle()
    assert {each.exchange for each in memories.fulltext.search("asleep", [1])} == {each.id for each in memories.diary.browse()}


def test_only_what_identifies_an_exchange_must_be_there(take, diary):
    assert take(line()) == Report(added=1)
    (found,) = diary.browse()
    assert (found.person.id, found.place.shared, found.said, found.reply, found.when) == ("alice", False, "Hello", "", NOON)


@pytest.mark.parametrize("name", ["person", "place", "companion", "row", "when", "said"])
def test_a_line_without_one_of_the_fields_it_needs_is_refused(take, name):
    text = json.dumps({key: value for key, value in MINIMAL.items() if key != name}).encode() + b"\n"
    assert take(text) == Report(refused=1, reasons=[(2, f"`{name}`: Field required")])


@pytest.mark.parametrize(
    "changed",
    [
        {"row": -1},
        {"row": "0"},
        {"row": True},
        {"row": 2**63},
        {"row": 1.5},
        {"when": "2026-03-14T12:00:00"},
        {"when": "yesterday"},
        {"when": 1773489600},
        {"when": "0001-01-01T00:00:00Z"},
        {"when": "9999-12-31T23:59:59Z"},
        {"said": None},
        {"said": ["Hello"]},
        {"person": 7},
        {"feedback": 2},
        {"pinned": "yes"},
        {"shared": 1},
        {"memories": "all"},
        {"memories": [["kitchen", 0]]},
        {"memories": [["kitchen", 0, ""]] * 1001},
        {"original": "not a digest"},
        {"colour": "blue"},
        {"kind": "recipe"},
    ],
    ids=str,
)
def test_a_field_that_is_not_what_it_should_be_is_refused(take, diary, changed):
    report = take(line(**changed), line(row=1))
    assert (report.added, report.refused, report.reasons[0][0]) == (1, 1, 2)
    assert report.reasons[0][1].startswith(f"`{next(iter(changed))}")
    assert diary.count() == 1


@pytest.mark.parametrize(
    "text",
    [
        b"not json\n",
        b"[]\n",
        b"7\n",
        b"{}\n",
        b'{"kind": "exchange"\n',
        b'{"kind": "\xff\xfe"}\n',
        b"[" * 100_000 + b"\n",
        b'{"a":' * 100_000 + b"\n",
        b"\x00\x01\x02\n",
        line()[:-20] + b"\n",
        json.dumps({**MINIMAL, "row": 0})[:-1].encode() + b', "pinned": NaN}\n',
        b'{"kind": "exchange", "row": ' + b"9" * 10_000 + b"}\n",
    ],
    ids=range(12),
)
def test_hostile_lines_are_refused_by_number_and_the_others_are_taken(take, diary, text):
    report = take(line(), text, line(row=1))
    assert (report.added, report.refused, [number for number, _ in report.reasons]) == (2, 1, [3])
    assert diary.count() == 2


def test_the_reason_for_a_refusal_does_not_repeat_what_was_said(take):
    report = take(line(said="My secret", row="first"), b'{"kind": "exchange", "said": "My secret"\n')
    assert ["secret" in reason for _, reason in report.reasons] == [False, False]


def test_of_many_refusals_the_first_are_named_and_all_are_counted(take):
    report = take(*[b"nonsense\n"] * 100)
    assert (report.refused, len(report.reasons), report.reasons[-1][0]) == (100, 20, 21)


def test_a_line_that_is_too_long_is_skipped_whole(take, monkeypatch):
    monkeypatch.setattr(transfer, "LONGEST_LINE", 1000)
    report = take(line(), line(row=1, said="x" * 5000), line(row=2), line(row=3, said="x" * 2000)[:-1])
    assert (report.added, [number for number, _ in report.reasons]) == (2, [3, 5])


def test_a_message_of_a_megabyte_goes_out_and_in(database, diary, elsewhere, tmp_path):
    diary.write(turn("wörd " * 200_000), Answer("x" * 1_000_000))
    Exports(database, tmp_path).write(tmp_path / "file")
    import_file(elsewhere, tmp_path / "file")
    assert exported(elsewhere) == (tmp_path / "file").read_bytes()


def test_empty_lines_mean_nothing(take):
    assert take(b"\n", line(), b"   \r\n") == Report(added=1)


def test_lines_may_end_as_on_windows(database, tmp_path):
    (tmp_path / "file").write_bytes(HEADER.replace(b"\n", b"\r\n") + line().replace(b"\n", b"\r\n"))
    assert import_file(database, tmp_path / "file") == Report(added=1)


def test_a_strict_import_takes_all_or_nothing(take, diary):
    with pytest.raises(ImportRefused, match="Nothing was imported: line 3: Invalid JSON"):
        take(line(), b"nonsense\n", line(row=1), strict=True)
    assert diary.count() == 0
    assert take(line(), line(row=1), strict=True) == Report(added=2)


def test_newer_words_in_the_same_place_replace_older_ones(take, diary):
    take(line(said="Old"))
    assert take(line(said="New", when="2026-03-14T12:00:01Z")) == Report(replaced=1)
    assert [each.said for each in diary.browse()] == ["New"]


@pytest.mark.parametrize("when", ["2026-03-14T11:59:59Z", "2026-03-14T12:00:00Z"])
def test_words_that_are_older_or_as_old_leave_those_of_the_diary(take, diary, when):
    take(line(said="Mine"))
    assert take(line(said="Theirs", when=when)) == Report(kept=1)
    assert [each.said for each in diary.browse()] == ["Mine"]


def test_the_same_words_keep_pin_and_rating_of_the_diary(take, diary):
    take(line(), line(row=1))
    for each in diary.browse():
        diary.pin(each.id)
    assert take(line(feedback=1, when="2026-03-15T12:00:00Z")) == Report(kept=1)
    assert [(each.pinned, each.feedback) for each in diary.browse()] == [(True, 0), (True, 0)]


def test_the_file_outweighs_the_diary_when_told_to(take, diary):
    take(line(said="Mine"))
    assert take(line(said="Theirs", when="2020-01-01T00:00:00Z", pinned=True), replace=True) == Report(replaced=1)
    assert [(each.said, each.pinned, each.when.year) for each in diary.browse()] == [("Theirs", True, 2020)]


def test_forgotten_words_stay_forgotten_until_they_are_to_be_restored(take, diary):
    take(line(), line(row=1, said="Kept"))
    diary.forget([diary.chat("kitchen")[0].id])
    assert take(line(), line(row=1, said="Kept")) == Report(unchanged=1, forgotten=1)
    assert take(line(), restore=True) == Report(added=1)
    assert [each.said for each in diary.chat("kitchen")] == ["Hello", "Kept"]


def test_words_forgotten_after_an_edit_stay_forgotten(take, diary):
    take(line())
    (found,) = diary.browse()
    diary.edit(found.id, said="Good day")
    diary.forget([found.id])
    assert take(line()) == Report(forgotten=1)


def test_words_one_person_forgot_may_be_anothers(take, diary):
    take(line())
    diary.forget([diary.browse()[0].id])
    assert take(line(person="bob")) == Report(added=1)


def test_what_was_forgotten_stays_so_in_the_next_diary(database, diary, elsewhere, tmp_path):
    diary.forget([diary.write(turn("A secret"), Answer("Hush."))])
    Exports(database, tmp_path).write(tmp_path / "file")
    assert b"secret" not in (tmp_path / "file").read_bytes()
    import_file(elsewhere, tmp_path / "file")
    (tmp_path / "copy").write_bytes(HEADER + line(said="A secret", reply="Hush."))
    assert import_file(elsewhere, tmp_path / "copy") == Report(forgotten=1)


def test_the_indexes_are_not_bothered_with_what_was_forgotten_elsewhere(database, diary, elsewhere, tmp_path, data_dir, open_memories):
    diary.forget([diary.write(turn(f"Secret {row}", row), Answer("Hush.")) for row in range(3)])
    Exports(database, tmp_path).write(tmp_path / "file")
    import_file(elsewhere, tmp_path / "file")
    memories = open_memories(url=elsewhere.url, data_dir=tmp_path / "other")
    memories.settle()
    assert (memories.semantic.indexed(), memories.semantic.behind(), memories.fulltext.count()) == ({}, 0, 0)


def test_a_file_changes_neither_names_nor_whether_a_place_is_shared(take, diary):
    diary.write(turn("Before", place=CHANNEL), Answer(""))
    take(line(place="channel", row=1, place_title="Mine now", person_name="Mallory"))
    found = diary.chat("channel")[1]
    assert (found.place, found.person) == (CHANNEL, ALICE)


def test_a_file_gives_names_to_those_who_have_none(take, diary):
    take(line(person_name="Alice", place_title="The kitchen", shared=True))
    (found,) = diary.browse()
    assert (found.person.name, found.place.title, found.place.shared) == ("Alice", "The kitchen", True)


def test_those_who_spoke_in_a_shared_place_recall_it_after_an_import(take, open_memories):
    take(line(place="channel", shared=True, said="My cat is called Miso"))
    memories: Memories = open_memories()
    assert len(memories.search("cat Miso", ALICE, "Robin")) == 1
    assert memories.search("cat Miso", BOB, "Robin") == []


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b'{"kind": "familiar-memories"}\n', line(), b"\xff\xfe", b'{"kind":' * 10_000])
def test_a_file_without_the_header_is_refused(database, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ImportRefused, match="This is no file of memories"):
        import_file(database, tmp_path / "file")


def test_a_pipe_is_imported_as_a_file_is(database, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(tmp_path / 'pipe')!r}, 'wb').write({HEADER + line()!r})"])
    assert import_file(database, tmp_path / "pipe", Rules(strict=True)) == Report(added=1)
    assert writer.wait(30) == 0


def test_an_export_sees_one_moment(database, diary):
    for row in range(300):
        diary.write(turn(f"Fact {row}", row), Answer(""))

    class Interrupting(io.BytesIO):
        def write(self, text) -> int:
            if b'"Fact 50"' in text:
                diary.forget([diary.chat("kitchen")[250].id])
            return super().write(text)

    out = Interrupting()
    assert transfer.export(database, out) == 300
    assert out.getvalue().count(b'"kind": "exchange"') == 300
    assert exported(database).count(b'"kind": "exchange"') == 299


KILLED = """
import os, sys
from pathlib import Path
from extension.database import Database
from extension.memory.intake import import_file
import_file(Database(sys.argv[1]), Path(sys.argv[2]), progress=lambda lines: lines >= int(sys.argv[3]) and os.kill(os.getpid(), 9))
"""


def test_an_import_that_was_killed_is_gone_on_with(database, diary, tmp_path):
    lines = [line(row=row, said=f"Fact {row}", memories=[["kitchen", row - 1, ""]] if row % 50 == 1 else []) for row in range(1300)]
    file = tmp_path / "file"
    file.write_bytes(HEADER + b"".join(lines))
    for limit in (100, 700):
        command = [sys.executable, "-c", KILLED, database.url, str(file), str(limit)]
        assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == -9
    assert diary.count() == 1000
    assert import_file(database, file) == Report(added=300, unchanged=1000)
    assert [each.said for each in diary.chat("kitchen")] == [f"Fact {row}" for row in range(1300)]
    shown = diary.get([number for each in diary.chat("kitchen") for number in each.memories])
    assert [each.said for each in shown] == [f"Fact {row}" for row in range(0, 1300, 50)]


IMPORTING = """
import sys
from pathlib import Path
from extension.database import Database
from extension.memory.intake import import_file
import_file(Database(sys.argv[1]), Path(sys.argv[2]), progress=lambda lines: print(lines, flush=True))
"""


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05])
def test_an_import_killed_in_the_middle_of_a_batch_leaves_whole_batches_and_all_it_acknowledged(database, diary, tmp_path, delay):
    file = tmp_path / "file"
    file.write_bytes(HEADER + b"".join(line(row=row, said=f"Fact {row}") for row in range(5000)))
    command = [sys.executable, "-c", IMPORTING, database.url, str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        acknowledged = int(process.stdout.readline())
        sleep(delay)
        process.kill()
        acknowledged = max([acknowledged, *map(int, process.stdout.read().split())])
    assert diary.count() % 500 == 0
    assert diary.count() >= acknowledged
    report = import_file(database, file)
    assert (report.added + report.unchanged, report.unchanged >= acknowledged) == (5000, True)
    assert import_file(database, file) == Report(unchanged=5000)


def test_the_same_row_twice_in_a_file_is_held_once_with_its_newest_words(take, diary):
    later = "2026-03-15T12:00:00+00:00"
    lines = (line(said="Tea."), line(said="Coffee.", when=later), line(said="Coffee.", when=later), line(said="Tea."))
    assert take(*lines) == Report(added=1, replaced=1, unchanged=1, kept=1)
    assert [each.said for each in diary.chat("kitchen")] == ["Coffee."]


def test_what_follows_imported_exchanges_is_found_by_their_words(memories, take):
    memories.diary.write(turn("And butter.", 2), Answer("Noted."))
    memories.fulltext.catch_up()
    take(line(row=0, said="We need eggs."), line(row=1, said="And marmalade."))
    memories.fulltext.catch_up()
    assert {match.exchange for match in memories.fulltext.search("marmalade", [1])} == {1, 3}


texts = st.text(max_size=20)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob", ""]), st.sampled_from(["sofa", "desk"]), st.integers(0, 5), texts, texts, texts, st.booleans()
        ),
        max_size=8,
    )
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_said_comes_back_the_same(tmp_path, empty_diary, rows):
    seed = random.Random(0)
    databases = []
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(empty_diary.read_bytes())
        databases.append(Database(f"sqlite:///{tmp_path / name}"))
    diary = Diary(databases[0])
    for person, place, row, said, reply, reasoning, pinned in rows:
        made = turn(said, row, person=type(ALICE)(person, reasoning), place=type(KITCHEN)(place, title=reply))
        when = NOON + timedelta(microseconds=seed.randrange(10**9))
        number = diary.write(type(made)(made.person, made.place, "Robin", said, row, when), Answer(reply, reasoning))
        diary.pin(number, pinned)
    Exports(databases[0], tmp_path).write(tmp_path / "file")
    report = import_file(databases[1], tmp_path / "file")
    assert (report.refused, exported(databases[1])) == (0, (tmp_path / "file").read_bytes())
    for database in databases:
        database.close()
