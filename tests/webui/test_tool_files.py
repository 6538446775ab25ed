"""The files of our tools in a webui's user_data/tools."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from extension.errors import FamiliarError
from extension.webui.tool_files import files, put_tools, take_tools


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "webui" / "user_data" / "tools"


@pytest.fixture
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no symbolic links."""

    def refuse(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_tools_are_linked_and_taken_out_again(folder: Path) -> None:
    said = f"For models that call tools: remember_this and search_memory in {folder}, to be ticked in the chat's sidebar."
    assert put_tools(folder) == put_tools(folder) == said
    assert [path.readlink() for path in sorted(folder.iterdir())] == files()
    (folder / "calculate.py").write_text("theirs\n")
    assert take_tools(folder) == f"Removed from {folder}: remember_this and search_memory."
    assert names(folder) == ["calculate.py"]
    assert take_tools(folder) == f"No tools of ours are in {folder}."


def test_where_links_do_not_work_copies_are_made_and_kept_up_to_date(folder: Path, without_links: None) -> None:
    put_tools(folder)
    copy = folder / "search_memory.py"
    copy.write_text(copy.read_text() + "# of an older version\n")
    put_tools(folder)
    assert copy.read_text() == files()[1].read_text()
    assert not copy.is_symlink()
    take_tools(folder)
    assert names(folder) == []


def test_a_file_of_the_persons_is_never_overwritten_nor_removed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "search_memory.py").write_text("tool = {}\n")
    (tmp_path / "mine.py").write_text("tool = {}\n")
    (folder / "remember_this.py").symlink_to(tmp_path / "mine.py")
    for change in (put_tools, take_tools):
        said = change(folder)
        assert f"Left alone, since not ours: {folder / 'remember_this'}.py and {folder / 'search_memory'}.py." in said
    assert (folder / "search_memory.py").read_text() == "tool = {}\n"
    assert (folder / "remember_this.py").resolve() == tmp_path / "mine.py"


def test_a_link_to_a_checkout_that_has_moved_is_mended(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "search_memory.py").symlink_to(tmp_path / "gone" / "extension" / "webui" / "user_tools" / "search_memory.py")
    put_tools(folder)
    assert (folder / "search_memory.py").resolve() == files()[1]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "user_data").write_text("")
    with pytest.raises(FamiliarError, match="Run this as the person the webui belongs to"):
        put_tools(tmp_path / "user_data" / "tools")


def test_each_file_is_a_tool_of_its_own_name_and_says_so_where_the_extension_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "extension.webui.hooks", raising=False)
    for path in files():
        spec = importlib.util.spec_from_file_location(f"tool_{path.stem}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.tool["function"]["name"] == path.stem
        answer = {"error": "Familiar is not running in this webui. The person can start it with `--extensions familiar`."}
        assert module.execute({"query": "x"}) == answer
