"""Tests of the spool: what is kept aside is neither lost nor doubled, and comes into the diary in its order."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from filelock import FileLock

from extension.errors import StoreLocked
from extension.memory.diary import Answer
from extension.memory.spool import Spool
from extension.messages import Person, Place, digest

from .conftest import BOB, CHANNEL, turn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def temporary(tmp_path):
    """A temporary folder of this test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def spool(tmp_path, temporary):
    return Spool(tmp_path / "data", temporary, wait=0.1)


@pytest.fixture
def drained():
    """A list that turns are drained into, as a diary would take them."""

    class Drained(list):
        def take(self, turn_, answer):
            self.append((turn_, answer))

        @property
        def words(self):
            return [(turn_.said, answer.reply) for turn_, answer in self]

    return Drained()


def test_a_turn_comes_back_as_it_was_kept(spool, drained, tmp_path):
    kept = (
        turn("Grüße \ud800\x00\n\u2028 end", 3, person=BOB, place=CHANNEL, companion="Wren", branch="b"),
        Answer("Ja.", "hm", "m", "a", (1, 2)),
    )
    assert spool.append(*kept) == str(tmp_path / "data" / "unsaved.jsonl")
    assert spool.waiting() == 1
    assert spool.drain(drained.take) == 1
    assert drained == [kept]
    assert spool.waiting() == 0
    assert not (tmp_path / "data" / "unsaved.jsonl").exists()
    assert spool.drain(drained.take) == 0


def test_turns_come_back_in_the_order_they_were_said(spool, drained):
    for number in range(20):
        spool.append(turn(f"{number}", number), Answer(""))
        spool.append(turn(f"{number}", number), Answer(f"reply {number}"))
    assert spool.drain(drained.take) == 40
    assert drained.words == [(f"{number}", reply) for number in range(20) for reply in ("", f"reply {number}")]


def test_what_lies_in_several_places_comes_back_in_the_order_it_was_said(tmp_path, temporary, drained):
    spool = Spool(tmp_path / "data", temporary)
    (tmp_path / "data").write_text("a file where the folder should be")
    assert spool.append(turn("first", 0), Answer("1")).startswith(str(temporary))
    (tmp_path / "data").unlink()
    spool.append(turn("second", 1), Answer("2"))
    spool.drain(drained.take)
    assert [said for said, _ in drained.words] == ["first", "second"]


def test_when_the_folder_cannot_be_written_the_temporary_one_is_used(tmp_path, temporary, drained):
    (tmp_path / "data").write_text("a file where the folder should be")
    spool = Spool(tmp_path / "data", temporary)
    where = Path(spool.append(turn("kept"), Answer("aside")))
    assert where.parent.parent == temporary
    assert where.parent.stat().st_mode & 0o777 == 0o700
    assert Spool(tmp_path / "data", temporary).drain(drained.take) == 1
    assert drained.words == [("kept", "aside")]


def test_when_nothing_can_be_written_memory_is_used(tmp_path, temporary, drained):
    (tmp_path / "data").write_text("in the way")
    shutil.rmtree(temporary)
    temporary.write_text("in the way too")
    spool = Spool(tmp_path / "data", temporary)
    assert spool.append(turn("kept"), Answer("in memory")).startswith("memory (no folder can be written: free space,")
    assert spool.waiting() == 1
    assert spool.drain(drained.take) == 1
    assert drained.words == [("kept", "in memory")]
    assert spool.waiting() == 0


def test_a_folder_another_user_put_into_the_temporary_one_is_not_used(tmp_path, temporary, drained):
    data = tmp_path / "data"
    data.write_text("in the way")
    spool = Spool(data, temporary)
    where = Path(spool.append(turn("mine"), Answer("yes")))
    theirs = temporary / "theirs"
    where.parent.rename(theirs)
    where.parent.symlink_to(theirs)
    assert spool.drain(drained.take) == 0
    assert spool.append(turn("mine too"), Answer("yes")).startswith("memory")
    assert (theirs / where.name).read_bytes().count(b"\n") == 1


def test_a_directory_where_the_file_should_be_stops_nothing(spool, drained, tmp_path):
    (tmp_path / "data" / "unsaved.jsonl").mkdir(parents=True)
    assert spool.drain(drained.take) == 0
    spool.append(turn("kept"), Answer("elsewhere"))
    assert spool.waiting() == 1
    assert spool.drain(drained.take) == 1


def test_what_the_diary_refuses_stays(spool, drained):
    for number in range(3):
        spool.append(turn(f"{number}", number), Answer("reply"))

    def locked(turn_, answer):
        if turn_.row == 1:
            raise StoreLocked("The diary is locked.")
        drained.take(turn_, answer)

    with pytest.raises(StoreLocked):
        spool.drain(locked)
    assert spool.waiting() == 3
    drained.clear()
    assert spool.drain(drained.take) == 3
    assert [said for said, _ in drained.words] == ["0", "1", "2"]


def lines_like(spool, tmp_path):
    spool.append(turn("whole", 1), Answer("reply"))
    return json.loads((tmp_path / "data" / "unsaved.jsonl").read_text())


def changed(line, **values):
    return json.dumps({**line, "turn": {**line["turn"], **values}})


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: "not json",
        lambda line: "[]",
        lambda line: "null",
        lambda line: '{"turn": {}}',
        lambda line: changed(line, said=5),
        lambda line: changed(line, said=None),
        lambda line: changed(line, row="one"),
        lambda line: changed(line, row=True),
        lambda line: changed(line, row=2**70),
        lambda line: changed(line, when="yesterday"),
        lambda line: changed(line, person="alice"),
        lambda line: changed(line, surprise=1),
        lambda line: json.dumps(line)[:-40],
        lambda line: "\udcff\udcfe",
    ],
)
def test_a_damaged_line_is_moved_aside_and_the_others_come_through(spool, drained, tmp_path, damage, caplog):
    line = lines_like(spool, tmp_path)
    file = tmp_path / "data" / "unsaved.jsonl"
    bad = damage(line)
    file.write_bytes(f"{bad}\n{json.dumps(line)}\n".encode("utf-8", "surrogateescape"))
    with caplog.at_level(logging.ERROR):
        assert spool.drain(drained.take) == 1
    assert drained.words == [("whole", "reply")]
    assert "A kept turn is damaged; it was moved to" in caplog.text
    assert "whole" not in caplog.text
    assert (tmp_path / "data" / "unsaved.damaged").read_text() != ""
    assert spool.waiting() == 0


def test_a_torn_line_does_not_take_the_next_one_with_it(spool, drained, tmp_path):
    spool.append(turn("first", 0), Answer("1"))
    file = tmp_path / "data" / "unsaved.jsonl"
    file.write_bytes(file.read_bytes() + b'{"turn": {"person"')
    spool.append(turn("second", 1), Answer("2"))
    assert spool.drain(drained.take) == 2
    assert drained.words == [("first", "1"), ("second", "2")]


def test_two_that_drain_at_once_do_not_double_what_the_diary_holds(spool, tmp_path, temporary, memories):
    for number in range(30):
        spool.append(turn(f"said {number}", number), Answer(f"reply {number}"))
    other = Spool(tmp_path / "data", temporary)
    threads = [Thread(target=each.drain, args=(memories.diary.write,)) for each in (spool, other, spool, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(exchange.said, exchange.reply) for exchange in memories.diary.chat("kitchen")] == [
        (f"said {n}", f"reply {n}") for n in range(30)
    ]
    assert memories.diary.browse(limit=1)[0].id == 30
    assert spool.waiting() == 0


def test_many_threads_and_a_drain_lose_nothing(spool, drained):
    def say(who):
        for number in range(10):
            spool.append(turn(f"{who}-{number}", number, person=Person(str(who)), place=Place(str(who))), Answer("ok"))

    threads = [Thread(target=say, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        spool.drain(drained.take)
    spool.drain(drained.take)
    assert sorted(said for said, _ in drained.words) == sorted(f"{who}-{number}" for who in range(8) for number in range(10))


def test_a_file_that_another_process_holds_waits(spool, drained, tmp_path):
    spool.append(turn("first", 0), Answer("1"))
    with FileLock(tmp_path / "data" / "unsaved.lock"):
        assert spool.drain(drained.take) == 0
        assert "temporary" in spool.append(turn("second", 1), Answer("2"))
    assert spool.drain(drained.take) == 2
    assert [said for said, _ in drained.words] == ["first", "second"]


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.memory.conftest import turn
from extension.memory.diary import Answer
from extension.memory.spool import Spool
spool = Spool(Path(sys.argv[1]))
spool.append(turn("before", 0), Answer("fits"))
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
print(spool.append(turn("x" * 5000, 1), Answer("does not fit")))
print(spool.append(turn("after", 2), Answer("fits again")))
drained = []
spool.drain(lambda turn, answer: drained.append(turn.said[:6]))
print(drained)
"""


def test_a_full_disk_leaves_no_torn_line(tmp_path, temporary):
    environment = {"TMPDIR": str(temporary), "PATH": ""}
    command = [sys.executable, "-c", FULL, str(tmp_path / "data"), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    big, small, drained = done.stdout.splitlines()
    assert big.startswith("memory")
    assert small == str(tmp_path / "data" / "unsaved.jsonl")
    assert drained == "['before', 'xxxxxx', 'after']"


def test_the_name_in_the_temporary_folder_tells_data_directories_apart(tmp_path, temporary):
    for name in ("one", "two"):
        (tmp_path / name).write_text("in the way")
        Spool(tmp_path / name, temporary).append(turn(name), Answer("."))
    names = {path.name for path in temporary.rglob("*.jsonl")}
    assert names == {f"unsaved-{digest(str(tmp_path / name))[:12]}.jsonl" for name in ("one", "two")}


def test_a_megabyte_is_kept_whole(spool, drained):
    spool.append(turn("m" * 1_000_000), Answer("n" * 1_000_000))
    spool.drain(drained.take)
    assert drained.words == [("m" * 1_000_000, "n" * 1_000_000)]
