"""Tests of the commands about models and adapters, with real tiny models in process."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from extension.app import build
from extension.commands.groups.every import COMMANDS
from extension.commands.groups.models import _named
from extension.commands.running import Given, Running
from extension.commands.scene import Scene
from extension.errors import CommandRefused, QueueBusy
from extension.hosts.scripted import Scripted
from extension.messages import Generation, Message, Person, Place
from extension.permissions.authorizer import Asker
from extension.settings import load
from tests.models import tiny_adapter, tiny_folder

pytestmark = pytest.mark.embedded

TINY, OTHER = "tiny-random-llama", "other-llama"
BRIEF = Generation(max_new_tokens=8, temperature=0)


@dataclass
class Recording(Scene):
    """A place that writes down what it is told to do."""

    busy: bool = False
    done: list[str] = field(default_factory=list)

    def hold(self):
        if self.busy:
            raise QueueBusy("What is being written did not end in time.")
        self.done.append("hold")

    def release(self):
        self.done.append("release")

    def tell(self, text):
        self.done.append(text)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Two models, and an adapter for the first."""
    place = tmp_path_factory.mktemp("shelf")
    model = tiny_folder(place / "models" / TINY)
    tiny_folder(place / "models" / OTHER, seed=2)
    tiny_adapter(model, place / "adapters" / "pirate-v1")
    return place


@pytest.fixture
def home(data_dir, shelf):
    shutil.copytree(shelf, data_dir, dirs_exist_ok=True)
    return data_dir


def opened(home, **values):
    return build(load({}, data_dir=home, embedder="hashing", **values))


@pytest.fixture
def app(home):
    made = opened(home, model=str(home / "models" / TINY))
    yield made
    made.close()


@pytest.fixture
def scene():
    return Recording(asker=Asker(Person("ada"), Place("kitchen"), here=True), companion="Familiar")


def run(app, scene, name, /, **texts):
    return Running(app, COMMANDS).run(Given(COMMANDS.get(name), texts), scene)


def reply(app):
    return "".join(app.host.generate([Message("user", "Hello")], BRIEF))


def test_the_model_and_those_there_are_can_be_asked_for(app, scene):
    assert run(app, scene, "model").text == TINY
    assert run(app, scene, "models").text.splitlines() == [f"  {OTHER}", "  SmolLM2-135M-Instruct", f"* {TINY}"]
    assert run(app, scene, "adapter").text == "There is none on the model."
    assert run(app, scene, "adapters").text == "  pirate-v1"


def test_another_model_answers_while_nothing_is_generated_and_still_after_a_restart(app, scene, home):
    first = reply(app)
    answered = run(app, scene, "swap-model", model="OTHER")
    assert answered.text.startswith(f"{OTHER} answers now, in place of {TINY}. That took ")
    assert scene.done == ["hold", f"Letting go of {TINY}, loading {OTHER}.", "release"]
    second = reply(app)
    assert second != first
    restarted = opened(home)
    assert (restarted.host.model, reply(restarted)) == (OTHER, second)
    run(restarted, scene, "swap-model", model=TINY)
    assert reply(restarted) == first
    restarted.close()


def test_other_settings_that_change_later_leave_the_swapped_model(app, scene):
    run(app, scene, "swap-model", model=OTHER)
    host = app.host
    app.use(app.settings.changed(budget=5))
    assert (app.host is host, app.settings.model.endswith(OTHER)) == (True, True)


def test_an_adapter_goes_on_by_how_its_name_begins_and_off_again(app, scene):
    assert f"{TINY} answers with the adapter pirate-v1 now. That took " in run(app, scene, "swap-adapter", name="pirate").text
    assert run(app, scene, "adapters").text == "* pirate-v1"
    assert run(app, scene, "model").text == f"{TINY}, with the adapter pirate-v1"
    assert run(app, scene, "swap-adapter", name="pirate-v1").text == "pirate-v1 is the adapter already."
    assert run(app, scene, "swap-adapter", name="None").text.startswith(f"{TINY} answers without an adapter now.")
    run(app, scene, "swap-adapter", name="pirate-v1")
    assert "The adapter pirate-v1 was taken off." in run(app, scene, "swap-model", model=OTHER).text


def test_a_model_that_cannot_be_loaded_is_said_and_the_old_one_answers_also_after_a_restart(app, scene, home):
    first = reply(app)
    (home / "models" / OTHER / "model.safetensors").write_bytes(b"torn")
    answered = run(app, scene, "swap-model", model=OTHER)
    assert (answered.kind, answered.text.endswith(f"{TINY} goes on answering.")) == ("failed", True)
    assert scene.done[-1] == "release"
    assert (reply(app), (home / "settings.yaml").exists()) == (first, False)


def test_a_model_that_answers_already_is_not_loaded_again(app, scene):
    assert run(app, scene, "swap-model", model=TINY).text == f"{TINY} is the model that answers already."
    assert scene.done == []


@pytest.mark.parametrize("name", ["othr-llama", "`\n--ping", "x" * 400])
def test_a_name_that_is_none_is_refused_with_the_one_that_may_be_meant(app, scene, name):
    answered = run(app, scene, "swap-model", model=name)
    assert (answered.kind, scene.done) == ("refused", [])
    assert answered.text.startswith("There is no model `")
    assert ("Did you mean `other-llama`?" in answered.text) == (name == "othr-llama")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("qwen3-0.6b", "Qwen/Qwen3-0.6B"),
        ("qwen3-4", "Qwen/Qwen3-4B"),
        ("4B", "Qwen/Qwen3-4B"),
        ("LLAMA", "llama"),
        ("pirate", "llama-pirate"),
    ],
)
def test_names_are_exact_or_how_what_follows_the_slash_begins_or_ends(said, meant):
    assert _named(said, ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-4B", "llama", "llama-pirate"], "model") == meant


def test_a_name_that_may_mean_several_is_refused_with_them():
    with pytest.raises(CommandRefused, match=r"^More than one model may be meant: a/big-1, b/big-2\."):
        _named("big", ["a/big-1", "b/big-2"], "model")
    with pytest.raises(CommandRefused, match="no adapter to choose"):
        _named("big", [], "adapter")


def test_who_is_no_admin_may_look_and_not_swap(app):
    app.use(app.settings.changed(permissions={"default": "mod"}))
    stranger = Recording(asker=Asker(Person("bob"), Place("street", shared=True)), companion="Familiar")
    assert run(app, stranger, "models").good
    for name, texts in (("swap-model", {"model": OTHER}), ("swap-adapter", {"name": "pirate-v1"})):
        assert run(app, stranger, name, **texts).kind == "denied"
    running = Running(app, COMMANDS)
    assert running.complete(COMMANDS.get("swap-model"), "model", "o", stranger, {}) == []
    assert (app.host.model, stranger.done) == (TINY, [])


def test_names_are_completed(app, scene):
    running = Running(app, COMMANDS)
    assert running.complete(COMMANDS.get("swap-model"), "model", "llama", scene, {}) == [OTHER, TINY]
    assert running.complete(COMMANDS.get("swap-adapter"), "name", "", scene, {}) == ["none", "pirate-v1"]


def test_where_what_is_generated_does_not_end_nothing_is_swapped_or_released(app, scene):
    scene.busy = True
    assert run(app, scene, "swap-model", model=OTHER).kind == "refused"
    assert (app.host.model, scene.done) == (TINY, [])


def test_two_swaps_at_once_come_one_after_the_other(app):
    scenes = [Recording(asker=Asker(Person("ada"), Place(name), here=True), companion="Familiar") for name in ("kitchen", "hall")]
    begun, go_on = Event(), Event()

    def first(rack):
        begun.set()
        go_on.wait(30)
        return rack.swap(OTHER, scenes[0].tell)

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(app.swap, first)
        begun.wait(30)
        two = threads.submit(run, app, scenes[1], "swap-adapter", name="pirate-v1")
        assert scenes[1].done in ([], ["hold"])
        go_on.set()
        one.result(60)
        assert "loading other-llama with pirate-v1." in " ".join(two.result(60) and scenes[1].done)


def test_a_setting_of_the_environment_that_outweighs_is_said(app, scene, monkeypatch):
    monkeypatch.setenv("FAMILIAR_MODEL", "Qwen/Qwen3-0.6B")
    assert run(app, scene, "swap-model", model=OTHER).text.endswith("After a restart FAMILIAR_MODEL in the environment will hold.")


def test_settings_that_cannot_be_written_are_said_and_the_new_model_answers(app, scene, home):
    (home / "settings.yaml").mkdir()
    assert "After a restart it will be as before: Cannot read" in run(app, scene, "swap-model", model=OTHER).text
    assert (app.host.model, app.settings.model.endswith(OTHER)) == (OTHER, True)


@pytest.mark.parametrize("given", [None, Scripted(model="mine")])
def test_a_host_of_one_model_says_that_it_is_the_only_one(home, scene, given):
    app = build(load({}, data_dir=home, embedder="hashing", host="scripted"), host=given)
    name = given.model if given else "scripted"
    assert run(app, scene, "models").text == f"* {name}"
    answered = run(app, scene, "swap-model", model=name)
    assert (answered.kind, answered.text) == ("refused", f"{name} is the only model here. Set FAMILIAR_HOST to what has more of them.")
    assert run(app, scene, "adapters").kind == "refused"
    app.close()


def test_a_server_of_several_models_is_asked_for_the_other_one_after_a_restart_too(home, scene):
    from tests.hosts.openai_double import Double, says

    with Double() as server:
        server.answers["/v1/models"] = says({"data": [{"id": "small"}, {"id": "org/big"}]})
        app = opened(home, host=server.url)
        assert run(app, scene, "models").text == "* small\n  org/big"
        assert run(app, scene, "swap-model", model="big").text.startswith("org/big answers now, in place of small.")
        app.close()
        restarted = opened(home, host=server.url)
        assert restarted.host.model == "org/big"
        restarted.close()


def test_a_server_that_is_not_there_is_said(home, scene):
    app = opened(home, host="http://127.0.0.1:9")
    assert (run(app, scene, "models").kind, run(app, scene, "swap-model", model="big").kind) == ("failed", "failed")
    app.close()
