"""What a server says it serves: the model's name, its adapter and its context; and how it counts tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import HostRefused

MODELS = "/v1/models"
UNKNOWN_CONTEXT = 4096
LONGEST_NAME = 300
MOST_NAMES = 1000
NAMES_OF_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")
"""Where vLLM and SGLang, OpenRouter, Groq and LM Studio put it in their list of models."""

Ask = Callable[[str, Any], Any]
"""Sends a question to a path (GET when it is None, else POST as JSON); returns the JSON answer, None for a refusal."""


@dataclass(frozen=True, slots=True)
class Served:
    """One model of a server. An empty model is one that the server does not name."""

    model: str
    adapter: str
    context_length: int
    """Tokens of prompt and reply together; 4096 where the server does not say."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a webui has loaded, '' for no model."""

    model: str
    adapters: tuple[str, ...] = ()
    loader: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """A way to have a server count tokens: where to ask, what with, and where in the answer the number is."""

    path: str
    question: Callable[[str, str], dict[str, Any]]
    number: Callable[[Any], Any]

    def count(self, ask: Ask, text: str, model: str) -> int | None:
        """Return the number of tokens, or None when the server does not count this way."""
        answer = ask(self.path, self.question(text, model))
        number = self.number(answer) if isinstance(answer, dict) else None
        return number if isinstance(number, int) and number > 0 else None


def _length(tokens: Any) -> int | None:
    return len(tokens) if isinstance(tokens, list) else None


COUNTERS = (
    Counter("/v1/internal/token-count", lambda text, model: {"text": text}, lambda answer: answer.get("length")),  # the webui
    Counter("/tokenize", lambda text, model: {"content": text}, lambda answer: _length(answer.get("tokens"))),  # llama.cpp
    Counter(  # vLLM, SGLang
        "/tokenize",
        lambda text, model: {"prompt": text, "add_special_tokens": False, **({"model": model} if model else {})},
        lambda answer: answer.get("count"),
    ),
)


def counter(ask: Ask, model: str) -> Counter | None:
    """Return the first way of counting that the server answers, tried on one word; None when it has none of them."""
    return next((way for way in COUNTERS if way.count(ask, "Hello", model) is not None), None)


def served(ask: Ask, wanted: str, server: str) -> Served:
    """Return what the server serves under the wanted name, or first where none is wanted.

    Raises HostRefused when a server that lists its models lists none, and what `ask` raises for the list.
    """
    listed = _entries(ask(MODELS, None))
    if listed == [] and not wanted:
        raise HostRefused(f"{server} has no model loaded. Load one there, or name one in FAMILIAR_MODEL.")
    entry = _chosen(listed or [], wanted)
    webui = loaded(ask)
    return Served(
        model=wanted or str(entry.get("id", "")),
        adapter="+".join(webui.adapters) if webui else "",
        context_length=_context(ask, entry),
    )


def offers(ask: Ask, model: str) -> bool:
    """Return whether a server answers with a model: the webui only with the one it has loaded, others with each they list.

    One that lists none may take any name. Raises what `ask` raises for the list.
    """
    webui = loaded(ask)
    if webui is not None:
        return webui.model == model
    listed = _entries(ask(MODELS, None))
    return not listed or any(entry.get("id") == model for entry in listed)


def loaded(ask: Ask) -> Loaded | None:
    """Return what a webui has loaded, None from a server that is none. Raises HostError where it does not answer."""
    info = _asked(ask, "/v1/internal/model/info")
    if not isinstance(info, dict) or not isinstance(info.get("model_name"), str):
        return None
    adapters = info.get("lora_names")
    name = "" if info["model_name"] == "None" else info["model_name"]
    return Loaded(name, tuple(map(str, adapters)) if isinstance(adapters, list) else (), str(info.get("loader") or ""))


def model_names(ask: Ask) -> list[str]:
    """Return the names of the models a server lists. Raises what `ask` raises for the list."""
    return usable_names([entry.get("id") for entry in _entries(ask(MODELS, None)) or []])


def usable_names(found: Any) -> list[str]:
    """Return what of a server's list can be the name of a model or an adapter: lines of text that can be shown, 1,000 at most."""
    texts = [each.strip() for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return list(dict.fromkeys(text for text in texts if 0 < len(text) <= LONGEST_NAME and text.isprintable()))[:MOST_NAMES]


def _asked(ask: Ask, path: str) -> Any:
    """Ask what not every server knows; a refusal says as much as no answer."""
    try:
        return ask(path, None)
    except HostRefused:
        return None


def _entries(answer: Any) -> list[dict[str, Any]] | None:
    data = answer.get("data") if isinstance(answer, dict) else None
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else None


def _chosen(listed: Sequence[dict[str, Any]], wanted: str) -> dict[str, Any]:
    named = [entry for entry in listed if entry.get("id") == wanted]
    return next(iter(named if wanted else listed), {})


def _context(ask: Ask, entry: dict[str, Any]) -> int:
    """Return the context: as listed, else as llama.cpp was started with, else as its model was trained with."""
    if listed := _size(entry, *NAMES_OF_CONTEXT):
        return listed
    props = _asked(ask, "/props")
    started = props.get("default_generation_settings") if isinstance(props, dict) else None
    return _size(started, "n_ctx") or _size(entry.get("meta"), "n_ctx", "n_ctx_train") or UNKNOWN_CONTEXT


def _size(part: Any, *names: str) -> int:
    """Return the first of the named values that is a size, 0 for none."""
    values = [part.get(name) for name in names] if isinstance(part, dict) else []
    return next((value for value in values if type(value) is int and value > 0), 0)
