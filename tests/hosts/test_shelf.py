"""Tests of the models and adapters on this machine, and of their exchange on the embedded host."""

from __future__ import annotations

import gc
import shutil
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from extension.errors import MissingModel, StoreReadOnly
from extension.hosts.choice import host_for
from extension.hosts.rack import rack_for
from extension.messages import Generation
from extension.settings import load
from tests.models import tiny_adapter, tiny_folder

from .contract import ask

BRIEF = Generation(max_new_tokens=8, temperature=0)
BUNDLED = "SmolLM2-135M-Instruct"


def silent(text):
    """Take no notice."""


def reply(host):
    return "".join(host.generate(ask("Hello"), BRIEF))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return tiny_folder(tmp_path_factory.mktemp("other") / "other-llama", seed=2)


@pytest.fixture
def home(tmp_path, tiny, other):
    """A data directory with two models."""
    for folder in (tiny, other):
        shutil.copytree(folder, tmp_path / "models" / folder.name)
    return tmp_path


@pytest.fixture
def settings(home):
    return load({}, data_dir=home, model=str(home / "models" / "tiny-random-llama"))


@pytest.fixture
def host(settings):
    return host_for(settings)


@pytest.fixture
def shelf(host, settings):
    return rack_for(host, settings)


def test_what_can_be_run_are_the_bundled_model_the_folders_that_hold_one_and_what_the_settings_name(home):
    for name in ("empty", ".half.partial", "line\nbreak", "x" * 250):
        (home / "models" / name).mkdir()
    for name in (".half.partial", "line\nbreak"):
        (home / "models" / name / "config.json").write_text("{}")
    (home / "models" / "file.gguf").write_bytes(b"GGUF")
    settings = load({}, data_dir=home, model="Qwen/Qwen3-0.6B")
    assert rack_for(host_for(settings), settings).models() == ["other-llama", "Qwen/Qwen3-0.6B", BUNDLED, "tiny-random-llama"]


def test_without_a_folder_of_models_or_adapters_there_are_none_of_those(tmp_path):
    settings = load({}, data_dir=tmp_path)
    shelf = rack_for(host_for(settings), settings)
    assert (shelf.models(), shelf.adapters()) == ([BUNDLED], [])


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "models").write_text("")
    settings = load({}, data_dir=tmp_path)
    with pytest.raises(StoreReadOnly, match="cannot be read"):
        rack_for(host_for(settings), settings).models()


def test_another_model_answers_and_the_first_again_and_each_time_the_old_one_is_gone(host, shelf, home):
    first = reply(host)
    gone, told = weakref.ref(host.load().model), []
    assert shelf.swap("other-llama", told.append) == ""
    assert gone() is None
    assert (host.model, reply(host) == first) == ("other-llama", False)
    assert shelf.kept == {"model": str(home / "models" / "other-llama"), "adapter": ""}
    assert told == ["Letting go of tiny-random-llama, loading other-llama."]
    shelf.swap("tiny-random-llama", silent)
    assert (host.model, reply(host)) == ("tiny-random-llama", first)


def test_what_the_settings_named_at_first_can_be_gone_back_to_though_it_lies_elsewhere(tiny, home):
    elsewhere = shutil.copytree(tiny, home / "elsewhere")
    settings = load({}, data_dir=home, model=str(elsewhere))
    host = host_for(settings)
    shelf = rack_for(host, settings)
    shelf.swap("other-llama", silent)
    shelf.swap("elsewhere", silent)
    assert shelf.kept["model"] == str(elsewhere)


@pytest.mark.parametrize("loaded", [True, False])
def test_a_model_that_cannot_be_loaded_leaves_the_old_one_answering(host, shelf, settings, home, loaded):
    first = reply(host_for(settings))
    if loaded:
        host.load()
    (home / "models" / "other-llama" / "model.safetensors").write_bytes(b"torn")
    kept = shelf.kept
    with pytest.raises(MissingModel, match=r"other-llama cannot be loaded .* tiny-random-llama goes on answering\.$"):
        shelf.swap("other-llama", silent)
    assert (host.model, reply(host), shelf.kept) == ("tiny-random-llama", first, kept)


@pytest.mark.parametrize("name", ["nothing", "", "../tiny-random-llama", "x" * 10_000])
def test_a_model_that_is_not_listed_is_not_loaded(shelf, name):
    with pytest.raises(MissingModel, match=r"^There is no model .* Put its folder into"):
        shelf.swap(name, silent)


def test_a_swap_waits_for_the_reply_that_is_being_made(host, shelf):
    expected = reply(host)
    begun, go_on = Event(), Event()

    def hold(*_):
        begun.set()
        go_on.wait(30)

    host.load().model.register_forward_pre_hook(hold)
    with ThreadPoolExecutor(2) as threads:
        replied = threads.submit(reply, host)
        begun.wait(30)
        swapped = threads.submit(shelf.swap, "other-llama", silent)
        assert (swapped.done(), host.model) == (False, "tiny-random-llama")
        go_on.set()
        assert replied.result(60) == expected
        swapped.result(60)
    assert host.model == "other-llama"


def test_whoever_needs_the_model_during_a_swap_gets_the_new_one(host, shelf, monkeypatch):
    host.load()
    loading, go_on = Event(), Event()
    read = type(host).load

    def slow(self):
        if self is not host:
            loading.set()
            go_on.wait(30)
        return read(self)

    monkeypatch.setattr(type(host), "load", slow)
    with ThreadPoolExecutor(2) as threads:
        swapped = threads.submit(shelf.swap, "other-llama", silent)
        loading.wait(30)
        counted = threads.submit(lambda: host.load().name)
        go_on.set()
        swapped.result(60)
        assert counted.result(60) == "other-llama"


def test_an_adapter_goes_on_and_off_and_a_swap_takes_it_off(host, shelf, home, tiny):
    pytest.importorskip("peft")
    tiny_adapter(tiny, home / "adapters" / "pirate-v1")
    (home / "adapters" / "notes").mkdir()
    plain = reply(host)
    assert shelf.adapters() == ["pirate-v1"]
    shelf.swap_adapter("pirate-v1", silent)
    assert (host.adapter, reply(host) == plain) == ("pirate-v1", False)
    assert shelf.kept["adapter"] == str(home / "adapters" / "pirate-v1")
    shelf.swap_adapter("", silent)
    assert (host.adapter, reply(host), shelf.kept["adapter"]) == ("", plain, "")
    shelf.swap_adapter("pirate-v1", silent)
    shelf.swap("other-llama", silent)
    assert (host.model, host.adapter) == ("other-llama", "")


def test_an_adapter_that_cannot_be_put_on_leaves_the_model_as_it_was(host, shelf, home):
    plain = reply(host)
    folder = home / "adapters" / "torn"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{")
    (folder / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(MissingModel, match=r"torn cannot be put on tiny-random-llama .* tiny-random-llama goes on answering\.$"):
        shelf.swap_adapter("torn", silent)
    with pytest.raises(MissingModel, match=r"^There is no adapter prose here"):
        shelf.swap_adapter("prose", silent)
    gc.collect()
    assert (host.adapter, reply(host)) == ("", plain)
