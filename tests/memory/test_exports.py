"""Exports as files: whole or not at all, and reached by forgetting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extension.database import Database
from extension.errors import StoreError
from extension.memory import transfer
from extension.memory.diary import Answer
from extension.memory.exports import Exports

from .conftest import told, turn
from .test_transfer import exported

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def exports(database, tmp_path):
    return Exports(database, tmp_path / "data")


def test_an_export_replaces_a_file_whole(exports, database, diary, tmp_path):
    diary.write(turn("Hello"), Answer(""))
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert exports.write(tmp_path / "file") == 1
    assert (tmp_path / "file").read_bytes() == exported(database)
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert not (tmp_path / "data" / "exports").exists()


def test_an_export_never_replaces_a_device(exports):
    before = Path("/dev/null").stat()
    exports.write(Path("/dev/null"))
    assert Path("/dev/null").stat().st_rdev == before.st_rdev


def test_an_export_that_fails_leaves_the_old_file(tmp_path):
    (tmp_path / "broken.sqlite").write_bytes(b"no database" * 100)
    (tmp_path / "file").write_bytes(b"yesterday's")
    with pytest.raises(StoreError, match="is not a database of ours"):
        Exports(Database(f"sqlite:///{tmp_path / 'broken.sqlite'}"), tmp_path).write(tmp_path / "file")
    assert ((tmp_path / "file").read_bytes(), [path.name for path in tmp_path.glob(".*")]) == (b"yesterday's", [])


def test_an_export_during_which_something_was_forgotten_does_not_hold_it(exports, diary, tmp_path):
    ids = told(diary, ("Good morning", "Hello"), ("A secret", "Hush."))

    def writer(database, out, selection):
        count = transfer.export(database, out, selection)
        diary.forget(ids[1:])
        return count

    assert exports.write(tmp_path / "file", writer=writer) == 1
    assert b"secret" not in (tmp_path / "file").read_bytes()


KILLED = """
import os, sys
from pathlib import Path
from extension.database import Database
from extension.memory.exports import Exports
from extension.memory.transfer import export
def writer(database, out, selection):
    export(database, out, selection)
    out.flush()
    print("written", flush=True)
    sys.stdin.read(1)
Exports(Database(sys.argv[1]), Path(sys.argv[2])).write(Path(sys.argv[3]), writer=writer)
"""


def test_what_a_killed_export_leaves_behind_is_cleared_and_what_a_living_one_writes_is_not(exports, database, diary, tmp_path):
    told(diary, ("A secret", "Hush."))
    command = [sys.executable, "-c", KILLED, database.url, str(tmp_path / "data"), str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        assert exports.clear() == 0
        (left,) = tmp_path.glob(".out.*.tmp")
        assert b"secret" in left.read_bytes()
        process.kill()
    assert left.exists()
    assert exports.clear() == 1
    assert (left.exists(), list((tmp_path / "data").iterdir())) == (False, [])


@pytest.mark.parametrize("note", ["", "{here}/diary.sqlite", "{here}/none/.file.1.tmp", "\udcff"])
def test_a_note_that_names_no_unfinished_export_harms_nothing(exports, tmp_path, diary, note):
    told(diary, ("Good morning", "Hello"))
    (tmp_path / "data" / "exports").mkdir(parents=True)
    (tmp_path / "data" / "exports" / "1.path").write_text(note.format(here=tmp_path), errors="surrogateescape")
    exports.clear()
    assert diary.count() == 1
    assert not (tmp_path / "data" / "exports").exists()


def test_an_export_is_written_though_the_data_directory_cannot_be(exports, diary, tmp_path):
    told(diary, ("Good morning", "Hello"))
    (tmp_path / "data").write_text("in the way")
    assert exports.write(tmp_path / "file") == 1
    assert [path.name for path in tmp_path.glob(".*")] == []
