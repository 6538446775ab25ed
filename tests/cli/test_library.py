"""`familiar read` and `familiar library`."""

from __future__ import annotations

import pytest

TOWER = "The tower was built of granite in 1887. It is eighty metres tall.\n"


@pytest.fixture
def shelf(tmp_path):
    """A folder with a document, and a file that is none."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "tower.txt").write_text(TOWER)
    (folder / "broken.bin").write_bytes(bytes(range(256)) * 8)
    return folder


def test_a_folder_is_read_listed_asked_about_and_removed(familiar, shelf):
    ran = familiar("read", shelf, "--sync", "--json")
    assert ran.code == 1  # one of the files is no document
    broken, tower = ran.json
    assert (broken["name"], broken["change"], tower["name"], tower["change"]) == ("broken.bin", "refused", "tower.txt", "added")
    document = tower["document"]
    assert (document["for"], document["companion"], document["owner"], document["passages"]) == ("companion", "Familiar", "me", 1)
    assert "tower.txt: added (1 passage, number 1)" in ran.err
    (shelf / "broken.bin").unlink()
    again = familiar("read", shelf, "--sync")
    assert (again.code, again.err.splitlines()[-1]) == (0, "1 there.")
    assert "for Familiar" in familiar("library", "list").out
    assert familiar("library", "size", "--json").json["bytes"] == len(TOWER)
    assert familiar("library", "remove", 7).code == 1
    assert familiar("library", "remove", document["id"], "--json").json == {"removed": [1]}
    assert familiar("library", "list", "--json").json == []


def test_a_document_may_be_for_one_chat_or_for_everyone(familiar, shelf):
    path = shelf / "tower.txt"
    (taken,) = familiar("read", path, "--for", "place", "--place", "sofa", "--as", "ann", "--json").json
    assert (taken["document"]["for"], taken["document"]["place"], taken["document"]["owner"]) == ("place", "sofa", "ann")
    assert familiar("read", path, "--for", "everyone", "--json").json[0]["change"] == "added"
    assert familiar("read", path, "--for", "place").code == 2
    assert len(familiar("library", "list", "--json").json) == 2


def test_what_is_not_there_is_named_and_the_rest_is_read(familiar, shelf):
    ran = familiar("read", shelf / "none.txt", "http://127.0.0.1/x", shelf / "tower.txt")
    assert ran.code == 1
    assert "There is no file" in ran.err
    assert ran.err.splitlines()[-1] == "1 added, 2 refused."


def test_looking_at_no_library_makes_none(familiar):
    assert familiar("library", "list").err.startswith("There are no documents.")
    assert familiar("library", "size").out.startswith("0 documents of 0 B")
    assert familiar("library", "remove", 1).code == 1
    assert not familiar.data_dir.exists()
