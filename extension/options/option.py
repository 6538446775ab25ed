"""An option: a value a person may choose, with its kind, where it may be chosen, and how it is written and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from ..errors import CommandRefused
from .kinds import Either, Kind, Many, Number, Switch, Whole
from .texts import Escaped, Pair, Weighted

Layer = Literal["global", "server", "channel", "thread", "person"]
LAYERS: tuple[Layer, ...] = ("global", "server", "channel", "thread", "person")
"""From the most general to the most special: what is chosen in a later one goes before what is chosen in an earlier one."""

Group = Literal["length", "sampling", "search", "repetition", "other", "words", "conversation"]
DECODING: frozenset[Group] = frozenset({"sampling", "search", "repetition"})
"""The groups whose values belong together: a decoding preset stands for all of them."""
GENERATION: frozenset[Group] = DECODING | {"length", "other"}
"""The groups a saved preset holds."""

Taker = Literal["embedded", "webui", "http"]
"""Who generates: transformers in this process, the webui, a server that is asked over HTTP."""
ALL_TAKERS: frozenset[Taker] = frozenset({"embedded", "webui", "http"})

UNSET: Final = object()
"""What the word `default` means: nothing chosen here, so that the next layer or the default holds."""
LONGEST_VALUE = 64 << 10
"""Characters of a value as it is kept."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a person may choose. Its default is None where the model's host decides."""

    name: str
    kind: Kind
    help: str
    group: Group
    default: Any = None
    layers: tuple[Layer, ...] = LAYERS
    """Where it may be chosen."""
    aliases: tuple[str, ...] = ()
    hosts: frozenset[Taker] = ALL_TAKERS
    """Which hosts do something with it."""
    optional: bool = False
    """Whether `none` may be chosen: without it, whatever the model's own settings or a more general layer say."""

    @property
    def takes(self) -> str:
        """What it takes, to be read after "takes"."""
        return f"{self.kind.takes}{'; or none' if self.optional else ''}; or default"

    def read(self, text: str) -> Any:
        """Return the value a text stands for; UNSET for the word `default`. Raises CommandRefused that names the option."""
        word = text.strip().lower()
        if word == "default":
            return UNSET
        if word == "none" and self.optional:
            return None
        try:
            return self.kind.read(text)
        except CommandRefused as exc:
            raise CommandRefused(f"{self.name}: {exc}") from None

    def checked(self, raw: Any) -> Any:
        """Return a value that comes from JSON or from code, as the kind has it. Raises CommandRefused that names the option."""
        if raw is None and self.optional:
            return None
        try:
            return _checked(self.kind, raw)
        except CommandRefused as exc:
            raise CommandRefused(f"{self.name}: {exc}") from None

    def shown(self, value: Any) -> str:
        """Return a value as it is written."""
        return "none" if value is None else _written(self.kind, value)


def _checked(kind: Kind, raw: Any) -> Any:
    if isinstance(kind, Many):
        if not isinstance(raw, (list, tuple)) or len(raw) > kind.most:
            raise CommandRefused(f"it takes {kind.takes}.")
        return tuple(_checked(kind.of, each) for each in raw)
    if isinstance(kind, Either):
        try:
            return _checked(kind.first, raw)
        except CommandRefused:
            return _checked(kind.second, raw)
    if isinstance(kind, (Escaped, Weighted, Pair)):
        return kind.kept(raw)
    if not _fits(kind, raw):
        raise CommandRefused(f"it takes {kind.takes}.")
    return kind.read(_text(raw))


def _fits(kind: Kind, raw: Any) -> bool:
    """Whether a value has the type a kind's values have; a number in quotes is none."""
    if isinstance(raw, bool) or isinstance(kind, Switch):
        return isinstance(raw, bool) and isinstance(kind, Switch)
    if isinstance(kind, Whole):
        return isinstance(raw, int)
    return isinstance(raw, (int, float)) if isinstance(kind, Number) else isinstance(raw, str)


def _written(kind: Kind, value: Any) -> str:
    if isinstance(kind, Many):
        return ", ".join(_written(kind.of, each) for each in value)
    if isinstance(kind, (Escaped, Weighted, Pair)):
        return kind.written(value)
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
