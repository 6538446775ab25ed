"""The models and adapters of the webui, exchanged in its own process: over the webui's double, with real tiny models in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from extension.errors import CommandRefused, HostError, HostTimeout, MissingModel
from extension.messages import Generation
from extension.ports import Rack
from extension.webui import rack as racks
from extension.webui.host import Webui
from tests.host.double import HostDouble, Model, Words
from tests.hosts.contract import ask
from tests.models import tiny_adapter, tiny_folder

FIRST, SECOND = "SmolLM2-135M-Instruct", "second"


def silent(text: str) -> None:
    """Take no notice."""


class Answering(Model):
    """A model that says its name."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def generate(self, question: str, state: Any) -> Iterator[str]:
        yield f"I am {self.folder.name}."


@pytest.fixture
def double(tmp_path: Path) -> Iterator[HostDouble]:
    extension = tmp_path / "empty"
    extension.mkdir()
    (extension / "script.py").write_text('"""An extension without hooks."""\n', encoding="utf-8")
    with HostDouble(tmp_path / "webui", extension) as running:
        for name, config in ((FIRST, {}), (SECOND, {"max_position_embeddings": 512}), ("torn", {}), ("mute", {"loader": "llama.cpp"})):
            folder = tmp_path / "webui" / "user_data" / "models" / name
            folder.mkdir(parents=True)
            (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 2048, **config}), encoding="utf-8")
        (tmp_path / "webui" / "user_data" / "loras").mkdir()
        models().loaders.update({"Transformers": loads, "llama.cpp": lambda folder: (None, None)})
        yield running


def models() -> Any:
    """Return the double's own module."""
    import modules.models  # type: ignore[import-not-found]

    return modules.models


def loads(folder: Path) -> tuple[Any, Any]:
    if folder.name == "torn":
        raise OSError("no weights in it")
    return Answering(folder), Words()


def said() -> str:
    return "".join(Webui().generate(ask("Who are you?"), Generation(max_new_tokens=8)))


def test_the_webui_is_a_rack_that_keeps_its_models_itself(double: HostDouble) -> None:
    host = Webui()
    assert isinstance(host, Rack)
    assert (host.models(), host.adapters(), host.kept) == ([FIRST, "mute", SECOND, "torn"], [], {})


def test_another_model_is_loaded_and_the_first_again(double: HostDouble) -> None:
    host, told = Webui(), []
    double.shared.persistent_interface_state = {"truncation_length": 8192, "name1": "Ada"}
    assert "Reload the webui's page" in host.swap(SECOND, told.append)
    assert (host.model, said(), host.context_length) == (SECOND, f"I am {SECOND}.", 512)
    assert double.shared.persistent_interface_state == {"truncation_length": 512, "name1": "Ada"}
    assert told == [f"The webui lets go of {FIRST} and loads {SECOND}."]
    host.swap(FIRST, silent)
    assert (said(), host.context_length) == (f"I am {FIRST}.", 2048)
    assert not double.shared.generation_lock.locked()


@pytest.mark.parametrize("model", ["torn", "mute"])
def test_a_model_that_cannot_be_loaded_leaves_the_old_one_with_its_flags(double: HostDouble, model: str) -> None:
    host = Webui()
    host.swap(SECOND, silent)
    with pytest.raises(HostError, match=rf"could not load {model}.* {SECOND} goes on answering\.$"):
        host.swap(model, silent)
    assert (said(), double.shared.args.loader) == (f"I am {SECOND}.", "Transformers")
    assert not double.shared.generation_lock.locked()


def test_a_model_whose_files_say_nothing_usable_is_refused(double: HostDouble, tmp_path: Path) -> None:
    (tmp_path / "webui/user_data/models" / SECOND / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(HostError, match=rf"could not load {SECOND} \(JSONDecodeError\).* {FIRST} goes on answering"):
        Webui().swap(SECOND, silent)
    with pytest.raises(MissingModel, match=r"no model \.\./second"):
        Webui().swap("../second", silent)


def test_where_no_model_was_loaded_a_failing_swap_says_to_load_one(double: HostDouble) -> None:
    models().unload_model()
    with pytest.raises(HostError, match=r"there was no model\. Load one in the Model tab"):
        Webui().swap("torn", silent)
    assert Webui().model == ""
    Webui().swap(SECOND, silent)
    assert said() == f"I am {SECOND}."


def test_a_folder_of_models_that_cannot_be_read_is_said(double: HostDouble) -> None:
    double.shared.args.model_dir = "nowhere"
    with pytest.raises(HostError, match="could not list its models"):
        Webui().models()


def test_a_swap_waits_for_what_is_being_generated_under_the_lock_and_beside_it(double: HostDouble) -> None:
    lock, waiting = double.shared.generation_lock, Event()
    lock.acquire()
    models().active_generation_count = 1
    with ThreadPoolExecutor(1) as threads:
        swapped = threads.submit(Webui().swap, SECOND, lambda text: waiting.set())
        assert not waiting.wait(0.1)
        lock.release()
        assert not waiting.wait(0.2)
        models().active_generation_count = 0
        swapped.result(30)
    assert Webui().model == SECOND


def test_a_swap_under_the_lock_ends_with_a_reason_and_changes_nothing(double: HostDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racks, "PATIENCE", 0.05)
    with double.shared.generation_lock, pytest.raises(HostTimeout, match="generating all the while"):
        Webui().swap(SECOND, silent)
    assert Webui().model == FIRST


# Adapters, with a real model


@pytest.fixture
def real(double: HostDouble, tmp_path: Path) -> Callable[[], str]:
    """Loads a tiny llama in the double, with an adapter in its folder, and says what the model makes of a text."""
    pytest.importorskip("peft")
    import torch
    from transformers import AutoModelForCausalLM

    folder = tiny_folder(tmp_path / "webui/user_data/models/tiny")
    tiny_adapter(folder, tmp_path / "webui/user_data/loras/poems")
    models().loaders["Transformers"] = lambda path: (AutoModelForCausalLM.from_pretrained(path).eval(), Words())
    Webui().swap("tiny", silent)

    def logits() -> str:
        with torch.inference_mode():
            return str(double.shared.model(torch.tensor([[5, 6, 7]])).logits[0, -1, :4].tolist())

    return logits


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft asks transformers by a name that is going
def test_an_adapter_is_put_on_anew_and_taken_off(double: HostDouble, real: Callable[[], str], tmp_path: Path) -> None:
    plain, host = real(), Webui()
    host.swap_adapter("poems", silent)
    first = real()
    assert (host.adapter, first == plain) == ("poems", False)
    host.swap_adapter("poems", silent)
    assert real() == first
    host.swap_adapter("", silent)
    assert (host.adapter, real()) == ("", plain)
    host.swap_adapter("poems", silent)
    host.swap("tiny", silent)
    assert (host.adapter, real()) == ("", plain)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_adapter_that_does_not_fit_brings_back_the_model_with_the_one_before(
    double: HostDouble, real: Callable[[], str], tmp_path: Path
) -> None:
    host, loras = Webui(), tmp_path / "webui/user_data/loras"
    (loras / "torn").mkdir()
    (loras / "torn" / "adapter_config.json").write_text((loras / "poems" / "adapter_config.json").read_text())
    (loras / "torn" / "adapter_model.safetensors").write_bytes(b"torn")
    host.swap_adapter("poems", silent)
    before = real()
    with pytest.raises(HostError, match=r"could not put torn on its model .* tiny goes on answering\.$"):
        host.swap_adapter("torn", silent)
    assert (host.adapter, real()) == ("poems", before)


def test_other_loaders_take_no_adapters(double: HostDouble, tmp_path: Path) -> None:
    (tmp_path / "webui/user_data/loras/poems").mkdir()
    double.shared.args.loader = "llama.cpp"
    with pytest.raises(CommandRefused, match=r"of its loader Transformers; the model that is loaded is one of llama\.cpp\."):
        Webui().swap_adapter("poems", silent)
    with pytest.raises(MissingModel, match="no adapter prose"):
        Webui().swap_adapter("prose", silent)
    models().unload_model()
    with pytest.raises(CommandRefused, match="none is loaded"):
        Webui().swap_adapter("poems", silent)
