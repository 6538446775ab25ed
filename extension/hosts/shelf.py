"""The models and adapters that lie on this machine, one of which the embedded host runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import MissingModel, StoreReadOnly
from ..ports import Told
from ..settings import Settings
from . import smollm2
from .choice import host_for
from .embedded import Embedded
from .rack import going_back
from .served import usable_names

MODELS, ADAPTERS = "models", "adapters"
"""Folders in the data directory; each folder in them is a model or an adapter, by its name."""
_MODEL_FILE, _ADAPTER_FILE = "config.json", "adapter_config.json"


class Shelf:
    """What the embedded host may run: the bundled model, the folders in the data directory, and what the settings named at first."""

    def __init__(self, host: Embedded, settings: Settings) -> None:
        self._host = host
        self._settings = settings
        self._first = {host.model: settings.model}
        self._first_adapter = {host.adapter: settings.adapter} if settings.adapter else {}

    @property
    def kept(self) -> Mapping[str, str]:
        """The settings by which the host comes up again as it is now."""
        return {"model": self._settings.model, "adapter": self._settings.adapter}

    def models(self) -> list[str]:
        """Return the names of the models there are. Raises StoreReadOnly for a folder that may not be read."""
        return sorted(self._models(), key=str.lower)

    def adapters(self) -> list[str]:
        """Return the names of the adapters there are. Raises StoreReadOnly for a folder that may not be read."""
        return sorted(self._adapters(), key=str.lower)

    def swap(self, model: str, told: Told) -> str:
        """Load another model. Raises as it does to load one."""
        found = self._models()
        if model not in found:
            raise MissingModel(f"There is no model {model} here. Put its folder into {self._settings.data_dir / MODELS}.")
        self._become(told, model, self._settings.changed(model=found[model], adapter=""))
        return ""

    def swap_adapter(self, name: str, told: Told) -> str:
        """Load the model with another adapter, or without one for ''. Raises as it does to load one."""
        found = {"": "", **self._adapters()}
        if name not in found:
            raise MissingModel(f"There is no adapter {name} here. Put its folder into {self._settings.data_dir / ADAPTERS}.")
        self._become(told, f"{self._host.model}{f' with {name}' if name else ''}", self._settings.changed(adapter=found[name]))
        return ""

    def _become(self, told: Told, name: str, settings: Settings) -> None:
        other, before = host_for(settings), self._host.model
        if not isinstance(other, Embedded):
            raise MissingModel(f"{name} is no model that runs in this process. Set FAMILIAR_HOST=embedded.")
        told(f"Letting go of {before}, loading {name}.")
        with going_back(lambda: before):
            self._host.become(other)
        self._settings = settings

    def _models(self) -> dict[str, str]:
        """Return the setting `model` for each name."""
        data_dir = self._settings.data_dir
        bundled = {smollm2.NAME: ""} if smollm2.is_there(data_dir) else {}
        return {**_folders(data_dir / MODELS, _MODEL_FILE), **bundled, **self._first}

    def _adapters(self) -> dict[str, str]:
        """Return the setting `adapter` for each name."""
        return {**_folders(self._settings.data_dir / ADAPTERS, _ADAPTER_FILE), **self._first_adapter}


def _folders(where: Path, holding: str) -> dict[str, str]:
    """Return the folders in a folder that hold a file, by their names; hidden ones are being made. Raises StoreReadOnly."""
    try:
        found = {each.name: str(each) for each in where.iterdir() if not each.name.startswith(".") and (each / holding).is_file()}
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise StoreReadOnly(f"The folder {where} cannot be read ({exc.strerror}). Check its permissions.") from exc
    return {name: found[name] for name in usable_names(sorted(found))}
