"""`familiar chat TEXT`: one turn."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.hosts.openai_double import DONE, FINISH, NAME, breaks_after, falls_silent_after, piece, says, sends, streams

QUOTED = "I am a script, not a model. The last of the 2 messages I was shown is:\n\n"


def test_the_reply_is_on_stdout_and_nothing_else_is(familiar):
    ran = familiar("chat", "Good morning")
    assert (ran.code, ran.out, ran.err) == (0, QUOTED + "Good morning\n", "")


def test_json_is_one_object_with_everything_about_the_turn(familiar):
    turn = familiar.tell("My cat is called Miso")
    assert turn.pop("milliseconds") >= 0
    assert turn.pop("prompt_tokens") > len("My cat is called Miso") / 4
    assert turn == {
        "reply": QUOTED + "My cat is called Miso",
        "memories": [],
        "summaries": [],
        "question": "",
        "passages": [],
        "model": "scripted",
        "adapter": "",
        "id": 1,
        "note": "",
    }


def test_what_was_said_before_is_in_the_memories_and_in_the_prompt(familiar):
    familiar.tell("My cat is called Miso", as_="ann", place="sofa")
    turn = familiar.tell("What is my cat called?", as_="ann", place="desk")
    (memory,) = turn["memories"]
    when = datetime.fromisoformat(memory.pop("when"))
    assert (when.utcoffset(), datetime.now(UTC) - when < timedelta(minutes=5)) == (timedelta(0), True)
    assert 0 < memory.pop("score") <= 1
    assert 0 <= memory.pop("lexical") <= 1
    assert 0 <= memory.pop("dense") <= 1
    assert memory == {
        "id": 1,
        "text": "My cat is called Miso",
        "reply": QUOTED + "My cat is called Miso",
        "said_by": "ann",
        "companion": "Familiar",
        "place": "sofa",
    }
    assert "ann: My cat is called Miso" in turn["reply"]
    assert turn["reply"].endswith("\n\nWhat is my cat called?")


def test_the_turn_is_in_the_diary_with_what_was_shown(familiar):
    familiar.tell("My cat is called Miso")
    familiar.tell("What is my cat called?")
    newest, oldest = familiar.remembered()
    assert (newest["said"], newest["memories"], newest["row"]) == ("What is my cat called?", [1], 1)
    assert (oldest["person"], oldest["place"], oldest["companion"], oldest["model"]) == ("me", "terminal", "Familiar", "scripted")


def test_nobody_is_told_what_another_person_said(familiar):
    familiar.tell("My cat is called Miso", as_="ann")
    assert familiar.tell("What is my cat called?", as_="bob")["memories"] == []


def test_a_companion_recalls_only_what_it_was_told_until_the_scope_is_wider(familiar):
    familiar.tell("My cat is called Miso", companion="Robin")
    assert familiar.tell("What is my cat called?", companion="Wren")["memories"] == []
    assert 1 in [memory["id"] for memory in familiar.tell("What is my cat called?", companion="Wren", scope="person")["memories"]]


def test_the_scope_place_leaves_out_other_places(familiar):
    familiar.tell("My cat is called Miso", place="sofa")
    assert familiar.tell("What is my cat called?", place="desk", scope="place")["memories"] == []


@pytest.mark.parametrize("option", ["--memories=0", "--budget=0", "--no-memory"])
def test_recall_can_be_switched_off_for_a_turn_that_is_remembered(familiar, option):
    familiar.tell("My cat is called Miso")
    turn = familiar("chat", "What is my cat called?", "--json", option).json
    assert (turn["memories"], turn["reply"]) == ([], QUOTED + "What is my cat called?")
    assert len(familiar.remembered()) == 2


def test_incognito_neither_recalls_nor_leaves_a_trace(familiar):
    turn = familiar("chat", "My secret is Miso", "--incognito", "--json").json
    assert (turn["id"], turn["memories"], turn["note"]) == (None, [], "")
    assert not familiar.data_dir.exists()
    familiar.tell("My cat is called Miso")
    assert familiar("chat", "What is my cat called?", "--incognito", "--json").json["memories"] == []
    assert [memory["said"] for memory in familiar.remembered()] == ["My cat is called Miso"]


def test_to_speak_in_a_shared_place_does_not_make_it_private(familiar, tmp_path):
    line = {"kind": "exchange", "person": "bob", "place": "hall", "companion": "Familiar", "row": 0, "when": "2026-03-14T12:00:00Z"}
    header = {"kind": "familiar-memories", "format": 1}
    lines = [header, {**line, "shared": True, "place_title": "The hall", "said": "My cat is called Miso"}]
    (tmp_path / "file").write_text("".join(json.dumps(each) + "\n" for each in lines))
    familiar("memory", "import", tmp_path / "file")
    assert [memory["said_by"] for memory in familiar.tell("What is the cat called?", as_="ann", place="hall")["memories"]] == ["bob"]
    assert {(memory["shared"], memory["place_title"]) for memory in familiar.remembered("--place", "hall")} == {(True, "The hall")}


def test_a_turn_stands_for_itself_unless_it_is_to_go_on(familiar):
    familiar.tell("One potato")
    assert "The last of the 2 messages" in familiar.tell("Two potatoes")["reply"]
    assert "The last of the 6 messages" in familiar("chat", "Three", "--continue", "--json").json["reply"]


def test_text_comes_from_standard_input_for_a_dash(familiar):
    assert familiar("chat", "-", stdin="Grüße\nund mehr\n".encode()).out == QUOTED + "Grüße\nund mehr\n"


def test_input_that_is_not_utf_8_is_answered_and_remembered(familiar):
    assert familiar("chat", "-", stdin=b"caf\xe9 \x00 ole").code == 0
    assert familiar.remembered()[0]["said"] == "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER} ole"


def test_an_argument_that_is_not_utf_8_is_answered_and_remembered(familiar):
    ran = familiar.process("chat", b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert (ran.code, ran.out) == (0, QUOTED + "caf\N{REPLACEMENT CHARACTER}\n")
    assert familiar.remembered()[0]["said"] == "caf\N{REPLACEMENT CHARACTER}"


def test_a_message_of_a_megabyte_is_refused_in_a_sentence_and_remembered_all_the_same(familiar):
    text = "word " * 200_000
    ran = familiar("chat", "-", stdin=text.encode())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: The message is too long for scripted: it sees 4096 tokens at once. Shorten")
    assert familiar.remembered()[0]["said"] == text


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        (["chat", ""], b"", "there is nothing in it to answer"),
        (["chat", "-"], b" \n", "there is nothing in it to answer"),
        (["chat", "-"], b"x" * (16 * 1024 * 1024 + 1), "holds more than 16.8 MB"),
        (["chat", "--json"], b"Hello\n", "it needs TEXT, or -"),
        (["chat", "Hello", "--place", " "], b"", "a place needs a name"),
    ],
)
def test_a_wrong_use_is_explained_and_has_exit_code_2(familiar, arguments, stdin, complaint):
    ran = familiar(*arguments, stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert not familiar.data_dir.exists()


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("--scope=all", "The setting `scope` (FAMILIAR_SCOPE) is not usable: it is one of place, companion, person."),
        ("--budget=-1", "The setting `budget` (FAMILIAR_BUDGET) is not usable"),
        ("--host=nowhere", "The setting `host` (FAMILIAR_HOST) is `nowhere`, which is no host."),
        ("--companion=../x", "'../x' is no name for a companion"),
        ("--as=", "The setting `person` (FAMILIAR_PERSON) is not usable"),
    ],
)
def test_an_option_of_no_use_is_named(familiar, option, complaint):
    ran = familiar("chat", "Hello", option)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {complaint}")


def test_a_server_streams_its_reply(familiar, server):
    ran = familiar("chat", "Hello", "--host", server.url, "--json")
    assert (ran.json["model"], ran.json["reply"]) == (NAME, QUOTED + "Hello")


def test_reasoning_is_kept_apart(familiar, server):
    server.chats(streams(piece("<think>They gr"), piece("eet.</think>\n\nHello"), piece(" you."), FINISH, DONE))
    assert familiar("chat", "Hello", "--host", server.url).out == "Hello you.\n"
    assert familiar("chat", "Hello", "--host", server.url, "--json").json["reply"] == "Hello you."
    assert [(memory["reply"], memory["reasoning"]) for memory in familiar.remembered()] == [("Hello you.", "They greet.")] * 2


def test_a_server_that_is_down_is_named_and_what_was_said_is_kept(familiar):
    ran = familiar("chat", "My cat is called Miso", "--host", "http://127.0.0.1:9", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: Nothing answers at http://127.0.0.1:9 (")
    assert [(memory["said"], memory["reply"]) for memory in familiar.remembered()] == [("My cat is called Miso", "")]


def test_a_server_that_answers_garbage_is_named(familiar, server):
    server.chats(sends(b"<html>Welcome to nginx</html>"))
    ran = familiar("chat", "Hello", "--host", server.url)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert server.url in ran.err
    assert "nginx" not in ran.out


def test_a_server_that_falls_silent_is_waited_for_no_longer_than_the_timeout(familiar, server):
    server.chats(falls_silent_after(piece("Miso is")))
    familiar.environ["FAMILIAR_TIMEOUT"] = "0.5"
    ran = familiar("chat", "My cat is called Miso", "--host", server.url)
    assert (ran.code, ran.out) == (1, "Miso is\n")
    assert ran.err.startswith(f"Error: {server.url} sent nothing of an answer for 0.5 s.")
    assert familiar.remembered()[0]["reply"] == "Miso is"


def test_a_reply_that_breaks_off_is_kept_as_far_as_it_came(familiar, server):
    server.chats(breaks_after(piece("Miso is"), piece(" a fine")))
    ran = familiar("chat", "My cat is called Miso", "--host", server.url)
    assert (ran.code, ran.out) == (1, "Miso is a fine\n")
    assert ran.err.startswith(f"Error: The connection to {server.url} broke")
    assert familiar.remembered()[0]["reply"] == "Miso is a fine"


@pytest.mark.parametrize("chunks", [[], [piece("<think>Hm")], [piece(" ")]])
def test_an_empty_reply_is_pointed_out(familiar, server, chunks):
    server.chats(streams(*chunks, FINISH, DONE))
    ran = familiar("chat", "Hello", "--host", server.url, "--json")
    assert (ran.json["reply"], ran.json["note"]) == ("", "The model answered nothing. Say it again, or try another model.")


def test_a_key_is_in_no_output(familiar, server):
    server.chats(says({"error": {"message": "Incorrect API key provided: sk-very-secret"}}, 401))
    familiar.environ["FAMILIAR_API_KEY"] = "sk-very-secret"
    ran = familiar("chat", "Hello", "--host", server.url, "--verbose")
    assert (ran.code, ran.out) == (1, "")
    assert "Set FAMILIAR_API_KEY" in ran.err
    assert "sk-very-secret" not in ran.err
    assert [path for path in familiar.data_dir.rglob("*") if path.is_file() and b"sk-very-secret" in path.read_bytes()] == []


def test_a_diary_that_is_no_database_costs_nobody_the_answer_nor_a_word(familiar):
    familiar.data_dir.mkdir()
    diary = familiar.data_dir / "diary.sqlite"
    diary.write_bytes(b"This is not a database at all. " * 50)
    ran = familiar("chat", "My cat is called Miso", "--json")
    assert (ran.code, ran.json["reply"]) == (0, QUOTED + "My cat is called Miso")
    assert ran.json["note"].startswith(f"The diary at {diary} cannot be used: it is not a database of ours or is damaged.")
    assert "What was just said is kept in" in ran.err
    diary.unlink()
    familiar.tell("And my dog is Bo")
    assert sorted(memory["said"] for memory in familiar.remembered()) == ["And my dog is Bo", "My cat is called Miso"]


def test_a_diary_that_another_program_keeps_locked_costs_nobody_the_answer_nor_a_word(familiar):
    familiar.tell("Good morning")
    familiar.environ["FAMILIAR_LOCK_TIMEOUT"] = "0.2"
    other = sqlite3.connect(familiar.data_dir / "diary.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    ran = familiar("chat", "My cat is called Miso", "--json")
    assert (ran.code, ran.json["reply"]) == (0, QUOTED + "My cat is called Miso")
    assert "another program has been writing to it for too long" in ran.err
    other.close()
    familiar.tell("And my dog is Bo")
    assert {memory["said"] for memory in familiar.remembered()} == {"Good morning", "My cat is called Miso", "And my dog is Bo"}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can make files, such as Linux's /proc")
def test_a_data_directory_that_cannot_be_made_costs_nobody_the_answer(familiar):
    ran = familiar("chat", "My cat is called Miso", "--data-dir", "/proc/familiar", "--json")
    assert (ran.code, ran.json["reply"]) == (0, QUOTED + "My cat is called Miso")
    assert "Cannot create the folder /proc/familiar" in ran.err
    assert "What was just said is kept in" in ran.err
    assert familiar("memory", "list", "--data-dir", "/proc/familiar", "--json").json == []


def test_a_data_directory_that_is_a_file_is_named(familiar, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    ran = familiar("chat", "Hello", "--data-dir", tmp_path / "file")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: Cannot read {tmp_path / 'file'}")


def test_a_missing_embedding_model_is_noted_and_words_decide(familiar, tmp_path):
    familiar.environ["FAMILIAR_EMBEDDER"] = str(tmp_path / "none")
    familiar.tell("My cat is called Miso")
    turn = familiar.tell("What is my cat called?")
    assert [memory["id"] for memory in turn["memories"]] == [1]
    assert turn["note"].startswith("Recall by meaning is not available, words alone decided: FAMILIAR_EMBEDDER names")


def test_a_missing_model_is_named(familiar, tmp_path):
    ran = familiar("chat", "My cat is called Miso", "--host", "embedded", "--model", tmp_path / "none")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert str(tmp_path / "none") in ran.err
    assert familiar.remembered()[0]["said"] == "My cat is called Miso"


def test_the_log_holds_no_word_that_was_said(familiar):
    familiar.environ["FAMILIAR_LOG_LEVEL"] = "DEBUG"
    familiar("chat", "My cat is called Miso", "--verbose")
    familiar("chat", "My cat is called Miso", "--host", "http://127.0.0.1:9")
    log = (familiar.data_dir / "familiar.log").read_text()
    assert ("Ending with an error" in log, "Miso" in log) == (True, False)
