"""The folder on this machine: nothing is overwritten, nothing is half there, nothing leaves it."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from extension.documents.folder import put
from extension.errors import DocumentRefused


def test_the_same_name_again_gets_a_number(tmp_path):
    folder = tmp_path / "new" / "folder"
    paths = [put(folder, "War.docx", data) for data in (b"1", b"2", b"3")]
    assert [path.name for path in paths] == ["War.docx", "War (2).docx", "War (3).docx"]
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3"]
    assert len(list(folder.iterdir())) == 3


def test_only_its_owner_may_read_it(tmp_path):
    assert stat.S_IMODE(put(tmp_path, "a.docx", b"1").stat().st_mode) == 0o600


def test_a_link_of_that_name_is_not_followed(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "War.docx").symlink_to(tmp_path / "outside.docx")
    assert put(tmp_path / "inside", "War.docx", b"1").name == "War (2).docx"
    assert not (tmp_path / "outside.docx").exists()


@pytest.mark.parametrize("name", ["../x.docx", "/x.docx", "a/b.docx"])
def test_a_path_is_no_name(tmp_path, name):
    with pytest.raises(DocumentRefused, match="is no path"):
        put(tmp_path, name, b"1")


def test_two_at_the_same_moment_never_meet(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda number: put(tmp_path, "War.docx", b"%d" % number), range(40)))
    assert sorted(int(path.read_bytes()) for path in set(paths)) == list(range(40))


def test_where_there_are_no_hard_links_it_works_too(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert [put(tmp_path, "War.docx", data).name for data in (b"1", b"2")] == ["War.docx", "War (2).docx"]
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"1", b"2"]


def test_a_folder_that_cannot_be_written_to_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DocumentRefused, match=r"Cannot write into .*file/sub: Not a directory\. Name a folder you may write to"):
        put(tmp_path / "file" / "sub", "a.docx", b"1")
    with pytest.raises(DocumentRefused, match="File name too long"):
        put(tmp_path, "x" * 300, b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
