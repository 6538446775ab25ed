"""Tests of the library: taken in whole or not at all, found by those it is for alone, and gone when it is removed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest

from extension.context.catalogue import Size
from extension.context.library import Library
from extension.context.shelves import EVERYONE, of_companion, of_place
from extension.context.web import Page
from extension.errors import NotFound, Stopped, UnreadableDocument
from extension.messages import Attention, Place, Shares, Turn
from tests.doubles import Counting
from tests.memory.conftest import ALICE, BOB, CHANNEL, KITCHEN, NOON

ROOT = Path(__file__).resolve().parents[2]
TOWER = "The tower was built of granite in 1887. It is eighty metres tall."
OTHER = "Pumpkins are sown in May and harvested in October, after the first frost."
QUESTION = "How tall is the tower of granite?"


@pytest.fixture
def embedder():
    return Counting()


@pytest.fixture
def library(database, embedder):
    """An empty library."""
    return Library(database, embedder)


def about(library, text=QUESTION, person=ALICE, place=KITCHEN, companion="Robin", dense=True, **attention):
    turn = Turn(person, place, companion, text, 0, NOON)
    return library.about(turn, Attention(**attention), dense=dense)


def sections(*texts):
    return "\n\n".join(f"# Section {number}\n\n{text}" for number, text in enumerate(texts))


def test_a_document_is_found_with_its_title_and_section(library, written):
    taken = library.add(written("tower.md", sections(TOWER, OTHER)), EVERYONE, "alice")
    assert (taken.change, taken.document.kind, taken.document.passages, taken.embedded) == ("added", "markdown", 2, 2)
    for dense in (True, False):
        (found,) = about(library, dense=dense)
        assert (found.document, found.name, found.titles, found.page) == (taken.document.id, "tower.md", ("Section 0",), None)
        assert TOWER in found.text
        assert found.score == 1.0
    assert about(library, "Thanks, good night!") == []
    assert about(library, "What does quantum chromodynamics say?") == []


def test_the_same_content_again_is_done_at_once_and_a_changed_file_embeds_what_is_new(library, embedder, written):
    path = written("tower.md", sections(TOWER, OTHER))
    first = library.add(path, EVERYONE, "alice")
    embedder.embedded.clear()
    assert library.add(path, EVERYONE, "alice").change == "there"
    assert embedder.embedded == {}
    written("tower.md", sections(TOWER, "Leeks are sown in March."))
    taken = library.add(path, EVERYONE, "alice")
    assert (taken.change, taken.embedded, taken.document.passages) == ("changed", 1, 2)
    (document,) = library.catalogue.documents()
    assert (document.id != first.document.id, document.digest != first.document.digest) == (True, True)
    assert not any("Pumpkins" in each.text for each in about(library, "When are pumpkins harvested after the frost?"))
    assert len(about(library, "When are leeks sown?")) == 1


def test_who_may_see_a_document(library, written):
    attic, garden = Place("attic"), Place("garden", shared=True)
    shelves = {"private": of_place(KITCHEN, ALICE), "channel": of_place(CHANNEL, ALICE)}
    shelves |= {"robin": of_companion("Robin", ALICE), "all": EVERYONE}
    for name, shelf in shelves.items():
        library.add(written(f"{name}.txt", f"{TOWER} It is painted in {name} colours."), shelf, "alice")

    def seen(person, place, companion="Robin"):
        found = about(library, person=person, place=place, companion=companion)
        return {excerpt.name.removesuffix(".txt") for excerpt in found}

    assert seen(ALICE, KITCHEN) == {"private", "robin", "all"}
    assert seen(ALICE, attic) == {"robin", "all"}
    assert seen(ALICE, attic, "Marvin") == {"all"}
    assert seen(ALICE, CHANNEL) == {"channel", "all"}
    assert seen(BOB, CHANNEL) == {"channel", "all"}
    assert seen(BOB, KITCHEN) == {"all"}
    assert seen(ALICE, garden) == {"all"}
    assert {each.scope for each in about(library, passages=Shares(0, 2, 0))} == {"companion"}
    assert about(library, passages=Shares(0, 0, 0)) == []


def test_neighbouring_passages_are_joined_without_saying_anything_twice(library, written):
    text = " ".join(f"The tower has room {number} of granite." for number in range(100))
    library.add(written("tower.txt", text), EVERYONE, "alice")
    (found,) = about(library, "Which room of the tower is of granite?", passages=Shares(0, 0, 40))
    assert found.text.split() == text.split()
    assert len(found.passages) > 2


def test_what_is_removed_is_found_by_nobody_and_in_none_of_the_bytes(library, database, written):
    kept = library.add(written("a.txt", OTHER), EVERYONE, "alice").document
    taken = library.add(written("b.txt", f"{TOWER} Xylophagous."), EVERYONE, "alice").document
    assert about(library) != []
    assert library.size() == Size(2, 2, len(OTHER) + len(f"{TOWER} Xylophagous."), kept.stored + taken.stored)
    assert library.remove(taken.id).title == taken.title
    assert (about(library), about(library, dense=False), library.catalogue.words.count()) == ([], [], 1)
    assert (library.size().documents, library.size().passages) == (1, 1)
    if database.path:
        files = database.path.parent.glob("diary.sqlite*")
        assert not any(b"ylophagous" in file.read_bytes() for file in files)
    with pytest.raises(NotFound, match="familiar library list"):
        library.remove(taken.id)


def test_what_cannot_be_read_leaves_the_version_before(library, written):
    path = written("tower.txt", TOWER)
    library.add(path, EVERYONE, "alice")
    path.write_bytes(b"")
    with pytest.raises(UnreadableDocument):
        library.add(path, EVERYONE, "alice")
    assert len(about(library)) == 1
    with pytest.raises(NotFound, match="There is no file"):
        library.add(path.with_name("none.txt"), EVERYONE, "alice")


def test_stopping_keeps_nothing_of_the_document_and_progress_is_told(library, written):
    path = written("long.md", sections(*(f"Statement {number} about towers." for number in range(300))))
    told = []
    with pytest.raises(Stopped):
        library.add(path, EVERYONE, "alice", told=told.append, stop=lambda: len(told) == 1)
    assert library.size() == Size(0, 0, 0, 0)
    library.add(path, EVERYONE, "alice", told=told.append)
    assert [each.passages for each in told] == [128, 128, 256, 300]
    assert (told[-1].name, told[-1].share) == ("long.md", 1.0)


def test_a_file_and_a_page_of_the_same_name_are_two_documents_and_a_name_belongs_to_its_person(library, database, embedder):
    page = Page("http://example.org/b", "tower.html", f"<h1>Tower</h1><p>{TOWER}</p>".encode(), "utf-8")
    online = Library(database, embedder, lambda address: page)
    taken = online.add_page("http://example.org/a?key=1#top", EVERYONE, "alice")
    assert taken.document.source == "http://example.org/a?key=1"
    assert about(library)[0].name == "http://example.org/a"
    for person, text in (("alice", "First of Alice."), ("bob", "First of Bob."), ("alice", "Second of Alice.")):
        library.add_open(BytesIO(text.encode()), "notes.txt", EVERYONE, person)
    assert [(each.source, each.owner) for each in library.catalogue.documents()][1:] == [("notes.txt", "bob"), ("notes.txt", "alice")]


def test_a_folder_is_kept_in_step(library, embedder, tmp_path):
    folder = tmp_path / "shelf"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(TOWER)
    (folder / "deep" / "b.txt").write_text(OTHER)
    (folder / "c.bin").write_bytes(bytes(range(256)) * 8)

    def sync(**more):
        return sorted((each.name, each.change) for each in library.add_folder(folder, EVERYONE, "alice", sync=True, **more))

    assert sync() == [("a.txt", "added"), ("c.bin", "refused"), ("deep/b.txt", "added")]
    (folder / "a.txt").rename(folder / "z.txt")
    (folder / "deep" / "b.txt").unlink()
    (folder / "c.bin").unlink()
    embedder.embedded.clear()
    assert sync() == [("deep/b.txt", "removed"), ("z.txt", "moved")]
    assert embedder.embedded == {}
    (folder / "z.txt").rename(tmp_path / "elsewhere.txt")
    assert sync() == []  # as an unmounted disk looks
    assert len(library.catalogue.documents()) == 1


def test_two_files_of_one_content_outlive_the_change_of_the_other(library, tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(TOWER)
    assert [each.change for each in library.add_folder(folder, EVERYONE, "alice", sync=True)] == ["added", "there"]
    (folder / "a.txt").write_text(OTHER)
    assert [each.change for each in library.add_folder(folder, EVERYONE, "alice", sync=True)] == ["changed", "added"]


def test_another_embedding_model_embeds_the_library_anew(library, database, written):
    library.add(written("tower.txt", TOWER), EVERYONE, "alice")
    library.add(written("other.txt", OTHER), EVERYONE, "alice")
    other = Counting(64, "other")
    changed = Library(database, other)
    assert [each.dense for each in about(changed)] == [0.0]
    changed.catch_up()
    assert sum(other.embedded.values()) == 3
    assert about(changed)[0].dense > 0.3


def test_two_processes_see_what_the_other_does(library, database, written):
    second = Library(database, Counting())
    assert about(second) == []
    taken = library.add(written("tower.txt", TOWER), EVERYONE, "alice")
    assert len(about(second)) == 1
    library.remove(taken.document.id)
    assert about(second) == []


def test_the_words_can_be_indexed_anew(library, database, written):
    library.add(written("tower.md", sections(TOWER, OTHER)), EVERYONE, "alice")
    with database.write() as connection:
        library.catalogue.words.index.clear(connection)
    assert about(library, dense=False) == []
    assert library.catalogue.rebuild() == 2
    assert len(about(library, dense=False)) == 1


@pytest.mark.embedded
def test_a_kill_in_the_middle_leaves_no_half_document(library, data_dir, database, written):
    path = written("long.md", sections(*(f"Statement {number} about towers and granite." for number in range(3000))))
    program = """
import sys
from pathlib import Path
from extension.context.library import Library
from extension.context.shelves import EVERYONE
from extension.database import Database
from extension.embedders import Hashing
library = Library(Database(sys.argv[1]), Hashing())
library.add(Path(sys.argv[2]), EVERYONE, "alice", told=lambda progress: print(progress.passages, flush=True))
print("done", flush=True)
"""
    for until in ("128", "3000"):
        command = [sys.executable, "-c", program, database.url, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
            for line in process.stdout:
                if line.strip() == until:
                    time.sleep(0.05 if until == "3000" else 0)  # into the transaction
                    process.send_signal(signal.SIGKILL)
                    break
        assert (library.size().passages, library.catalogue.words.count()) in {(0, 0), (3000, 3000)}
    assert library.add(path, EVERYONE, "alice").document.passages == 3000
    assert library.catalogue.words.count() == library.size().passages == 3000
