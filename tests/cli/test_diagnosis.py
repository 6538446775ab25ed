"""`familiar doctor`, as a command. What it finds is tested in test_doctor."""

from __future__ import annotations


def test_a_sound_installation_has_exit_code_0(told):
    ran = told("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert f"ok       {told.data_dir / 'diary.sqlite'}, " in ran.out
    assert "4 exchanges" in ran.out
    assert ran.out.endswith("Everything works.\n")


def test_each_finding_is_in_the_json(told):
    found = told("doctor", "--json").json
    assert found["ok"] is True
    named = {finding["name"]: finding for finding in found["findings"]}
    assert set(named) >= {
        "python",
        "sqlite",
        "chromadb",
        "settings",
        "model",
        "embedder",
        "data_dir",
        "diary",
        "fulltext",
        "vectors",
        "unsaved",
    }
    assert {finding["state"] for finding in found["findings"]} == {"ok", "warning"}
    assert named["diary"]["facts"]["exchanges"] == 4


def test_another_server_can_be_tried(familiar, server):
    found = familiar("doctor", "--host", server.url, "--json").json["findings"]
    assert [finding["facts"]["url"] for finding in found if finding["name"] == "model"] == [server.url]


def test_a_problem_has_a_remedy_and_exit_code_1(familiar):
    familiar.data_dir.mkdir()
    (familiar.data_dir / "diary.sqlite").write_bytes(b"This is not a database at all. " * 50)
    ran = familiar("doctor")
    assert ran.code == 1
    assert f"PROBLEM  {familiar.data_dir / 'diary.sqlite'} is damaged or no database" in ran.out
    assert "         → Restore it from a backup" in ran.out
    assert ran.out.endswith("1 problem keeps Familiar from working.\n")
    assert familiar("doctor", "--json").json["ok"] is False
