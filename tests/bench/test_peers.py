"""Peers: those that stand on what is here find something, and those apart say what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.peers import apart, here
from bench.peers.known import NAMES, starter

from .figures import conversation

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = conversation({"Here is the zebra": "7"})


@pytest.mark.model
@pytest.mark.parametrize("start", [here.minilm, here.bm25], ids=["minilm", "bm25"])
def test_a_peer_finds_the_turn_that_is_asked_for(tmp_path, start):
    peer = start([STATEMENTS], tmp_path)
    assert peer.ask(STATEMENTS, STATEMENTS.questions[0])[0] == 6
    assert peer.about
    peer.close()


def test_every_peer_can_be_started(tmp_path):
    (tmp_path / "extensions/superboogav2").mkdir(parents=True)
    (tmp_path / "extensions/superboogav2/requirements.txt").touch()
    for name in NAMES:
        assert callable(starter(name, tmp_path))


def test_the_webuis_extension_needs_a_checkout_of_the_webui(tmp_path):
    with pytest.raises(ValueError, match="name a checkout of it with --webui DIR"):
        starter("superboogav2", None)
    with pytest.raises(ValueError, match=r"holds no extensions/superboogav2. Name a checkout"):
        starter("superboogav2", tmp_path)


def test_packages_that_cannot_be_installed_are_named_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "ENVIRONMENTS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ValueError, match=r"(?s)mem0 could not be installed: ERROR: .*no-such-package.*Leave it out"):
        apart.environment("mem0", ("no-such-package==1",))
    assert list(tmp_path.iterdir()) == []


def test_an_environment_is_made_once_and_anew_for_other_packages(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(apart, "ENVIRONMENTS", tmp_path)
    (tmp_path / "none.txt").touch()
    packages = ("-r", str(tmp_path / "none.txt"))
    python = apart.environment("one", packages)
    assert (python.is_file(), "Installing one into" in capsys.readouterr().err) == (True, True)
    assert apart.environment("one", packages) == python
    assert capsys.readouterr().err == ""
    (tmp_path / "one" / ".made").write_text("another")
    apart.environment("one", packages)
    assert "Installing one" in capsys.readouterr().err


ECHO = """
from bench.peers.answering import answer

def start(told):
    print("noise of a package")
    assert told["depth"] == 50
    turns = told["conversations"]["one"]
    return (lambda name, question: [turns.index("Alice: " + question)]), "echo of " + told["more"]

if __name__ == "__main__":
    answer(start)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Put a module where one that answers is looked for, and return its name."""

    def put(text):
        (tmp_path / "bench" / "peers").mkdir(parents=True)
        for name in ("__init__.py", "peers/__init__.py", "peers/answering.py"):
            (tmp_path / "bench" / name).write_bytes((ROOT / "bench" / name).read_bytes())
        (tmp_path / "bench" / "peers" / "written.py").write_text(text)
        monkeypatch.setattr(apart, "ROOT", tmp_path)
        return "written"

    return put


@pytest.mark.model
def test_a_process_apart_is_asked_over_its_pipes_whatever_it_prints(module, tmp_path):
    peer = apart.process(module(ECHO), Path(sys.executable), [STATEMENTS], tmp_path, more="more")
    assert (peer.about, peer.ask(STATEMENTS, STATEMENTS.questions[0])) == ("echo of more", [6])
    peer.close()


@pytest.mark.model
@pytest.mark.parametrize("text", ["raise SystemExit(3)", ECHO.replace("turns.index", "exit")], ids=["at the start", "at a question"])
def test_a_process_that_ends_is_said_to_have_ended(module, tmp_path, text):
    def both():
        peer = apart.process(module(text), Path(sys.executable), [STATEMENTS], tmp_path, more="more")
        peer.ask(STATEMENTS, STATEMENTS.questions[0])

    with pytest.raises(ValueError, match=r"bench.peers.written ended before it answered"):
        both()
