"""A companion's card: all that its file holds, read with care and written again without losing what others keep in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..errors import SettingsError
from ..messages import SCOPES
from . import plain_yaml
from .expert import Expert, composed

LARGEST = 256 * 1024
"""Bytes of a file."""
OURS = "familiar"
DEFAULT_CONTEXT = (
    "You are {name}, a warm and attentive companion. You answer in a few plain sentences. "
    "When excerpts from earlier conversations are shown to you, use what you know from them."
)
_WORDS = ("name", "greeting", "context")
_ADVICE = "It should hold the texts `name`, `context` and `greeting`, and what is Familiar's own under `familiar:`."


@dataclass(frozen=True, slots=True)
class Character:
    """Who answers: the system prompt, the first words of a new chat, and what makes an expert of it."""

    name: str
    context: str
    greeting: str = ""
    expert: Expert = field(default_factory=Expert)


@dataclass(frozen=True, slots=True)
class Card:
    """The file of a companion, in its parts."""

    name: str
    """The name that `{{char}}` stands for in the webui."""
    context: str = ""
    """Its own words, without expertise and base prompt."""
    greeting: str = ""
    expert: Expert = field(default_factory=Expert)
    others: Mapping[str, Any] = field(default_factory=dict)
    """Keys that are not ours, as they were found."""
    warnings: tuple[str, ...] = ()
    """What was found in the file and is not used, in sentences."""

    @property
    def prompt(self) -> str:
        """The system prompt with the webui's placeholders in it; empty where the file says nothing."""
        return composed(self.context, self.expert)

    def character(self, name: str) -> Character:
        """Return who answers under a name, which stands in the place of the webui's placeholders."""
        context = self.prompt or DEFAULT_CONTEXT.format(name=name)
        return Character(name, _named(context, name), _named(self.greeting, name), self.expert)

    def written(self, *, whole: bool = False) -> str:
        """Return the text of its file; with `whole`, as the webui needs it: the whole system prompt where it looks for one.

        The words of its own then stand beside the other parts, so that reading it gives the same card again.
        """
        ours = self.expert.plain()
        if whole and ours:
            ours = {"context": self.context.strip(), **ours}
        words = {"name": self.name, "greeting": self.greeting, "context": self.prompt if whole else self.context}
        found = {**{key: text for key, text in words.items() if text}, **self.others}
        return plain_yaml.dumped({**found, OURS: ours} if ours else found)


def parsed(text: str, source: object) -> Card:
    """Return the card that a text is; `source` is where it comes from. Raises SettingsError for what is none."""
    where = f"The companion in {source}"
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise SettingsError(f"{where} is larger than {LARGEST // 1024} kB. Put long texts on its shelf: `familiar read`.")
    try:
        found = plain_yaml.loaded(text)
    except ValueError as exc:
        raise SettingsError(f"{where} cannot be read ({exc}). {_ADVICE}") from None
    return card_of(found, where)


def card_of(found: Any, where: str) -> Card:
    """Return the card that a mapping is; `where` begins the sentence of an error. Raises SettingsError."""
    if not isinstance(found, dict) or not all(isinstance(found.get(key, ""), str) for key in _WORDS):
        raise SettingsError(f"{where} should hold the texts `name`, `context` and `greeting`.")
    ours = found.get(OURS)
    if not isinstance(ours, dict | None):
        raise SettingsError(f"{where} is not usable: `{OURS}` should be a mapping, with lines like `  expertise: …` below it.")
    ours = {str(key): value for key, value in (ours or {}).items()}
    words = ours.pop("context", None)
    if not isinstance(words, str | None):
        raise SettingsError(f"{where} is not usable: `{OURS}.context`: it should be a text. Mend the line, or remove it.")
    expert = expert_of(ours, where)
    name, greeting, context = (_sound(found.get(key, "")) for key in _WORDS)
    warnings = [f"{where} holds `{key}`, which Familiar does not know; it is kept and not used." for key in map(_shown, expert.unknown)]
    if isinstance(words, str):  # written for the webui, with the whole system prompt in it
        if context.strip() == composed(words, expert):
            context = _sound(words)
        else:
            warnings.append(f"{where} was changed by hand: its `context` counts, its expertise and base prompt no longer do.")
            expert = expert.without("expertise", "base_prompt")
    others = {key: value for key, value in found.items() if key not in (*_WORDS, OURS)}
    return Card(name, context, greeting, expert, others, tuple(warnings))


def expert_of(values: Mapping[str, Any], where: str) -> Expert:
    """Return the expert of a `familiar:` mapping; `where` begins the sentence of an error. Raises SettingsError."""
    try:
        return Expert.model_validate(dict(values))
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        name = ".".join(_shown(str(part)) for part in (OURS, *error["loc"]))
        reason = f"it is one of {', '.join(SCOPES)}." if error["loc"][:1] == ("scope",) else _lowered(error["msg"])
        raise SettingsError(f"{where} is not usable: `{name}`: {reason} Mend the line, or remove it.") from None


def _lowered(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:] + ("" if message.endswith((".", "?")) else ".")


def _shown(key: str) -> str:
    """Return a key for a sentence: printable and short."""
    return "".join(letter if letter.isprintable() else "?" for letter in key[:80])


def _sound(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _named(text: str, name: str) -> str:
    for placeholder in ("{{char}}", "<BOT>", "<bot>"):
        text = text.replace(placeholder, name)
    for placeholder in ("{{user}}", "<USER>", "<user>"):
        text = text.replace(placeholder, "the person you talk to")
    return text.strip()
