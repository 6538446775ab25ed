"""The webui's own model as a Host, in process; and the facts about it that every turn records."""

from __future__ import annotations

import copy
import logging
from collections.abc import Generator, Iterator, Sequence
from threading import Event
from typing import Any

from ..errors import HostError, HostRefused
from ..hosts.pieces import until
from ..hosts.window import estimate, require_room
from ..messages import Generation, Message
from ..prompt import valid
from .rack import WebuiRack
from .samplers import sampling, untaken

log = logging.getLogger(__name__)


class Webui(WebuiRack):
    """Generates through the webui's text_generation, whatever loader it uses.

    Never call `generate` from a hook that runs under the webui's generation lock: it would wait for itself.
    """

    @property
    def model(self) -> str:
        """Name of the loaded model, '' for none."""
        from modules import shared

        return "" if shared.model_name in (None, "None") else str(shared.model_name)

    @property
    def adapter(self) -> str:
        """Names of the active LoRA adapters, joined by commas."""
        from modules import shared

        return ",".join(str(name) for name in getattr(shared, "lora_names", ()) or ())

    @property
    def context_length(self) -> int:
        """The webui's truncation length, in tokens."""
        from modules import shared

        return int(shared.settings.get("truncation_length") or 8192)

    def count(self, text: str) -> int:
        """Return the tokens of a text by the loaded tokenizer; an estimate while no model is loaded.

        Raises HostError when the tokenizer fails.
        """
        if not text:
            return 0
        from modules import shared
        from modules.text_generation import get_encoded_length

        if shared.tokenizer is None:
            return estimate(text)
        try:
            return int(get_encoded_length(valid(text)))
        except Exception as exc:
            raise HostError(f"The loaded tokenizer failed ({type(exc).__name__}). Reload the model in the Model tab.") from exc

    def untaken(self, options: Generation) -> list[str]:
        """Return the names of what was chosen for a generation and does nothing with the loader there is."""
        return untaken(options)

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """Yield the reply in pieces. Raises HostError; closing the iterator stops the generation."""
        return until(self._generate(messages, options), options.stop)

    def _generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        from modules.chat import get_stopping_strings
        from modules.text_generation import generate_reply

        if not self.model:
            raise HostRefused("No model is loaded in the webui. Load one in the Model tab.")
        messages = [Message(message.role, valid(message.content)) for message in messages]
        state = _state(messages, options)
        stop = Event()
        generator: Any = None
        try:
            prompt = self._prompt(messages, state, options)
            state["stop_event"] = stop
            generator = generate_reply(prompt, state, stopping_strings=[*get_stopping_strings(state), *options.stop], is_chat=True)
            yield from _pieces(generator)
        except HostError:
            raise
        except Exception as exc:
            log.exception("The webui failed to generate")
            raise HostError(f"The webui failed to generate ({type(exc).__name__}). Its own log has the details.") from exc
        finally:
            stop.set()
            if generator is not None:
                generator.close()

    def _prompt(self, messages: Sequence[Message], state: dict[str, Any], options: Generation) -> str:
        """Return the webui's own prompt; it would cut a question that is too long, so that is refused first."""
        from modules.chat import generate_chat_prompt

        question = messages[-1].content
        require_room(self.count(question), options.max_new_tokens, self.context_length, self.model)
        return str(generate_chat_prompt(question, state, history=state["history"]))


def _pieces(generator: Iterator[str]) -> Iterator[str]:
    """Turn the webui's growing text into pieces."""
    known = ""
    for text in generator:
        if text.startswith(known) and len(text) > len(known):
            yield text[len(known) :]
            known = text


def _state(messages: Sequence[Message], options: Generation) -> dict[str, Any]:
    """Return the smallest state the webui generates from: its settings, this prompt, and nothing of any open chat."""
    from modules import shared

    system = "\n\n".join(message.content for message in messages if message.role == "system")
    return {
        **copy.deepcopy(shared.settings),
        **sampling(options, shared.settings),
        "mode": "instruct",
        "custom_system_message": system,
        "history": {"internal": _rows(messages[:-1]), "visible": [], "metadata": {}},
        "max_new_tokens": options.max_new_tokens,
        "auto_max_new_tokens": False,
        "add_bos_token": False,
        "stream": True,
        "start_with": "",
        "tools": None,
        "truncation_length": Webui().context_length,
    }


def _rows(messages: Sequence[Message]) -> list[list[str]]:
    rows: list[list[str]] = []
    for message in messages:
        if message.role == "user":
            rows.append([message.content, ""])
        elif message.role == "assistant":
            if not rows or rows[-1][1]:
                rows.append(["", ""])
            rows[-1][1] = message.content
    return rows
