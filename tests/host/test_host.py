"""The scenarios of a person at the webui, on the real one: SmolLM2 in server.py, its page in Chromium, in both folders."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extension.errors import HostRefused
from extension.hosts.openai_http import OpenAIHTTP
from extension.hosts.server_rack import ServerRack
from extension.messages import Generation, Message

from ..models import tiny_adapter, tiny_folder
from . import environment
from .conftest import SHOTS
from .double import RESIDENCES, Residence
from .scenarios import SCENARIOS
from .scene import EXTENSION, Scene, entries, familiar, real_scene
from .server import MODEL, HostServer, place

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def installed(fresh_copy: Callable[..., Path], host_python: Path) -> Path:
    """A copy of the host into which the program behind `make install` has put the extension."""
    webui = fresh_copy()
    said = environment.install(webui, host_python)
    assert (webui / RESIDENCES["user"] / "familiar").resolve() == EXTENSION, said
    return webui


@pytest.fixture(scope="module")
def data_dir(lives: Residence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the extension remembers, one for each place it lives in."""
    return tmp_path_factory.mktemp(f"data-{lives}")


@pytest.fixture(scope="module")
def server(installed: Path, host_python: Path, lives: Residence, data_dir: Path) -> Iterator[HostServer]:
    """The real host with the extension living where it should."""
    place(installed, EXTENSION, "familiar", lives)
    with HostServer(installed, host_python, FAMILIAR_DATA_DIR=str(data_dir)) as running:
        yield running


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_the_real_host(
    scenario: Callable[[Scene], None], server: HostServer, data_dir: Path, browser: Browser, lives: Residence
) -> None:
    with real_scene(browser, server, data_dir, SHOTS / f"{lives}-{scenario.__name__}") as scene:
        scenario(scene)
    assert "Traceback" not in server.log


def test_a_document_is_handed_over_in_the_panel_shown_to_the_model_and_not_doubled_by_an_attachment(
    server: HostServer, data_dir: Path, browser: Browser, lives: Residence, tmp_path: Path
) -> None:
    document = tmp_path / f"lantern-{lives}.txt"
    document.write_text("The lantern of Skarvoy was lit in 1874. Its light is seen for nineteen miles.\n", encoding="utf-8")
    with real_scene(browser, server, data_dir, SHOTS / f"{lives}-documents") as scene:
        host = scene.host
        assert "read, 1 passage" in host.hand_over(document)
        host.new_chat()
        reply = host.say("For how many miles is the light of the lantern of Skarvoy seen?")
        assert reply.strip()
        (excerpt,) = host.excerpts()
        assert document.name in excerpt and "nineteen miles" in excerpt
        host.edit(0, "assistant", "It is seen for nineteen miles [1].")
        host.page.click("#familiar-refresh")
        host.settle()
        host.page.locator("#chat a", has_text="[1]").click()
        host.page.locator("#familiar-cited", has_text="lit in 1874").wait_for()
        host.shoot(SHOTS / f"{lives}-cited.png")
        host.new_chat()
        host.attach(document)
        host.say("For how many miles is the light of the lantern of Skarvoy seen, by the attachment?")
        assert host.excerpts() == []
        saved = host.saved()
        assert saved is not None and "nineteen miles" in saved["metadata"]["user_0"]["attachments"][0]["content"]
    assert "Traceback" not in server.log


def test_a_kill_in_the_middle_of_a_reply_loses_nothing_that_was_said(
    installed: Path, host_python: Path, lives: Residence, browser: Browser, tmp_path: Path
) -> None:
    place(installed, EXTENSION, "familiar", lives)
    with HostServer(installed, host_python, FAMILIAR_DATA_DIR=str(tmp_path)) as server:
        with real_scene(browser, server, tmp_path, SHOTS / f"{lives}-killed") as scene:
            scene.host.new_chat()
            reply = scene.host.say("My ferret is called Nimbus.")
            scene.host.begin("Tell me a long story about a ferret.")
            server.kill()
        found = entries(tmp_path)
        assert [entry["said"] for entry in found] == ["My ferret is called Nimbus.", "Tell me a long story about a ferret."]
        assert found[0]["reply"] == reply.strip()
        server.start()
        with real_scene(browser, server, tmp_path, SHOTS / f"{lives}-after-kill") as scene:
            scene.host.new_chat()
            scene.host.say("What is the name of my ferret?")
            assert "My ferret is called Nimbus." in scene.shown()


def test_the_loaded_model_puts_a_question_more_clearly_and_the_persons_words_are_kept(
    installed: Path, host_python: Path, lives: Residence, browser: Browser, tmp_path: Path
) -> None:
    place(installed, EXTENSION, "familiar", lives)
    with HostServer(installed, host_python, FAMILIAR_DATA_DIR=str(tmp_path), FAMILIAR_ENRICH="host") as server:
        with real_scene(browser, server, tmp_path, SHOTS / f"{lives}-enriched") as scene:
            scene.host.new_chat()
            scene.host.say("My heron is called Atlas.")
            scene.host.new_chat()
            reply = scene.host.say("What is the name of my heron?")
            scene.host.page.click("#familiar-refresh")
            scene.host.settle()
            why = scene.host.page.locator("#familiar-why").inner_text()
            saved = scene.host.saved()
        assert "My heron is called Atlas." in why and "asked as it is" not in why, "the model was asked, and its answer taken or left"
        assert saved is not None and saved["internal"][0][0] == "What is the name of my heron?"
        assert [(entry["said"], entry["reply"]) for entry in entries(tmp_path)][1:] == [("What is the name of my heron?", reply.strip())]
        assert "Traceback" not in server.log


def test_without_a_page_it_serves_the_api_alone(installed: Path, host_python: Path, lives: Residence, tmp_path: Path) -> None:
    place(installed, EXTENSION, "familiar", lives)
    with HostServer(installed, host_python, nowebui=True, FAMILIAR_DATA_DIR=str(tmp_path)) as server:
        server.api_chat([{"role": "user", "content": "My oboe is called Fern."}], user="dora")
        server.api_chat([{"role": "user", "content": "What is the name of my oboe?"}], user="dora")
        told, asked = entries(tmp_path)
        assert (told["person"], asked["memories"]) == ("dora", [told["id"]])
        assert "Traceback" not in server.log


def test_an_expert_is_a_character_of_the_webui_and_draws_on_its_shelf(
    installed: Path, host_python: Path, lives: Residence, tmp_path: Path
) -> None:
    place(installed, EXTENSION, "familiar", lives)
    (tmp_path / "birds.txt").write_text("The wren of Skarvoy nests in the ropes of the old ferry.\n", encoding="utf-8")
    expertise = "You know the birds of Skarvoy, where each of them nests, and when it sings."
    familiar("expert", "new", "Wren", "--expertise", expertise, "--base-prompt", "brief", data_dir=tmp_path)
    familiar("expert", "to-webui", str(installed), "Wren", "--force", data_dir=tmp_path)
    familiar("read", str(tmp_path / "birds.txt"), "--companion", "Wren", "--as", "dora", data_dir=tmp_path)
    with HostServer(installed, host_python, nowebui=True, FAMILIAR_DATA_DIR=str(tmp_path)) as server:
        first, second = ("Where does the wren of Skarvoy nest?", "Do you know where the wren of Skarvoy nests?")
        assert server.api_chat([{"role": "user", "content": first}], user="dora", mode="chat", character="Wren")
        assert server.api_chat([{"role": "user", "content": second}], user="dora", mode="instruct")
        assert "Traceback" not in server.log
    with closing(sqlite3.connect(tmp_path / "diary.sqlite")) as diary:
        shown = diary.execute("SELECT companion, excerpts FROM exchange ORDER BY id").fetchall()
    assert shown == [("Wren", "[[1]]"), ("Assistant", "[]")]


def test_a_missing_package_leaves_the_host_running_and_is_said(
    installed: Path, host_python: Path, lives: Residence, tmp_path: Path
) -> None:
    place(installed, EXTENSION, "familiar", lives)
    (tmp_path / "sqlalchemy").mkdir()
    (tmp_path / "sqlalchemy" / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'sqlalchemy'\", name='sqlalchemy')\n")
    with HostServer(installed, host_python, nowebui=True, FAMILIAR_DATA_DIR=str(tmp_path / "data"), PYTHONPATH=str(tmp_path)) as server:
        assert server.api_chat([{"role": "user", "content": "Are you there?"}], user="dora")
        assert "make install" in server.log


def test_another_model_and_an_adapter_answer_and_the_first_again_by_command_and_over_the_api(
    installed: Path, server: HostServer, data_dir: Path, browser: Browser, lives: Residence
) -> None:
    models = installed / "user_data" / "models"
    if not (models / "tiny").exists():
        tiny_adapter(tiny_folder(models / "tiny"), installed / "user_data" / "loras" / "poems")
        (shutil.copytree(models / "tiny", models / "torn") / "model.safetensors").write_bytes(b"torn")
    with real_scene(browser, server, data_dir, SHOTS / f"{lives}-models") as scene:
        say = scene.host.say
        scene.host.new_chat()
        assert f"* {MODEL}\n  tiny\n  torn" in say("--models")
        assert f"tiny answers now, in place of {MODEL}." in say("--swap-model tiny")
        assert "tiny goes on answering." in say("--swap-model torn")
        assert "tiny answers with the adapter poems now." in say("--swap-adapter poems")
        assert "tiny, with the adapter poems" in say("--model")
        assert f"{MODEL} answers now, in place of tiny." in say(f"--swap-model {MODEL}")
        assert say("Are you there?").strip()
    host, told = OpenAIHTTP(server.api), list[str]()
    rack = ServerRack(host)
    assert rack.models() == [MODEL, "tiny", "torn"]
    rack.swap("tiny", told.append)
    rack.swap_adapter("poems", told.append)
    assert (host.model, host.adapter) == ("tiny", "poems")
    rack.swap_adapter("", told.append)
    with pytest.raises(HostRefused, match="tiny goes on answering"):
        rack.swap("torn", told.append)
    rack.swap(MODEL, told.append)
    assert (host.model, host.adapter) == (MODEL, "")
    assert "".join(host.generate([Message("user", "Hello.")], Generation(max_new_tokens=8, temperature=0))).strip()
