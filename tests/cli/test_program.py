"""The program as a whole: how it starts, how it ends, and that several of them get on with each other."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import pytest

from extension import __version__
from tests.hosts.openai_double import piece, repeats
from tests.models import smollm2_folder

from .conftest import ROOT

HEAVY = {"torch", "transformers", "sentence_transformers", "chromadb", "gradio", "alembic"}
LOADED = """
import sys
from extension.__main__ import app
try:
    app(sys.argv[1:])
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""


def test_the_version_is_shown(familiar):
    assert familiar("--version").out == f"familiar {__version__}\n"


def test_every_command_has_help(familiar):
    for command in ("chat", "serve", "doctor", "settings", "memory"):
        ran = familiar(command, "--help")
        assert (ran.code, "--data-dir FOLDER" in ran.out) == (0, True)
    for command in ("list", "show", "edit", "forget", "export", "import", "stats", "reindex"):
        ran = familiar("memory", command, "--help")
        assert (ran.code, "--data-dir FOLDER" in ran.out, "--json" in ran.out) == (0, True, True)


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [(["--data-dir"], [], []), ([], ["--data-dir"], []), ([], [], ["--data-dir"])],
    ids=["before", "between", "after"],
)
def test_the_data_directory_may_be_named_before_and_after_a_command(familiar, tmp_path, before, between, after):
    folder = str(tmp_path / "other")
    familiar.tell("My cat is called Miso", data_dir=folder)
    parts = [[*part, folder] if part else [] for part in (before, between, after)]
    assert [memory["id"] for memory in familiar(*parts[0], "memory", *parts[1], "list", "--json", *parts[2]).json] == [1]
    assert not familiar.data_dir.exists()


@pytest.mark.parametrize("arguments", [["--help"], ["memory", "list"], ["memory", "stats"], ["settings"], ["memory", "export"]])
def test_small_commands_load_nothing_heavy(familiar, arguments):
    familiar.tell("My cat is called Miso")
    command = [sys.executable, "-c", LOADED, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=familiar.environ, capture_output=True, text=True, timeout=240, check=True)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert ("typer" in loaded, loaded & HEAVY) == (True, set())


def test_an_unknown_command_is_a_usage_error(familiar):
    ran = familiar("memroy")
    assert (ran.code, ran.out) == (2, "")
    assert "memroy" in ran.err


def test_settings_that_cannot_be_read_are_a_sentence(familiar):
    familiar.data_dir.mkdir()
    (familiar.data_dir / "settings.yaml").write_text("budget: [")
    ran = familiar.process("chat", "Hello")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: Cannot read {familiar.data_dir / 'settings.yaml'}")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", [["chat", "Hello"], ["memory", "list"], ["memory", "export"]])
def test_an_address_that_is_no_database_is_a_sentence(familiar, command):
    familiar.environ["FAMILIAR_DATABASE_URL"] = "garbage"
    ran = familiar(*command)
    assert (ran.code, ran.out) == (1, "")
    assert "Error: FAMILIAR_DATABASE_URL is no URL of a database; it looks like sqlite:////folder/file or " in ran.err


def test_verbose_shows_where_an_error_came_from(familiar):
    ran = familiar("memory", "show", "7", "--verbose", "--data-dir", familiar.data_dir)
    assert ran.code == 1
    assert "Traceback" in ran.err


def test_a_reader_that_goes_away_ends_the_program_quietly(familiar, server):
    server.chats(repeats(piece("purr ")))
    process = familiar.start("chat", "Purr for me", "--host", server.url)
    assert process.stdout.read(4) == b"purr"
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == b""
    process.stdout = None
    assert familiar.remembered()[0]["reply"].startswith("purr")


def test_letters_that_an_odd_terminal_does_not_have_end_nothing(familiar):
    ran = familiar.process("chat", "5 €", PYTHONIOENCODING="latin-1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n5 ?\n")
    assert familiar.process("memory", "list", "--json", PYTHONIOENCODING="latin-1").json[0]["said"] == "5 €"


@pytest.fixture
def bound_by_permissions():
    """What to run a program under so that permissions hold for it: nothing, except for the superuser."""
    if os.getuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("permissions do not hold for the superuser, and there is no setpriv to be less")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")


def test_a_data_directory_that_may_only_be_read_costs_nobody_the_answer_nor_a_word(told, bound_by_permissions):
    readable = [told.data_dir, *told.data_dir.rglob("*")]
    for path in readable:
        path.chmod(0o555 if path.is_dir() else 0o444)
    ran = told.process("chat", "My dog is called Bo", "--as", "ann", "--json", under=bound_by_permissions)
    assert (ran.code, ran.json["reply"].endswith("My dog is called Bo")) == (0, True)
    assert "What was just said is kept in" in ran.err
    for command in (["memory", "edit", "1", "--pin"], ["memory", "forget", "1", "--yes"]):
        refused = told.process(*command, under=bound_by_permissions)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.startswith(f"Error: The diary at {told.data_dir / 'diary.sqlite'} cannot be used: it ")
    assert "PROBLEM" in told.process("doctor", under=bound_by_permissions).out
    for path in readable:
        path.chmod(0o755 if path.is_dir() else 0o644)
    told.tell("And my fish is called Finn", as_="ann")
    assert {"My dog is called Bo", "My cat is called Miso"} < {memory["said"] for memory in told.remembered("--person", "ann")}


def test_two_programs_on_one_data_directory_recall_what_the_other_wrote(familiar):
    talking = familiar.start("chat", "--as", "ann", "--place", "sofa")

    def say(text: str) -> bytes:
        talking.stdin.write(text.encode() + b"\n")
        while not (line := talking.stderr.readline()).startswith(b"remembered"):
            assert line, "the program has ended"
        return line

    assert say("My cat is called Miso") == b"remembered: 0 memories used\n"
    beside = familiar.process("chat", "What is my cat called?", "--as", "ann", "--place", "desk", "--json")
    assert (beside.code, [memory["text"] for memory in beside.json["memories"]]) == (0, ["My cat is called Miso"])
    familiar.process("chat", "The rent is 900 francs", "--as", "ann", "--place", "desk", "--json")
    assert say("How much is the rent?") == b"remembered: 1 memory used (/why)\n"
    talking.communicate(timeout=240)
    assert talking.returncode == 0
    assert len(familiar.remembered()) == 4


def test_turns_at_the_same_time_in_one_place_are_all_kept(familiar):
    programs = [familiar.start("chat", f"Fact number {number}", "--json") for number in range(4)]
    for program in programs:
        program.communicate(timeout=120)
    assert [program.returncode for program in programs] == [0, 0, 0, 0]
    assert {memory["said"] for memory in familiar.remembered()} == {f"Fact number {number}" for number in range(4)}
    assert familiar("doctor", "--json").json["ok"] is True


def test_the_chat_is_served_until_it_is_interrupted(familiar):
    serving = familiar.start("serve", "--port", "0", stderr=subprocess.STDOUT)
    text = b""
    while not (address := re.search(rb"http://127\.0\.0\.1:\d+", text)):
        line = serving.stdout.readline()
        assert line, text
        text += line
    with urllib.request.urlopen(address[0].decode(), timeout=120) as page:
        assert b"gradio" in page.read()
    serving.send_signal(signal.SIGINT)
    rest, _ = serving.communicate(timeout=240)
    assert b"Traceback" not in text + rest
    assert serving.returncode in (0, 130)


@pytest.mark.model
@pytest.mark.slow
def test_with_the_real_models_a_fact_is_recalled_by_its_meaning(familiar):
    real = {
        "FAMILIAR_HOST": "embedded",
        "FAMILIAR_MODEL": str(smollm2_folder()),
        "FAMILIAR_EMBEDDER": "minilm",
        "FAMILIAR_MAX_NEW_TOKENS": "8",
    }
    told = familiar.process("chat", "We adopted a kitten named Miso", "--place", "sofa", **real)
    assert (told.code, told.out.count("\n") >= 1) == (0, True)
    asked = familiar.process("chat", "Which pets live in my house?", "--place", "desk", "--json", **real)
    assert (asked.code, asked.out.count("\n")) == (0, 1)
    assert [memory["text"] for memory in asked.json["memories"]] == ["We adopted a kitten named Miso"]
    assert (asked.json["model"], asked.json["note"]) == (smollm2_folder().name, "")
    assert asked.json["prompt_tokens"] > 50
