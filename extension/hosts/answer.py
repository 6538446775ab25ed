"""One answer of an OpenAI-compatible server as it arrives: text and reasoning out of JSON objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import HostGarbled, HostRefused
from .refusal import reason

THINK, THOUGHT = "<think>", "</think>"


class Answer:
    """Takes the objects of an answer in order and gives its pieces; reasoning comes first, between think tags."""

    def __init__(self, server: str, hidden: Sequence[str] = ()) -> None:
        self.complete = False
        """Whether the server said that the answer ends here."""
        self.model = ""
        """The model that the server says is answering."""
        self._server = server
        self._hidden = hidden
        self._thinking = False
        self._answered = False

    def pieces(self, part: dict[str, Any]) -> Iterator[str]:
        """Yield the text one object adds. Raises HostRefused for an error object, HostGarbled for a malformed one."""
        if part.get("error") or part.get("object") == "error":
            raise HostRefused(f"{self._server} broke the answer off: {reason(part, self._hidden)} Look into its log, or try again.")
        if isinstance(part.get("model"), str):
            self.model = part["model"]
        choice = self._first(part.get("choices") or [])
        self._answered = self._answered or bool(choice)
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise self._garbled()
        yield from self._thought(self._text(delta.get("reasoning_content") or delta.get("reasoning")))
        yield from self._said(self._text(delta.get("content") or delta.get("refusal")))
        self.complete = self.complete or bool(choice.get("finish_reason"))

    def end(self) -> Iterator[str]:
        """Close what is open. Raises HostGarbled when the server never said that the answer is complete."""
        if not self._answered:
            raise self._garbled()
        if not self.complete:
            raise HostGarbled(f"{self._server} ended its answer before it was complete. Look into its log, or try again.")
        if self._thinking:
            self._thinking = False
            yield THOUGHT

    def _thought(self, text: str) -> Iterator[str]:
        if text:
            yield text if self._thinking else THINK + text
            self._thinking = True

    def _said(self, text: str) -> Iterator[str]:
        if text:
            yield THOUGHT + text if self._thinking else text
            self._thinking = False

    def _first(self, choices: Any) -> dict[str, Any]:
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise self._garbled()
        return choices[0] if choices else {}

    def _text(self, content: Any) -> str:
        """Return the text of a content, which is a string or a list of parts of which some are text."""
        if content is None or isinstance(content, str):
            return content or ""
        if isinstance(content, list):
            parts = (part.get("text") for part in content if isinstance(part, dict))
            return "".join(part for part in parts if isinstance(part, str))
        raise self._garbled()

    def _garbled(self) -> HostGarbled:
        return HostGarbled(f"{self._server} sent a piece that is not of the OpenAI protocol. Check that FAMILIAR_HOST is a model's server.")
