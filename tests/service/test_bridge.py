"""`familiar bridge` as processes over platforms in memory: what it says, how it ends, and that there is one for each account."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

import pytest

from extension.service.adapters import PLATFORMS
from extension.service.claim import FOLDER, holders, is_held
from extension.service.supervision import stop

from .conftest import SECRET
from .loop import BAD, until

ACCOUNT = {"HOMESERVER": "http://there", "USER": "@familiar:there", "PASSWORD": "pw-of-matrix"}
MATRIX = {f"FAMILIAR_MATRIX_{name}": value for name, value in ACCOUNT.items()}


def test_it_answers_says_who_it_is_and_ends_well_when_it_is_told_to(program):
    bridge = program.open()
    assert "Discord: here as Familiar on discord." in bridge.said
    program.people.say("Ada", "Hello there.")
    until(lambda: program.people.ours == ["You said: Hello there."])
    assert bridge.end() == 0
    assert list(holders(program.data_dir)) == []


def test_what_is_being_written_is_written_to_its_end_and_nothing_new_is_begun(program):
    bridge = program.open(TEST_PAUSE="0.3")
    program.people.say("Ada", "One two three four five six.")
    until(lambda: program.status(bridge)["queue"]["running"])
    program.people.say("Olga", "And me?")
    until(lambda: program.status(bridge)["queue"]["waiting"])
    assert bridge.end(signal.SIGINT) == 0
    assert [each["text"] for each in program.people.shown if "two" in each["text"]][1:] == ["You said: One two three four five six."]
    assert not any("And me?" in text for text in program.people.ours)


def test_a_platform_that_cannot_go_on_is_said_and_the_others_go_on_until_none_is_left(program):
    bridge = program.start(TEST_BAD="discord", **MATRIX)
    until(lambda: BAD in bridge.said and "Matrix: here as Familiar on matrix." in bridge.said)
    assert program.get(bridge, "/health").status_code == 503
    program.others.say("Ada", "Hello there.")
    until(lambda: program.others.ours == ["You said: Hello there."])
    program.others.end("The account was shut.")
    assert bridge.process.wait(60) == 1
    assert "Matrix: The account was shut. It is not tried again." in bridge.said


def test_without_an_account_it_says_what_to_set(program):
    code, said = program.run(FAMILIAR_DISCORD_TOKEN="")
    assert (code, "FAMILIAR_DISCORD_TOKEN" in said, "FAMILIAR_MATRIX_USER" in said, "Traceback" in said) == (1, True, True, False)
    code, said = program.run("slack")
    assert (code, "There is no platform slack. There are discord and matrix." in said) == (1, True)
    code, said = program.run("matrix")
    assert (code, "Matrix is not set up: set FAMILIAR_MATRIX_USER" in said) == (1, True)


@pytest.mark.slow
def test_a_platform_that_is_not_there_is_tried_again(program):
    (program.data_dir / "down").touch()
    bridge = program.start(TEST_DOWN="discord")
    until(lambda: "Discord: Nothing answers there. It is tried again in 5 seconds." in bridge.said)
    status = program.status(bridge)
    assert (status["healthy"], status["platforms"]["discord"]["state"]) == (False, "waiting")
    (program.data_dir / "down").unlink()
    until(lambda: program.status(bridge)["healthy"])
    program.people.end("")
    until(lambda: "Discord: The connection ended. It is tried again" in bridge.said)
    until(lambda: program.status(bridge)["platforms"]["discord"]["reconnects"] == 1 and program.status(bridge)["healthy"])
    assert program.status(bridge)["platforms"]["discord"]["rate_limit_waits"] == 6, "what the first gateway counted is not lost"


def test_the_real_adapters_are_found_and_what_they_cannot_reach_is_tried_again(program):
    nowhere = {**MATRIX, "FAMILIAR_MATRIX_HOMESERVER": "http://127.0.0.1:1"}
    bridge = program.start("matrix", module="extension", **nowhere)
    until(lambda: "It is tried again in 5 seconds." in bridge.said or bridge.process.poll() is not None)
    assert ("Matrix: Matrix did not" in bridge.said, bridge.process.poll()) == (True, None), bridge.said
    assert all(adapter.kind().__name__ == adapter.title for adapter in PLATFORMS.values())


def test_a_second_one_for_the_same_account_refuses_also_when_both_start_at_once(program):
    first, second = program.start(), program.start()
    ended = until(lambda: next((each for each in (first, second) if each.process.poll() is not None), None))
    other = second if ended is first else first
    assert (ended.process.returncode, "runs already on this data directory" in ended.said) == (1, True)
    until(lambda: program.status(other).get("healthy"))
    code, said = program.run()
    assert (code, f"(process {other.process.pid}, since" in said) == (1, True)
    assert program.status(other)["healthy"]


def test_another_account_runs_beside_it(program):
    program.open("discord")
    program.open("matrix", **MATRIX)
    assert sorted(each.platform for each in holders(program.data_dir)) == ["discord", "matrix"]


def test_after_a_kill_the_next_one_starts(program):
    program.open().end(signal.SIGKILL)
    (lock,) = (program.data_dir / FOLDER).glob("*.lock")
    assert (lock.exists(), is_held(lock), list(holders(program.data_dir))) == (True, False, [])
    program.open()


def test_status_and_stop_find_the_one_that_runs(program):
    assert program.run("--status") == (1, "No bridge runs on this data directory.\n")
    assert program.run("--stop") == (0, "No bridge runs on this data directory.\n")
    bridge = program.open()
    code, said = program.run("--status")
    assert "Discord: here as Familiar on discord, since 20" in said
    assert (code, f"Process {bridge.process.pid} since" in said) == (0, True)
    code, said = program.run("--status", "--json")
    assert (code, json.loads(said)[0]["platforms"]["discord"]["account"]) == (0, "Familiar on discord")
    assert program.run("--stop") == (0, "Ended: discord.\n")
    assert bridge.process.wait(30) == 0


@pytest.mark.slow
def test_one_that_hangs_is_killed(program, monkeypatch):
    bridge = program.open()
    bridge.process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr("extension.service.supervision.LONGEST_STOP", 0.5)
    code, said = program.run("--status")
    assert (code, "started, and does not answer yet." in said) == (1, True)
    assert stop(program.data_dir) == ["discord"]
    assert bridge.process.wait(30) == -signal.SIGKILL


def test_a_broken_or_hostile_run_file_kills_nobody(program):
    bridge = program.open()
    (run,) = (program.data_dir / FOLDER).glob("*.json")
    for text in ("", "[]", "{", '{"pid": 1}', json.dumps({"platform": "discord", "pid": -1, "address": "", "since": ""}), "x" * 100_000):
        run.write_text(text)
        assert stop(program.data_dir) == []
    assert bridge.process.poll() is None


def test_the_owner_restarts_it_from_the_room_and_is_told_that_it_is_back(program):
    bridge = program.open()
    program.people.say("Ada", "--restart")
    until(lambda: any("is for owner and above" in text for text in program.people.ours))
    program.people.say("Olga", "--restart a new version")
    until(lambda: any("Start the program anew" in text for text in program.people.ours))
    program.people.say("Olga", "--yes")
    until(lambda: program.people.ours == ["I am back."])
    until(lambda: bridge.said.count("How it is") == 2)
    assert (bridge.process.poll(), bridge.said.count("Discord: here as")) == (None, 2)
    assert program.status(bridge)["pid"] == bridge.process.pid
    program.people.say("Olga", "--shutdown")
    until(lambda: any("End the program" in text for text in program.people.ours))
    program.people.say("Olga", "--yes")
    assert bridge.process.wait(60) == 0
    assert any("Shutting down." in text for text in program.people.ours)


def test_what_it_says_of_itself_is_true_and_holds_no_secret_and_no_word_of_anybody(program):
    bridge = program.open("discord", "matrix", **MATRIX)
    program.people.say("Ada", "My parrot is called Quetzal.")
    until(lambda: program.status(bridge)["answers"] == 1)
    metrics = program.get(bridge, "/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    lines = dict(line.rsplit(" ", 1) for line in metrics.text.splitlines() if not line.startswith("#"))
    assert float(lines["familiar_answers_total"]) == 1
    assert float(lines["familiar_tokens_total"]) > 3
    assert lines['familiar_bridge_heartbeat_age_seconds{platform="discord"}'] == "1.5"
    assert lines['familiar_bridge_rate_limit_waits_total{platform="discord"}'] == "3.0"
    assert 'familiar_bridge_last_inbound_time_seconds{platform="discord"}' in lines
    assert 'familiar_bridge_last_inbound_time_seconds{platform="matrix"}' not in lines
    assert (program.get(bridge, "/health").status_code, program.get(bridge, "/health").text) == (200, "well\n")
    assert program.get(bridge, "/else").status_code == 404
    assert program.get(bridge, "/status", Host="evil.example:80").status_code == 403
    told = program.get(bridge, "/status").text + metrics.text
    bridge.end()
    kept = [path for path in program.data_dir.rglob("*") if path.suffix in (".log", ".json", ".lock")]
    written = "".join(path.read_text(errors="replace") for path in kept)
    for secret in (SECRET, SECRET.partition(".")[2], "pw-of-matrix"):
        assert secret not in told + written + bridge.said
    assert "Quetzal" not in told + bridge.said + (program.data_dir / "familiar.log").read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_unit_for_systemd_is_one_and_holds_no_secret(program, tmp_path):
    folder = tmp_path / "with 100% space"
    folder.mkdir()
    environ = {"FAMILIAR_API_KEY": "sk-nobody", "FAMILIAR_COMPANION": 'Robin "R" $HOME \\'}
    code, said = program.run("--as-service", "--data-dir", str(folder), **environ)
    assert code == 0, said
    unit = tmp_path / "systemd" / "user" / "familiar-bridge.service"
    text = unit.read_text()
    assert (f"Wrote {unit}." in said, "systemctl --user enable --now familiar-bridge.service" in said) == (True, True)
    assert ("LoadCredential=discord_token:" in text, "FAMILIAR_DISCORD_TOKEN_FILE=%d/discord_token" in text) == (True, True)
    assert (SECRET in text, "sk-nobody" in text) == (False, False)
    command = ["systemd-analyze", "verify", "--user", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})
    assert (done.returncode, [line for line in done.stderr.splitlines() if "familiar" in line]) == (0, [])
