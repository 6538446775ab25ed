"""The doctor: what it finds, what it says about it, and that it changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

from extension.context.library import Library
from extension.context.shelves import EVERYONE
from extension.database import HEAD, Database
from extension.dialects.choice import LIKE
from extension.doctor.examination import examine
from extension.doctor.finding import Finding
from extension.doctor.stores import stores
from extension.embedders import Hashing
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from extension.memory.spool import Spool
from extension.messages import Person, Place, Turn
from extension.settings import load
from extension.vectors import Server
from tests.hosts.openai_double import NAME, Double, sends
from tests.memory.stores import administer, url_of

ENVIRON = {"FAMILIAR_HOST": "scripted", "FAMILIAR_EMBEDDER": "hashing"}


def said(number: int) -> Turn:
    return Turn(Person("ann"), Place("sofa"), "Robin", f"Fact {number}", number, datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three exchanges, whose indexes agree."""
    folder = tmp_path_factory.mktemp("sound") / "data"
    memories = Memories(Database(f"sqlite:///{folder / 'diary.sqlite'}"), Hashing(), folder)
    for number in range(3):
        memories.remember(said(number), Answer("Indeed."))
    memories.settle()
    memories.close()
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoiled."""
    return Path(shutil.copytree(sound, tmp_path / "data"))


def find(folder: Path, name: str, **environ: str) -> Finding:
    (found,) = [finding for finding in examine(folder, ENVIRON | environ) if finding.name == name]
    return found


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


def test_everything_of_a_sound_installation_is_in_order(folder):
    found = examine(folder, {"FAMILIAR_HOST": "scripted", "FAMILIAR_EMBEDDER": "hashing"})
    assert {finding.name for finding in found if finding.state != "ok"} == {"model", "embedder"}
    assert all(finding.fix for finding in found if finding.state != "ok")
    assert not any(finding.fix for finding in found if finding.state == "ok")


def test_looking_changes_nothing(folder):
    before = snapshot(folder)
    examine(folder, ENVIRON)
    assert snapshot(folder) == before


def test_looking_at_nothing_makes_nothing(tmp_path):
    found = examine(tmp_path / "none", ENVIRON)
    assert [finding.name for finding in found if finding.state == "problem"] == []
    assert find(tmp_path / "none", "diary").text == f"{tmp_path / 'none' / 'diary.sqlite'} is made by the first chat"
    assert list(tmp_path.iterdir()) == []


def test_the_findings_can_be_put_into_json(folder):
    assert json.loads(json.dumps([dict(finding.facts) for finding in examine(folder, ENVIRON)]))


def test_the_diary_is_counted_and_checked(folder):
    facts = find(folder, "diary").facts
    assert (facts["exchanges"], facts["schema"], facts["quick_check"]) == (3, HEAD, "ok")


def test_a_check_that_takes_too_long_is_given_up(folder):
    with sqlite3.connect(folder / "diary.sqlite") as connection:
        connection.execute(
            "CREATE TABLE padding AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200000) SELECT x FROM n"
        )
    connection.close()
    (diary,) = [finding for finding in stores(load(ENVIRON, data_dir=folder), patience=0.0) if finding.name == "diary"]
    assert (diary.state, diary.facts["quick_check"]) == ("ok", "unfinished")
    assert diary.text.endswith(", not all of it checked in 0 s")


def test_a_damaged_diary_is_a_problem(folder):
    file = folder / "diary.sqlite"
    data = bytearray(file.read_bytes())
    data[8192:20480] = os.urandom(12288)
    file.write_bytes(data)
    found = find(folder, "diary")
    assert found.state == "problem"
    assert found.fix.startswith("Restore it from a backup")


def test_a_file_that_is_no_database_is_a_problem(folder):
    (folder / "diary.sqlite").write_bytes(b"not a database at all" * 100)
    assert find(folder, "diary").text == f"{folder / 'diary.sqlite'} is damaged or no database (file is not a database)"


def test_a_database_that_is_no_diary_is_a_problem(folder):
    (folder / "diary.sqlite").unlink()
    with sqlite3.connect(folder / "diary.sqlite") as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    assert find(folder, "diary").text == f"{folder / 'diary.sqlite'} is a database, but no diary"


def test_a_diary_of_a_newer_version_is_a_problem(folder):
    with sqlite3.connect(folder / "diary.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = find(folder, "diary")
    assert (found.state, found.fix) == ("problem", "Update this one; the diary is untouched.")


def test_an_address_that_is_no_database_is_a_problem(folder):
    found = find(folder, "diary", FAMILIAR_DATABASE_URL="garbage")
    assert (found.state, found.fix) == ("problem", f"FAMILIAR_DATABASE_URL is no URL of a database; {LIKE}.")


def test_a_diary_in_use_is_looked_at_as_it_is_now(folder):
    memories = Memories(Database(f"sqlite:///{folder / 'diary.sqlite'}"), Hashing(), folder)
    memories.remember(said(3), Answer("Indeed."))
    assert find(folder, "diary").facts["exchanges"] == 4
    memories.close()


def test_a_diary_that_another_program_keeps_to_itself_is_a_warning(folder):
    other = sqlite3.connect(folder / "diary.sqlite", isolation_level=None)
    other.execute("SELECT count(*) FROM exchange").fetchone()
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE counter SET value = value")
    found = find(folder, "diary")
    other.close()
    assert (found.state, found.fix) == ("warning", "Close that program, or wait, and look again.")


def test_a_full_text_index_that_lacks_exchanges_is_a_warning(folder):
    with sqlite3.connect(folder / "diary.sqlite") as connection:
        connection.execute("DELETE FROM exchange_text WHERE rowid % (1 << 40) = 2")
    connection.close()
    found = find(folder, "fulltext")
    assert (found.state, found.text, found.fix) == (
        "warning",
        "The full-text index holds 2 of 3 exchanges",
        "Run: familiar memory reindex",
    )


def test_a_library_whose_passages_are_not_all_found_by_words_is_a_warning(folder, tmp_path):
    assert find(folder, "library").text == "Library: 0 documents, 0 passages"
    database = Database(f"sqlite:///{folder / 'diary.sqlite'}")
    (tmp_path / "tower.md").write_text("The tower was built of granite.")
    library = Library(database, Hashing())
    library.add(tmp_path / "tower.md", EVERYONE, "me")
    assert find(folder, "library").text == "Library: 1 document, 1 passage"
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM passage_text")
    found = find(folder, "library")
    assert (found.text, found.fix) == ("The full-text index holds 0 of 1 passages of documents", "Run: familiar memory reindex")
    assert library.catalogue.rebuild() == 1
    database.close()
    assert find(folder, "library").state == "ok"


def test_a_vector_index_that_lacks_vectors_is_a_warning(folder):
    with sqlite3.connect(folder / "vectors" / "chroma.sqlite3") as connection:
        connection.execute("DELETE FROM embeddings WHERE rowid = 1")
    connection.close()
    found = find(folder, "vectors")
    assert (found.state, found.text) == ("warning", "The vector index holds 5 of 6 vectors")


def test_indexes_that_are_behind_are_counted_and_in_order(folder):
    database = Database(f"sqlite:///{folder / 'diary.sqlite'}")
    Memories(database, Hashing(), folder).diary.write(said(3), Answer("Indeed."))
    database.close()
    assert (find(folder, "fulltext").state, find(folder, "fulltext").facts["behind"]) == ("ok", 1)
    assert (find(folder, "vectors").state, find(folder, "vectors").facts["not_embedded"]) == ("ok", 1)


def test_a_vector_index_of_another_chroma_is_announced_as_rebuilt(folder):
    marker = folder / "vectors" / "familiar.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "chroma": "0.4.0"}))
    found = find(folder, "vectors")
    assert (found.state, found.text.endswith("; the next chat builds it anew")) == ("ok", True)


def test_who_holds_the_vector_index_is_named(folder):
    assert find(folder, "vectors").facts["holder"] == ""
    with FileLock(folder / "vectors.lock"):
        assert find(folder, "vectors").facts["holder"] in (f"process {os.getpid()}", "another process")


def test_turns_that_wait_are_a_warning(folder):
    Spool(folder).append(said(7), Answer("Indeed."))
    found = find(folder, "unsaved")
    assert (found.state, found.text) == ("warning", "1 turns wait to be written to the diary")


def test_a_data_directory_that_is_a_file_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    assert find(tmp_path / "file" / "data", "data_dir").text == f"{tmp_path / 'file'} is no folder"


def test_settings_that_cannot_be_used_are_a_problem_and_the_rest_is_looked_at(folder):
    (folder / "settings.yaml").write_text("budget: lots\n")
    found = find(folder, "settings")
    assert (found.state, "FAMILIAR_BUDGET" in found.fix) == ("problem", True)
    assert find(folder, "diary").facts["exchanges"] == 3


def test_listening_to_everybody_without_a_password_is_a_warning(folder):
    assert find(folder, "settings", FAMILIAR_LISTEN="0.0.0.0").state == "warning"
    assert find(folder, "settings", FAMILIAR_LISTEN="0.0.0.0", FAMILIAR_PASSWORD="hush").state == "ok"


def test_a_server_that_answers_is_in_order(folder):
    with Double() as server:
        found = find(folder, "model", FAMILIAR_HOST=server.url)
    assert (found.state, found.facts["model"], found.facts["url"]) == ("ok", NAME, server.url)


def test_a_server_that_is_down_or_answers_garbage_is_a_problem(folder):
    found = find(folder, "model", FAMILIAR_HOST="http://127.0.0.1:9")
    assert (found.state, found.fix.startswith("Nothing answers at http://127.0.0.1:9")) == ("problem", True)
    with Double() as server:
        server.answers["/v1/models"] = sends(b"", status=500)
        assert find(folder, "model", FAMILIAR_HOST=server.url).state == "problem"


def test_no_secret_is_in_a_finding(folder):
    environ = {"FAMILIAR_HOST": "http://ann:hush-hush@127.0.0.1:9", "FAMILIAR_API_KEY": "sk-very-secret", "FAMILIAR_PASSWORD": "hush-hush"}
    text = str(examine(folder, ENVIRON | environ))
    assert ("hush-hush" in text, "sk-very-secret" in text, "127.0.0.1:9" in text) == (False, False, True)


def test_a_model_folder_is_looked_into(folder, tmp_path):
    assert find(folder, "model", FAMILIAR_HOST="embedded", FAMILIAR_MODEL=str(tmp_path / "none")).state == "problem"
    assert find(folder, "model", FAMILIAR_HOST="embedded", FAMILIAR_MODEL=str(tmp_path)).text == f"{tmp_path} holds no config.json"
    (tmp_path / "config.json").write_text("{}")
    assert find(folder, "model", FAMILIAR_HOST="embedded", FAMILIAR_MODEL=str(tmp_path)).state == "ok"


def test_a_model_of_the_hub_that_is_not_here_is_a_warning(folder):
    assert find(folder, "model", FAMILIAR_HOST="embedded", FAMILIAR_MODEL="someone/some-model").state == "warning"


def test_an_embedder_that_is_not_there_is_a_warning(folder, tmp_path):
    found = find(folder, "embedder", FAMILIAR_EMBEDDER=str(tmp_path / "none"))
    assert (found.state, "FAMILIAR_EMBEDDER" in found.fix) == ("warning", True)


@pytest.mark.model
def test_the_bundled_models_are_found_without_being_loaded(folder):
    found = find(folder, "model", FAMILIAR_HOST="embedded")
    assert (found.state, found.facts["name"], found.facts["converted"]) == ("ok", "SmolLM2-135M-Instruct", False)
    assert find(folder, "embedder", FAMILIAR_EMBEDDER="minilm").text.startswith("all-MiniLM-L6-v2, ")


@pytest.fixture
def there(postgres, chroma, worker):
    """The settings of a diary on a PostgreSQL server with its vectors on a Chroma server, both empty."""
    name = f"doctor_{worker}"
    administer(postgres, f"CREATE DATABASE {name}")
    yield {"FAMILIAR_DATABASE_URL": url_of(postgres, name), "FAMILIAR_CHROMA_URL": f"{chroma}?database={name}"}
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
def test_servers_that_answer_are_in_order_and_nothing_is_changed_by_looking(tmp_path, there):
    diary, vectors = (find(tmp_path, name, **there) for name in ("diary", "vectors"))
    assert (diary.state, vectors.state) == ("ok", "ok")
    assert re.search(r" answers, version \d+\.\d+; the diary is made by the first chat$", diary.text)
    assert re.search(r" answers, version 1\.\S+; the next chat builds the vector index$", vectors.text)
    with psycopg.connect(there["FAMILIAR_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.postgres
def test_a_diary_and_its_indexes_on_servers_are_counted(tmp_path, there):
    memories = Memories(Database(there["FAMILIAR_DATABASE_URL"]), Hashing(), tmp_path, server=Server(there["FAMILIAR_CHROMA_URL"]))
    memories.diary.write(said(0), Answer("Indeed."))
    assert find(tmp_path, "fulltext", **there).text == "Full-text index: 1 change follow with the next chat"
    memories.settle()
    diary, fulltext, vectors = (find(tmp_path, name, **there) for name in ("diary", "fulltext", "vectors"))
    assert (diary.facts["exchanges"], diary.facts["schema"], diary.facts["bytes"] > 100_000) == (1, HEAD, True)
    assert fulltext.text == "Full-text index: all 1 exchanges"
    assert vectors.text.endswith(": all 2 vectors")
    memories.diary.write(said(1), Answer("Indeed."))
    assert find(tmp_path, "vectors", **there).facts["behind"] == 1
    with memories.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM exchange_text")
        connection.exec_driver_sql("UPDATE counter SET value = 2 WHERE name = 'fulltext'")
    assert find(tmp_path, "fulltext", **there).state == "warning"
    with memories.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert find(tmp_path, "diary", **there).fix == "Update this one; the diary is untouched."
    memories.close()


def test_servers_that_do_not_answer_are_problems_and_no_password_is_shown(tmp_path):
    environ = {
        "FAMILIAR_DATABASE_URL": "postgresql://ann:hunter2@127.0.0.1:9/name",
        "FAMILIAR_CHROMA_URL": "http://127.0.0.1:9",
        "FAMILIAR_CHROMA_TOKEN": "hunter2",
    }
    found = {finding.name: finding for finding in examine(tmp_path, ENVIRON | environ) if finding.state == "problem"}
    assert found["diary"].text == "The diary at 127.0.0.1:9/name (PostgreSQL) cannot be used"
    assert found["diary"].fix.startswith("Nothing answers there")
    assert found["vectors"].fix.startswith("The Chroma server at http://127.0.0.1:9 does not answer.")
    assert "hunter2" not in str(found)
