"""`familiar memory export` and `import`."""

from __future__ import annotations

import json
import stat

import pytest

HEADER = b'{"kind": "familiar-memories", "format": 1}\n'


@pytest.fixture
def file(familiar, tmp_path):
    """A file of two memories."""
    familiar.tell("My cat is called Miso", place="sofa")
    familiar.tell("What is my cat called?", place="desk")
    assert familiar("memory", "export", tmp_path / "memories.jsonl").code == 0
    return tmp_path / "memories.jsonl"


def test_an_export_begins_with_its_format_and_has_a_line_for_each_memory(file):
    header, *lines = file.read_bytes().splitlines(keepends=True)
    assert header == HEADER
    assert [json.loads(line)["said"] for line in lines] == ["My cat is called Miso", "What is my cat called?"]


def test_an_export_is_for_its_owner_only(file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_standard_output_gets_the_same_bytes_and_nothing_else(familiar, file):
    for arguments in ([], ["-"], ["--json"]):
        ran = familiar("memory", "export", *arguments)
        assert (ran.code, ran.out.encode(), ran.err) == (0, file.read_bytes(), "2 memories exported.\n")


def test_an_export_in_json_says_how_many_and_where(familiar, tmp_path, file):
    assert familiar("memory", "export", tmp_path / "again.jsonl", "--json").json == {"exported": 2, "file": str(tmp_path / "again.jsonl")}


def test_an_export_can_be_a_part_and_for_reading(familiar, tmp_path, file):
    assert familiar("memory", "export", "--place", "sofa", "--since", "1h").out.encode() == b"".join(file.read_bytes().splitlines(True)[:2])
    assert familiar("memory", "export", "--until", "1h").out.encode() == HEADER
    assert familiar("memory", "export", tmp_path / "memories.md").err == f"2 memories exported to {tmp_path / 'memories.md'}.\n"
    text = (tmp_path / "memories.md").read_text()
    assert (text.splitlines()[2], "\n> My cat is called Miso\n" in text) == ("## sofa", True)
    assert familiar("memory", "export", "--format", "markdown").out == text
    assert familiar("memory", "export", tmp_path / "other.md", "--format", "jsonl").code == 0
    assert (tmp_path / "other.md").read_bytes() == file.read_bytes()


def test_an_import_elsewhere_exports_the_same_bytes(familiar, tmp_path, file):
    other = tmp_path / "other"
    ran = familiar("memory", "import", file, "--data-dir", other, "--json")
    assert (ran.json["added"], ran.json["refused"]) == (2, 0)
    assert familiar("memory", "export", "--data-dir", other).out.encode() == file.read_bytes()


def test_what_was_imported_is_recalled(familiar, tmp_path, file):
    other = tmp_path / "other"
    familiar("memory", "import", file, "--data-dir", other)
    turn = familiar.tell("What is my cat called?", data_dir=str(other))
    assert "My cat is called Miso" in [memory["text"] for memory in turn["memories"]]


def test_importing_again_changes_nothing(familiar, file):
    ran = familiar("memory", "import", file)
    assert (ran.code, ran.out, ran.err) == (0, "", "0 memories added, 2 there already.\n")
    assert familiar("memory", "export").out.encode() == file.read_bytes()


def test_an_import_reads_standard_input(familiar, tmp_path, file):
    ran = familiar("memory", "import", "-", "--strict", "--json", "--data-dir", tmp_path / "other", stdin=file.read_bytes())
    assert ran.json["added"] == 2


def test_malformed_lines_are_named_and_left_out(familiar, tmp_path, file):
    header, first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(header + first + b"{not json\n" + second + b'{"kind": "exchange"}\n')
    ran = familiar("memory", "import", file, "--data-dir", tmp_path / "other")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[0].startswith("line 3: Invalid JSON")
    assert ran.err.splitlines()[1] == "line 5: `person`: Field required"
    assert ran.err.splitlines()[2] == "2 memories added, 0 there already, 2 malformed lines left out."


def test_a_strict_import_takes_nothing_from_a_file_with_a_malformed_line(familiar, tmp_path, file):
    file.write_bytes(file.read_bytes() + b"{not json\n")
    ran = familiar("memory", "import", file, "--strict", "--data-dir", tmp_path / "other")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: Nothing was imported: line 4: Invalid JSON")
    assert familiar.remembered("--data-dir", str(tmp_path / "other")) == []


def test_what_was_forgotten_stays_so_unless_asked_for(familiar, file):
    familiar("memory", "forget", "1", "--yes")
    assert familiar("memory", "import", file).err == "0 memories added, 1 there already, 1 left forgotten.\n"
    assert familiar("memory", "import", file, "--restore", "--json").json["added"] == 1
    assert {memory["said"] for memory in familiar.remembered()} == {"My cat is called Miso", "What is my cat called?"}


def test_a_file_can_outweigh_the_diary(familiar, file):
    familiar("memory", "edit", "1", "--said", "My cat is called Mochi")
    assert familiar("memory", "import", file, "--json").json["kept"] == 1
    assert familiar("memory", "import", file, "--replace", "--json").json["replaced"] == 1
    assert [memory["said"] for memory in familiar.remembered("--search", "called", "--place", "sofa")] == ["My cat is called Miso"]


@pytest.mark.parametrize("content", [b"", b"My diary\n", b"\xff\xfe\x00", b'{"kind": "other"}\n', b"[" * 5000, b"x" * 5000])
def test_a_file_of_another_kind_is_refused(familiar, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    ran = familiar("memory", "import", tmp_path / "file")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: This is no file of memories: its first line should be {")


def test_a_file_of_a_later_format_is_refused(familiar, tmp_path):
    (tmp_path / "file").write_bytes(b'{"kind": "familiar-memories", "format": 2}\n')
    assert "The file has format 2, and this Familiar reads format 1. Update" in familiar("memory", "import", tmp_path / "file").err


def test_a_file_there_is_not_is_named(familiar, tmp_path):
    ran = familiar("memory", "import", tmp_path / "none.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: Cannot read {tmp_path / 'none.jsonl'}: ")


def test_a_folder_without_chats_is_named(familiar, tmp_path):
    (tmp_path / "empty").mkdir()
    ran = familiar("memory", "import", tmp_path / "empty")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: There is no chat of another program in {tmp_path / 'empty'}.")


def test_an_export_that_cannot_be_written_leaves_nothing_behind(familiar, file, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    for name in (tmp_path, tmp_path / "none" / "file", file / "file"):
        ran = familiar("memory", "export", name)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"Error: Cannot write {name}: ")
    assert sorted(tmp_path.rglob("*")) == before


def test_chats_of_other_programs_go_in_as_whoever_one_says(familiar, tmp_path):
    folder = tmp_path / "logs" / "chat" / "Robin"
    folder.mkdir(parents=True)
    chat = {"internal": [["My cat is called Miso", "Lovely."], ["Good night", "Sleep well."]], "visible": []}
    (folder / "20240503-14-33-22.json").write_text(json.dumps(chat))
    (folder / "broken.json").write_text("{")
    ran = familiar("memory", "import", tmp_path / "logs", "--as", "ann")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "chat/Robin/broken.json: it is no JSON (line 1, column 2)",
        "1 chat read, 2 memories added, 0 there already, 1 malformed chat left out.",
    ]
    assert {(memory["person"], memory["companion"]) for memory in familiar.remembered()} == {("ann", "Robin")}
    again = familiar("memory", "import", tmp_path / "logs", "--as", "ann", "--json").json
    assert (again["chats"], again["added"], again["unchanged"], again["reasons"][0]["file"]) == (1, 0, 2, "chat/Robin/broken.json")
    assert familiar("memory", "import", tmp_path / "logs", "--as", "ann", "--strict").code == 1
    assert familiar.tell("What is my cat called?", as_="ann", companion="Robin")["memories"][0]["text"] == "My cat is called Miso"


def test_a_chat_says_itself_whose_it_is_or_the_person_does(familiar, tmp_path):
    chat = json.dumps([{"title": "Cats", "mapping": {"a": {"message": {"author": {"role": "user"}, "content": {}}}}}])
    (tmp_path / "export").write_text(chat)
    assert familiar("memory", "import", tmp_path / "export", "--companion", "Wren").err.startswith("1 chat read, 0 memories added")
    (tmp_path / "empty").write_text("[]")
    assert familiar("memory", "import", tmp_path / "empty").code == 1
    assert familiar("memory", "import", tmp_path / "empty", "--from", "chatgpt").err.startswith("0 chats read")
    assert familiar("memory", "import", tmp_path / "empty", "--from", "word").code == 2


def test_who_spoke_is_no_question_of_memories(familiar, file):
    ran = familiar("memory", "import", file, "--as", "ann")
    assert (ran.code, ran.err) == (
        1,
        f"Error: There is no chat of another program in {file}. Name its file, or the folder it lies in.\n",
    )
    assert familiar("memory", "import", file, "--from", "familiar").err == "0 memories added, 2 there already.\n"
    assert familiar("memory", "import", "-", "--from", "webui", stdin=b"{}").code == 1
