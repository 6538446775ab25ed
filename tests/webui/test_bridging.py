"""What the webui's panel starts a bridge with: our own environment, and the webui's own API, or a sentence about what is missing."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from extension.errors import BridgeError
from extension.settings import load
from extension.webui.bridging import INFO, address, environment, generating
from extension.webui.link import MARK
from tests.host.double import HostDouble
from tests.hosts.openai_double import Double, says

EXTENSION = Path(__file__).resolve().parents[2] / "extension"
ARGS = {"api_port": 5000, "listen": False, "listen_host": None, "api_disable_ipv4": False, "ssl_certfile": None, "ssl_keyfile": None}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostDouble]:
    monkeypatch.setenv("FAMILIAR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FAMILIAR_EMBEDDER", "hashing")
    for name in ("extension.webui.hooks", "extension.script"):
        sys.modules.pop(name, None)
    with HostDouble(tmp_path / "webui", EXTENSION) as double:
        yield double
    hooks: Any = sys.modules.pop("extension.webui.hooks")
    hooks.extension.app.close()
    logger = logging.getLogger("extension")
    while logger.handlers:
        logger.handlers[0].close()
        logger.removeHandler(logger.handlers[0])


@pytest.fixture
def api(host: HostDouble) -> Iterator[Double]:
    """The webui's API, at the port that its flags name."""
    with Double() as double:
        double.answers[INFO] = says({"model_name": "SmolLM2-135M-Instruct", "lora_names": []})
        host.shared.args.api_port = int(double.url.rpartition(":")[2])
        yield double


def test_it_generates_through_the_webuis_own_api(host: HostDouble, api: Double) -> None:
    host.shared.args.api_key = "sk-of-the-webui"
    found = generating(load())
    assert (found.words, found.secrets) == (("--host", api.url, "--model", ""), {"FAMILIAR_API_KEY": "sk-of-the-webui"})
    assert api.asked(INFO)[0].headers["authorization"] == "Bearer sk-of-the-webui"


def test_without_the_api_it_says_what_to_switch_on(host: HostDouble) -> None:
    host.shared.args.api = False
    with pytest.raises(BridgeError, match=r"Add --api to user_data/CMD_FLAGS.txt and start the webui again"):
        generating(load())


def test_an_api_that_does_not_answer_and_another_programs_are_sentences(host: HostDouble, api: Double) -> None:
    api.answers[INFO] = says({"model_name": "of-another-webui", "lora_names": []})
    with pytest.raises(BridgeError, match=r"Another program answers at http://127\.0\.0\.1"):
        generating(load())
    host.shared.args.api_port = 1
    with pytest.raises(BridgeError, match="The webui's API does not answer"):
        generating(load(), patience=0)


def test_a_host_that_the_person_chose_is_taken(host: HostDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    host.shared.args.api = False
    monkeypatch.setenv("FAMILIAR_HOST", "http://vllm:8000")
    assert generating(load()).words == ("--host", "http://vllm:8000", "--model", "")


@pytest.mark.parametrize(
    ("flags", "environ", "url"),
    [
        ({}, {}, "http://127.0.0.1:5000"),
        ({"api_port": 5005, "listen": True}, {}, "http://127.0.0.1:5005"),
        ({"listen": True, "listen_host": "192.168.1.7"}, {"OPENEDAI_PORT": "6000"}, "http://192.168.1.7:6000"),
        ({"listen": True, "listen_host": "::"}, {}, "http://[::1]:5000"),
        ({"api_disable_ipv4": True}, {}, "http://[::1]:5000"),
        ({"ssl_certfile": "cert.pem", "ssl_keyfile": "key.pem"}, {}, "https://127.0.0.1:5000"),
    ],
)
def test_the_address_follows_from_flags_and_environment(
    flags: dict[str, Any], environ: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert address(SimpleNamespace(**{**ARGS, **flags})) == url


def test_our_own_environment_is_beside_the_repository_also_for_a_copy_of_it(tmp_path: Path) -> None:
    root, copy = tmp_path / "repository", tmp_path / "webui" / "familiar"
    (root / "extension").mkdir(parents=True)
    copy.mkdir(parents=True)
    (copy / MARK).write_text(f"{root / 'extension'}\n")
    settings = load({}, data_dir=tmp_path / "data")
    with pytest.raises(BridgeError, match=rf"there is none in {root}: run `make setup` there"):
        environment(settings, root / "extension")
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").touch()
    for package in (root / "extension", copy):
        found = environment(settings, package)
        assert (found.python, found.folder) == (root / ".venv" / "bin" / "python", root)
    with pytest.raises(BridgeError, match="FAMILIAR_BRIDGE_PYTHON is /nowhere/python, which is no file"):
        environment(settings.changed(bridge_python="/nowhere/python"), copy)
    assert environment(settings.changed(bridge_python=sys.executable), copy).python == Path(sys.executable)
