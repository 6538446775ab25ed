"""Which command a plain sentence means: what its words allow, then what its meaning and its looks make of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import MissingModel, MissingPackage
from ...ports import Embedder
from .chatter import about, foreign
from .cues import cues
from .examples import CHAT
from .sentence import sentence
from .slots import Reading, Texts, reading, texts
from .weights import weights

_STANDING_FOR = {"titleword": "something", "quoteword": "something", "modelword": "llama", "linkword": "this link"}
_PLACEHOLDER = re.compile("|".join(_STANDING_FOR))
_FRACTION = re.compile(r"\b\d+\.\d+\b")
_WHOLE = re.compile(r"(?<![\d.])\d+(?![\d.]|th)")


@dataclass(frozen=True, slots=True)
class Meant:
    """A command that a sentence means."""

    name: str
    """Of the command."""
    texts: Mapping[str, str]
    """Of its arguments, numbers in digits."""
    confidence: float
    """How probable it is that this is meant, from 0 to 1."""


def understood(text: str, embedder: Embedder, *, models: Sequence[str] = (), names: Sequence[str] = ("familiar",)) -> Meant | None:
    """Return the command that a message means; None for chat, and for whatever is not surely a command.

    `models` are the names of the models there are, `names` those of the companion, by which it may be addressed in front. Nothing is
    understood with an embedding model that the weights were not fitted for, or that cannot be loaded.
    """
    given = sentence(text, names)
    if given is None or embedder.name != weights().embedder:
        return None
    read = reading(given, models)
    fitting = allowed(read)
    if not fitting:
        return None
    try:
        vector = embedder.embed([worded(read)])[0]
    except (MissingModel, MissingPackage):
        return None
    return _chosen(weights().probabilities(vector, cues(read, fitting)), fitting)


def allowed(read: Reading) -> dict[str, Texts]:
    """Return the commands that a sentence may mean, as far as its words and its build go, with the texts of their arguments."""
    return {} if foreign(read.plain) or about(read.plain) else texts(read)


def worded(read: Reading) -> str:
    """Return a sentence as it is embedded: what an argument says has no part in which command is meant."""
    plain = _PLACEHOLDER.sub(lambda found: _STANDING_FOR[found[0]], read.plain)
    return _WHOLE.sub("5", _FRACTION.sub("0.5", plain))


def _chosen(probable: Mapping[str, float], fitting: Mapping[str, Texts]) -> Meant | None:
    """Return the most probable command of those that fit, if it is probable enough and far enough before the next."""
    known = weights()
    first, *others = sorted(((probable[name], name) for name in (CHAT, *fitting)), reverse=True)
    confidence, name = first
    if name == CHAT or confidence < known.threshold or confidence - others[0][0] < known.margin:
        return None
    return Meant(name, fitting[name], confidence)
