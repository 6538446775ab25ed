"""Tests of folders whose next documents are read while others are embedded: order, trouble in the middle, and an early end."""

from __future__ import annotations

import threading

import pytest

from extension.context.library import Library
from extension.context.shelves import EVERYONE
from extension.errors import MissingModel, Stopped
from tests.doubles import Counting
from tests.memory.conftest import *  # noqa: F403 - the stores and their fixtures

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def embedder():
    return Counting()


@pytest.fixture
def library(database, embedder):
    """An empty library."""
    return Library(database, embedder)


@pytest.fixture
def folder(tmp_path):
    """A folder of thirty short texts, two of them the same, and of the same picture twice."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.txt").write_text(f"Tower {number % 29} is built of granite.")
    for number in (7, 20):
        (folder / f"{number:02}.txt").write_bytes(PICTURE)
    return folder


def reading():
    return [each.name for each in threading.enumerate() if each.name == "familiar-ahead"]


def test_documents_come_in_their_order_whatever_becomes_of_each(library, embedder, folder):
    told = []
    taken = list(library.add_folder(folder, EVERYONE, "alice", told=told.append))
    assert [each.name for each in taken] == [f"{number:02}.txt" for number in range(30)]
    assert {each.name: each.change for each in taken if each.change != "added"} == {
        "07.txt": "refused",
        "20.txt": "refused",
        "29.txt": "there",
    }
    assert [each.problem.startswith("It is a picture.") for each in taken if each.problem] == [True, True]
    assert {(each.name, each.passages, each.done, each.total) for each in told} >= {("00.txt", 1, 0, 30), ("28.txt", 1, 28, 30)}
    assert [each.title for each in library.catalogue.documents()] == [f"{number:02}.txt" for number in range(29) if number not in (7, 20)]
    assert (set(embedder.embedded.values()), len(embedder.embedded)) == ({1}, 27)
    assert reading() == []


def test_who_wants_no_further_document_ends_the_reading(library, folder):
    taken = library.add_folder(folder, EVERYONE, "alice")
    assert next(taken).name == "00.txt"
    taken.close()
    assert (reading(), library.size().documents) == ([], 1)


def test_stopping_keeps_the_documents_that_were_taken_in(library, folder):
    stopped = []
    taken = library.add_folder(folder, EVERYONE, "alice", stop=lambda: bool(stopped))
    assert [next(taken).name for _ in range(3)] == ["00.txt", "01.txt", "02.txt"]
    stopped.append(True)
    with pytest.raises(Stopped):
        next(taken)
    assert (reading(), library.size().documents) == ([], 3)


def test_what_goes_wrong_where_it_is_read_is_raised_where_it_is_waited_for(database, folder):
    class Uncounted(Counting):
        def count(self, texts):
            raise MissingModel("The embedding model is not installed.")

    with pytest.raises(MissingModel):
        list(Library(database, Uncounted()).add_folder(folder, EVERYONE, "alice"))
    assert reading() == []
