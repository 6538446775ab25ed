"""A host without a model: it answers from a script, for tests and demonstrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from threading import Lock

from ..errors import HostRefused
from ..messages import Generation, Message
from .pieces import until
from .window import require_room

Script = Sequence[str] | Callable[[Sequence[Message]], str]
CHARACTERS_PER_TOKEN = 4


def shown(messages: Sequence[Message]) -> str:
    """Return the reply of a host without script: it says what it is, and quotes the last message of the prompt."""
    last = messages[-1].content if messages else ""
    return f"I am a script, not a model. The last of the {len(messages)} messages I was shown is:\n\n{last}"


class Scripted:
    """A host that replies with the next of some texts, or with what a function makes of the messages, word by word.

    A token is four characters, so counts and limits can be told by hand. Without a script it quotes the prompt.
    """

    def __init__(self, script: Script = shown, *, model: str = "scripted", adapter: str = "", context_length: int = 4096) -> None:
        self._script = script
        self._model = model
        self._adapter = adapter
        self._context_length = context_length
        self._replied = 0
        self._lock = Lock()

    @property
    def model(self) -> str:
        """The name this host was given."""
        return self._model

    @property
    def adapter(self) -> str:
        """The adapter this host was given, '' for none."""
        return self._adapter

    @property
    def context_length(self) -> int:
        """Tokens of prompt and reply together."""
        return self._context_length

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """Yield the reply word by word, cut at `max_new_tokens` and at the first stop string.

        Raises HostRefused when the prompt does not fit or the script has no reply left.
        """
        prompt = sum(self.count(message.content) for message in messages)
        require_room(prompt, options.max_new_tokens, self._context_length, self._model)
        reply = self._reply(messages)[: CHARACTERS_PER_TOKEN * options.max_new_tokens]
        yield from until(_words(reply), options.stop)

    def count(self, text: str) -> int:
        """Return a token for each four characters, rounded up."""
        return -(-len(text) // CHARACTERS_PER_TOKEN)

    def _reply(self, messages: Sequence[Message]) -> str:
        if callable(self._script):
            return self._script(messages)
        with self._lock:
            number, self._replied = self._replied, self._replied + 1
        if number >= len(self._script):
            raise HostRefused(f"The script has {len(self._script)} replies and all were given. Write more of them.")
        return self._script[number]


def _words(text: str) -> Generator[str, None, None]:
    """Yield the words with the white space around them; joined, they are the text."""
    yield from re.findall(r"\s*\S+\s*|\s+", text)
