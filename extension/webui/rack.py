"""The models and LoRA adapters of the webui, exchanged in its own process."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..errors import CommandRefused, HostError, HostTimeout, MissingModel
from ..hosts.rack import going_back
from ..hosts.served import usable_names
from ..ports import Told

log = logging.getLogger(__name__)

TRANSFORMERS = "Transformers"
"""The loader whose models take adapters."""
PATIENCE = 300.0
"""Most seconds to wait for what the webui is generating."""
_LOOK = 0.05
NONE = "None"
"""The webui's word for no model and no adapter."""
RELOAD = "Reload the webui's page before you go on there: until then it sends the old model's template and length."


@dataclass(frozen=True, slots=True)
class _Before:
    """What the webui had loaded."""

    model: str
    adapters: tuple[str, ...]
    args: Mapping[str, Any]

    @property
    def loaded(self) -> bool:
        return self.model not in ("", NONE)


class WebuiRack:
    """Exchanges what the webui has loaded, while it generates nothing.

    Never from a hook that runs under the webui's generation lock: it would wait for itself, as `Webui.generate` would.
    """

    @property
    def kept(self) -> Mapping[str, str]:
        """Nothing: the webui starts with what its own flags say."""
        return {}

    def models(self) -> list[str]:
        """Return what the webui's Model tab offers. Raises HostError for folders that cannot be read."""
        from modules.utils import get_available_models

        with _translated("could not list its models"):
            return usable_names(get_available_models())

    def swap(self, model: str, told: Told) -> str:
        """Let the webui load another model. Raises HostError, MissingModel."""
        from modules import shared

        if model not in self.models():
            raise MissingModel(f"The webui has no model {model}. Put it into user_data/models.")
        with _alone():
            before = _before()
            told(f"The webui lets go of {before.model if before.loaded else 'nothing'} and loads {model}.")
            with going_back(lambda: _restored(before)):
                _load(model)
        return "" if getattr(shared.args, "nowebui", False) else RELOAD

    def adapters(self) -> list[str]:
        """Return what the webui's Model tab offers. Raises HostError for folders that cannot be read."""
        from modules.utils import get_available_loras

        with _translated("could not list its adapters"):
            return [name for name in usable_names(get_available_loras()) if name != NONE]

    def swap_adapter(self, name: str, told: Told) -> str:
        """Put another adapter on the webui's model. Raises HostError, MissingModel, CommandRefused for other loaders than Transformers."""
        from modules import shared

        if name and name not in self.adapters():
            raise MissingModel(f"The webui has no adapter {name}. Put its folder into user_data/loras.")
        with _alone():
            loader = getattr(shared.args, "loader", None)
            if shared.model is None or loader != TRANSFORMERS:
                what = f"the model that is loaded is one of {loader}" if shared.model is not None else "none is loaded"
                raise CommandRefused(f"The webui puts adapters on models of its loader {TRANSFORMERS}; {what}.")
            before = _before()
            told(f"The webui puts {name} on {before.model}." if name else f"The webui takes the adapter off {before.model}.")
            with going_back(lambda: _restored(before)):
                _wear(name)
        return ""


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the webui's generation lock, once nothing is generated beside it either. Raises HostTimeout."""
    from modules import models, shared

    until = monotonic() + PATIENCE
    lock = shared.generation_lock
    while lock.acquire(timeout=max(0.0, until - monotonic())):
        if not getattr(models, "active_generation_count", 0):  # servers with several slots generate without the lock
            break
        lock.release()
        sleep(_LOOK)
    else:
        raise HostTimeout("The webui has been generating all the while. Stop it there, or try again in a moment.")
    try:
        yield
    finally:
        lock.release()


def _before() -> _Before:
    from modules import shared

    return _Before(str(shared.model_name or NONE), tuple(getattr(shared, "lora_names", ()) or ()), dict(vars(shared.args)))


def _load(model: str) -> None:
    """Load a model as the webui's API does, by what its files say. Raises HostError."""
    from modules import shared
    from modules.models_settings import get_model_metadata, update_model_parameters

    with _translated(f"could not load {model}"):
        found = get_model_metadata(model)
        update_model_parameters(found)
    _take(model, found.get("loader"))
    page = shared.persistent_interface_state
    page.update({name: value for name, value in found.items() if name in page and name != "gpu_layers"})


def _take(model: str, loader: str | None) -> None:
    """Unload what there is, and load a model. Its name stands only while it is there. Raises HostError."""
    from modules import models, shared

    try:
        with _translated(f"could not load {model}"):
            models.unload_model()
            shared.model, shared.tokenizer = models.load_model(model, loader)
    finally:
        if shared.model is None:
            shared.model_name = NONE
    if shared.model is None:
        raise HostError(f"The webui could not load {model}. Its own log has the details.")


def _restored(before: _Before) -> str:
    """Load again what was loaded, with the first of its adapters, and return its name. Raises HostError."""
    from modules import shared

    vars(shared.args).update(before.args)
    if not before.loaded:
        shared.model_name = NONE
        raise HostError("there was no model. Load one in the Model tab.")
    _take(before.model, before.args.get("loader"))
    _wear(before.adapters[0] if before.adapters else "")
    return before.model


def _wear(adapter: str) -> None:
    """Leave this adapter alone on the model, '' for none. With PEFT itself: the webui's own way keeps an older one of the same name,
    joins those that should replace each other, and changes the model's precision. Raises HostError.
    """
    from modules import shared

    if shared.lora_names:
        with _translated("could not take its adapter off"):
            shared.model = shared.model.unload()
    shared.lora_names = []
    if not adapter:
        return
    with _translated(f"could not put {adapter} on its model"):
        from peft import PeftModel

        placed = getattr(shared.model, "hf_device_map", None)
        where = {"device_map": {f"base_model.model.{part}": device for part, device in placed.items()}} if placed else {}
        shared.model = PeftModel.from_pretrained(shared.model, Path(shared.args.lora_dir) / adapter, adapter_name=adapter, **where)
        shared.lora_names = [adapter]


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Raise as HostError what the webui raises inside; what a model's files can go wrong in has no end."""
    try:
        yield
    except Exception as exc:
        log.exception("The webui %s", what)
        raise HostError(f"The webui {what} ({type(exc).__name__}). Its own log has the details.") from exc
