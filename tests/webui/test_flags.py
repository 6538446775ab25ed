"""CMD_FLAGS.txt: read as the webui reads it, and put in place without touching a person's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from extension.errors import SettingsError
from extension.webui.flags import advice, extensions, flags, put

OURS = Path(__file__).resolve().parent.parent.parent / "CMD_FLAGS.txt"
DEFAULT = "# Add persistent flags here to use every time you launch the web UI.\n# Example:\n# --listen --api\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "user_data/CMD_FLAGS.txt"


@pytest.fixture
def written(path):
    path.parent.mkdir()
    return path.write_text


def test_ours_enables_the_extension_and_nothing_else():
    assert flags(OURS) == ["--extensions", "familiar"]


def test_lines_are_joined_and_comments_left_out(path, written):
    written('# --share\n--api \\\n  --model "a b"\n\n--listen\n')
    assert flags(path) == ["--api", "--model", "a b", "--listen"]


def test_no_file_holds_no_flags(path):
    assert flags(path) == []


def test_a_quotation_mark_that_is_never_closed_is_told(path, written):
    written('--model "a b\n')
    with pytest.raises(SettingsError, match=r"cannot be read: No closing quotation. Mend it"):
        flags(path)


@pytest.mark.parametrize(
    ("given", "enabled"),
    [
        ([], []),
        (["--api"], []),
        (["--extensions", "gallery", "familiar", "--api", "x"], ["gallery", "familiar"]),
        (["--extensions", "gallery", "--extensions", "familiar"], ["familiar"]),
    ],
)
def test_the_last_list_of_extensions_counts(given, enabled):
    assert extensions(given) == enabled


@pytest.mark.parametrize("text", [DEFAULT, ""])
def test_a_file_without_flags_is_replaced(path, written, text):
    written(text)
    assert put(OURS, path) == f"Wrote {path}: it enables the extension."
    assert path.read_text() == OURS.read_text()


def test_a_missing_file_is_written(path):
    put(OURS, path)
    assert path.read_text() == OURS.read_text()


def test_flags_of_a_persons_own_are_left_alone(path, written):
    written("--api\n")
    assert put(OURS, path) == f"{path} holds flags of your own: it was left alone."
    assert path.read_text() == "--api\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("--extensions familiar\n", "It is enabled in {path}."),
        ("--extensions familiarity\n", "To enable it, change the --extensions in {path}: `--extensions familiarity familiar`."),
        ("--api\n", "To enable it, add a line to {path}: `--extensions familiar`."),
    ],
)
def test_it_says_how_to_enable_the_extension(path, written, text, sentence):
    written(text)
    assert advice(path, "familiar").startswith(sentence.format(path=path))
