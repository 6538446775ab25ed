"""The extension's folder in a webui: linked, copied where links do not work, and never put over something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from extension.errors import FamiliarError
from extension.webui.link import link, unlink


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "extension"
    folder.mkdir()
    (folder / "script.py").write_text("first\n")
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "webui/user_data/extensions/familiar"


@pytest.fixture
def without_links(monkeypatch):
    """A file system that has no symbolic links."""

    def refuse(self, *_, **__):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)


def test_the_folder_is_linked(source, target):
    assert link(source, target) == f"Linked: {target} -> {source}"
    assert target.resolve() == source


def test_linking_again_leaves_it(source, target):
    link(source, target)
    assert link(source, target) == f"Linked already: {target} -> {source}"


def test_a_link_that_leads_nowhere_is_replaced(source, target, tmp_path):
    target.parent.mkdir(parents=True)
    target.symlink_to(tmp_path / "gone")
    link(source, target)
    assert target.resolve() == source


def test_a_link_to_something_else_is_left_alone(source, target, tmp_path):
    target.parent.mkdir(parents=True)
    target.symlink_to(tmp_path)
    with pytest.raises(FamiliarError, match=r"it was left alone. Remove it by hand, then run this again"):
        link(source, target)
    with pytest.raises(FamiliarError, match="it was left alone"):
        unlink(source, target)
    assert target.resolve() == tmp_path


def test_a_folder_of_somebody_elses_is_left_alone(source, target):
    target.mkdir(parents=True)
    (target / "script.py").write_text("theirs\n")
    with pytest.raises(FamiliarError, match="is there already and is not ours: it was left alone"):
        link(source, target)
    with pytest.raises(FamiliarError, match="is there already and is not ours: it was left alone"):
        unlink(source, target)
    assert (target / "script.py").read_text() == "theirs\n"


def test_without_links_the_folder_is_copied(source, target, without_links):
    assert link(source, target) == (f"Copied, since links do not work there: {source} -> {target}. Run this again after every update.")
    assert (target / "script.py").read_text() == "first\n"


def test_a_copy_is_brought_up_to_date(source, target, without_links):
    (source / "old.py").touch()
    link(source, target)
    (source / "old.py").unlink()
    (source / "script.py").write_text("second\n")
    link(source, target)
    assert (target / "script.py").read_text() == "second\n"
    assert not (target / "old.py").exists()


def test_a_copy_is_taken_out(source, target, without_links):
    link(source, target)
    assert unlink(source, target) == f"Removed the copy {target}."
    assert not target.exists()
    assert source.is_dir()


def test_a_link_is_taken_out(source, target):
    link(source, target)
    assert unlink(source, target) == f"Removed the link {target}."
    assert not target.is_symlink()
    assert (source / "script.py").is_file()
