"""The models of a server: those it lists, and those the webui can load when it is asked through its API."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from ..errors import CommandRefused, HostRefused, MissingModel
from ..messages import Generation, Message
from ..ports import Told
from .openai_http import OpenAIHTTP
from .rack import going_back
from .served import COUNTERS, Loaded, loaded, model_names, usable_names

TRANSFORMERS = "Transformers"
"""The webui's loader whose models take adapters."""
LOADING = 1800.0
"""Most seconds to wait for a server that loads a model."""
PATIENCE = 300.0
"""Most seconds to wait for a reply of ours: the webui would let go of the model in the middle of it."""
_TRIAL = (Message("user", "Hello."),)
_MODEL, _LORA = "/v1/internal/model", "/v1/internal/lora"


class ServerRack:
    """Exchanges what a server answers with. The webui loads what it is told to; others have each model that they list."""

    def __init__(self, host: OpenAIHTTP) -> None:
        self._host = host
        self._kept: Mapping[str, str] = {}

    @property
    def kept(self) -> Mapping[str, str]:
        """The model to ask for, after a swap; '' for a webui, which is asked for what it has loaded."""
        return self._kept

    def models(self) -> list[str]:
        """Return what the webui could load, or what another server lists. Raises HostError."""
        if self._webui() is None:
            return model_names(self._host.ask) or [self._host.model]
        return self._listed(_MODEL, "model_names")

    def swap(self, model: str, told: Told) -> str:
        """Let the server answer with another model. Raises HostError, MissingModel, and CommandRefused where it has but one."""
        webui, there = self._webui(), self.models()
        if model not in there:
            raise MissingModel(f"The server has no model {model}. Put it there, or start the server with it.")
        if webui is not None:
            self._host.rest(PATIENCE)
            told(f"The webui lets go of {webui.model or 'nothing'} and loads {model}.")
            with going_back(lambda: self._restored(webui)):
                self._load(model)
            self._take("")
        elif len(there) == 1:
            raise CommandRefused(f"The server has one model, {model}. Start it with another one to exchange it.")
        else:
            told(f"Trying {model}.")
            with going_back(lambda: self._host.model):
                self._try(model)
            self._take(model)
        return ""

    def adapters(self) -> list[str]:
        """Return the webui's LoRA adapters. Raises HostError, and CommandRefused for other servers."""
        if self._webui() is None:
            raise CommandRefused("This server chooses its adapters when it is started; vLLM lists them among its models.")
        return self._listed(_LORA, "lora_names")

    def swap_adapter(self, name: str, told: Told) -> str:
        """Let the webui put another adapter on its model, or none for ''. Raises HostError, MissingModel, CommandRefused."""
        there, webui = self.adapters(), self._webui() or Loaded("")
        if name and name not in there:
            raise MissingModel(f"The webui has no adapter {name}. Put its folder into user_data/loras there.")
        if webui.loader != TRANSFORMERS:
            raise CommandRefused(f"The webui puts adapters on models of its loader {TRANSFORMERS}, not of {webui.loader or 'others'}.")
        self._host.rest(PATIENCE)
        told(f"The webui puts {name} on {webui.model}." if name else f"The webui takes the adapter off {webui.model}.")
        with going_back(lambda: self._restored(webui)):
            self._wear([name] if name else [])
        self._host.take("")
        return ""

    def _webui(self) -> Loaded | None:
        return loaded(self._host.ask)

    def _listed(self, group: str, key: str) -> list[str]:
        answer = self._host.administer(f"{group}/list")
        return usable_names(answer.get(key) if isinstance(answer, dict) else None)

    def _take(self, model: str) -> None:
        self._host.take(model)
        self._kept = {"model": model}

    def _load(self, model: str) -> None:
        """Have the webui load a model, and see that it did: of some failures it says nothing."""
        self._host.administer(f"{_MODEL}/load", {"model_name": model}, LOADING)
        if COUNTERS[0].count(self._host.ask, "Hello", model) is None:
            raise HostRefused(f"The webui could not load {model}. Its log has the details.")

    def _wear(self, adapters: list[str]) -> None:
        """Have the webui wear exactly these adapters. It is rid of all first: one of the same name would be left as it is."""
        self._host.administer(f"{_LORA}/unload", {})
        if adapters:
            self._host.administer(f"{_LORA}/load", {"lora_names": adapters}, LOADING)
        now = self._webui()
        if now is None or list(now.adapters) != adapters:
            raise HostRefused("The webui did not change the adapter. Its log has the details.")

    def _restored(self, before: Loaded) -> str:
        """Bring back what the webui had loaded, with the first of its adapters (it cannot join several anew), and return its name."""
        self._host.take("")
        if not before.model:
            raise HostRefused("there was no model. Load one in the webui's Model tab.")
        self._load(before.model)
        self._wear(list(before.adapters[:1]))
        return before.model

    def _try(self, model: str) -> None:
        """Have a model begin a reply: what a server lists may be no model for chats, or not for this key. Raises HostError."""
        with closing(self._host.beside(model)) as host, closing(host.generate(_TRIAL, Generation())) as reply:
            next(reply, "")
