"""Layers: what was chosen for everywhere, a server, a channel, a thread and a person, and what of it holds at one spot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from ..errors import CommandRefused
from ..messages import Attention, Generation
from .catalogue import BY_NAME, DECODED, DECODED_NAMES, OPTIONS, find
from .decoding import MODE, Decoding, named
from .length import Length, length_of, limited, sentence
from .option import LAYERS, Group, Layer, Option

_OF_GENERATION = ("max_new_tokens", "temperature", "top_p", "top_k", "seed")
"""Parameters that `Generation` has fields of their own for."""
_WHERE = {
    "global": "for everywhere",
    "server": "for this server",
    "channel": "for this channel",
    "thread": "for this thread",
    "person": "for you alone",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is said, and by whom, as ids. Any may be ''."""

    server: str = ""
    channel: str = ""
    thread: str = ""
    person: str = ""

    def holder(self, layer: Layer) -> str:
        """Return the id that choices of a layer are kept under. Raises CommandRefused where this spot has none in that layer."""
        if layer == "global":
            return ""
        found = str(getattr(self, layer))
        if not found:
            raise CommandRefused(f"There is no {layer} here, so nothing can be chosen for one.")
        return found

    @property
    def layers(self) -> tuple[tuple[Layer, str], ...]:
        """The layers there are here with their ids, the most general first."""
        found: list[tuple[Layer, str]] = [(layer, "" if layer == "global" else getattr(self, layer)) for layer in LAYERS]
        return tuple((layer, holder) for layer, holder in found if holder or layer == "global")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen in one layer."""

    option: Option
    value: Any
    layer: Layer
    holder: str
    by: str
    """Id of the person who chose it."""
    when: datetime


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value of an option at a spot, and where it comes from."""

    option: Option
    value: Any
    choice: Choice | None = None
    """What decided; None where nothing was chosen. Where it is that of a decoding mode, the value is what the mode makes of it."""
    given: bool = True
    """False for the default, and for what a decoding mode leaves to the model."""

    @property
    def layer(self) -> Layer | Literal[""]:
        """The layer that decided; '' where nothing was chosen."""
        return self.choice.layer if self.choice else ""

    @property
    def shown(self) -> str:
        """The value as it is written."""
        if self.given or self.value is not None:
            return self.option.shown(self.value)
        return "as the model's host has it"

    @property
    def why(self) -> str:
        """Why it has this value, in a line."""
        if self.choice is None:
            return "nothing was chosen"
        made = f"chosen {_WHERE[self.choice.layer]} by {self.choice.by or 'nobody known'} on {self.choice.when:%Y-%m-%d %H:%M} UTC"
        if self.choice.option is self.option:
            return made
        names = "names it" if self.given else "leaves it to the model"
        return f"the decoding mode {self.choice.value} {names}, {made}"


class Choices:
    """Everything that holds at one spot, as it was when it was looked up."""

    def __init__(self, spot: Spot, choices: Iterable[Choice]) -> None:
        self.spot = spot
        self._found: dict[str, Chosen] = {}
        rows = {(choice.layer, choice.option.name): choice for choice in choices if choice.layer in choice.option.layers}
        for layer, _ in spot.layers:
            self._apply({name: choice for (of, name), choice in rows.items() if of == layer})

    def __getitem__(self, name: str) -> Any:
        """Return the value of an option, its default where nothing was chosen. Raises CommandRefused for an unknown one."""
        return self.value(name).value

    def value(self, name: str) -> Chosen:
        """Return the value of an option, and why it is that. Raises CommandRefused for an unknown one."""
        option = BY_NAME.get(name) or find(name)
        return self._found.get(option.name, Chosen(option, option.default, given=False))

    def everything(self, group: Group | Literal[""] = "") -> list[Chosen]:
        """Return every option of a group, or of all, in the catalogue's order."""
        return [self.value(option.name) for option in OPTIONS if not group or option.group == group]

    def different(self, group: Group | Literal[""] = "") -> list[Chosen]:
        """Return what was chosen, of a group or of all."""
        return [chosen for chosen in self.everything(group) if chosen.given]

    @property
    def decoding(self) -> Decoding:
        """How tokens are chosen: the decoding mode in effect, and what was chosen one by one after it."""
        own = [self.value(option.name) for option in DECODED]
        beside = tuple((each.option, each.value) for each in own if each.given and each.choice and each.choice.option is each.option)
        return Decoding(str(self[MODE.name] or ""), beside)

    def generation(self, usual: Generation) -> Generation:
        """Return how to generate here, where `usual` is how it is done where nothing was chosen."""
        if self.value(MODE.name).given:
            kept = tuple((name, value) for name, value in usual.further if name not in DECODED_NAMES)
            usual = replace(usual, temperature=None, top_p=None, top_k=None, further=kept, whole=True)
        chosen = {each.option.name: each.value for each in self.different() if each.option.group not in ("words", "conversation")}
        chosen.pop(MODE.name, None)
        fields = {name: chosen.pop(name) for name in _OF_GENERATION if name in chosen}
        off = {name: None for name, value in fields.items() if value is None}
        return replace(
            usual,
            **fields,
            stop=(*usual.stop, *self["stop-words"]),
            further=tuple({**dict(usual.further), **off, **chosen}.items()),
            banned=(*usual.banned, *self["banned-words"]),
            weighted=(*usual.weighted, *self["word-weights"]),
        )

    def answering(self, usual: Generation, said: str) -> Generation:
        """Return how to generate the answer to something: as `generation`, and as long as answers are to be."""
        made = self.generation(usual)
        return limited(made, self.length(said), self.value("max_new_tokens").given)

    def attention(self, usual: Attention) -> Attention:
        """Return what the model is shown here, where `usual` is what it is shown where nothing was chosen."""
        return replace(usual, messages=self["input-buffer-size"] or 0)

    def length(self, said: str) -> Length:
        """Return how long the answer to something is to be."""
        chosen = self["answer-length"]
        return length_of(said) if chosen == "auto" else chosen or ""

    def context(self, usual: str, said: str) -> str:
        """Return the system prompt: the one that was chosen, else the usual one, and a sentence on the length of the answer."""
        prompt = usual if self["prompt"] is None else self["prompt"]
        return "\n\n".join(filter(None, (prompt, sentence(self.length(said)))))

    def _apply(self, chosen: Mapping[str, Choice]) -> None:
        """Lay the choices of the next layer over those before: a decoding mode over all of decoding, and over it what stands beside it."""
        if (mode := chosen.get(MODE.name)) is not None:
            values = named(mode.value)
            for option in DECODED:
                self._found[option.name] = Chosen(option, values.get(option.name), mode, given=option.name in values)
        self._found |= {name: Chosen(choice.option, choice.value, choice) for name, choice in chosen.items()}
