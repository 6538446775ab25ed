"""Tests of the files of a folder."""

from __future__ import annotations

import os

import pytest

from extension.context.folder import entries
from extension.errors import NotFound


def test_the_files_of_a_folder_are_listed_in_order_and_links_do_not_lead_out(tmp_path):
    folder = tmp_path / "shelf"
    for name in ("b/deep.txt", "b.txt", "a.txt", ".hidden", ".git/config", "node_modules/x.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("words")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    (folder / "inside.txt").symlink_to(folder / "a.txt")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "nowhere.txt").symlink_to(tmp_path / "absent")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to(folder)
    (folder / "turn").symlink_to(folder / "turn")
    os.mkfifo(folder / "pipe")
    found = list(entries(folder))
    assert [each.path.relative_to(folder).as_posix() for each in found if not each.problem] == ["a.txt", "b.txt", "b/deep.txt"]
    assert {each.path.name for each in found if each.problem} == {"out.txt", "nowhere.txt", "out", "turn"}


def test_a_folder_that_is_none_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("absent", "file"):
        with pytest.raises(NotFound, match="There is no folder"):
            list(entries(tmp_path / name))
