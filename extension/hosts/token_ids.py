"""The ids of short texts by a server's own tokenizer, for servers that say them: the webui, llama.cpp, vLLM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Way = tuple[str, Callable[[str, str], dict[str, Any]]]
"""Where to ask, and what with."""
_WAYS: tuple[Way, ...] = (
    ("/v1/internal/encode", lambda text, model: {"text": text}),  # the webui
    ("/tokenize", lambda text, model: {"content": text}),  # llama.cpp
    ("/tokenize", lambda text, model: {"prompt": text, "add_special_tokens": False, **({"model": model} if model else {})}),  # vLLM, SGLang
)
_MOST = 4096
"""Texts whose ids are remembered."""


class TokenIds:
    """Asks a server once for each text. `ask` sends a question to a path, and raises HostError."""

    def __init__(self, ask: Callable[[str, Any], Any]) -> None:
        self.unknown = False
        """Whether the server was asked and says no ids."""
        self._ask = ask
        self._model = ""
        self._way: Way | None = None
        self._known: dict[str, list[int]] = {}

    def of(self, text: str, model: str) -> list[int]:
        """Return the ids of a text, without those a server puts before every text; none where it does not say. Raises HostError."""
        if model != self._model or len(self._known) >= _MOST:
            self._model, self._way, self._known, self.unknown = model, None, {}, False
        if self._way is None and not self.unknown:
            self._way = next((way for way in _WAYS if self._asked(way, "Hello")), None)
            self.unknown = self._way is None
        if self._way is None:
            return []
        if text not in self._known:
            before = self._known.setdefault("", self._asked(self._way, ""))
            self._known[text] = self._asked(self._way, text)[len(before) :]
        return self._known[text]

    def _asked(self, way: Way, text: str) -> list[int]:
        path, question = way
        answer = self._ask(path, question(text, self._model))
        found = answer.get("tokens") if isinstance(answer, dict) else None
        return found if isinstance(found, list) and all(type(each) is int for each in found) else []
