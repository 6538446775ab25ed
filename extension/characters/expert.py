"""An expert: what a companion's file says beside its words, and how its system prompt is made of its parts."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..messages import Attention, Generation, Scope

BASE_PROMPTS = {
    "creative": (
        "Be inventive. Offer ideas that are not the first ones to come to mind, use images and examples, and follow a thought where it "
        "leads. Say where fact ends and invention begins."
    ),
    "brief": (
        "Be brief. Answer in one to three sentences, the answer first and the reason after it. Leave out greetings, repetitions and "
        "lists unless they are asked for."
    ),
    "student": (
        "You are a curious student of this subject. Think aloud, say plainly what you are not sure of, and ask a question back when that "
        "would help to understand the matter. Take corrections gladly and go on from them."
    ),
    "teacher": (
        "You are a patient teacher of this subject. Find out what is known already, explain step by step from there with an example of "
        "everyday life, and name what is often misunderstood. End with a question that lets the other check what they understood."
    ),
}
"""Ways of speaking that a companion can be given by name."""
OPENING = "You are {{char}}."
"""What the system prompt of an expert begins with that has no words of its own."""


class Preset(BaseModel):
    """How a companion generates; what is not named is as the settings say. Keys that are not known are kept and not used."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)

    max_new_tokens: int | None = Field(default=None, ge=1, le=131072)
    temperature: float | None = Field(default=None, ge=0, le=5)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0, le=100000)
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    stop: list[str] = Field(default_factory=list, max_length=16)

    @field_validator("stop")
    @classmethod
    def _not_empty(cls, value: list[str]) -> list[str]:
        if not all(0 < len(text) <= 200 for text in value):
            raise ValueError("each text is 1 to 200 characters long")
        return value


class Expert(BaseModel):
    """The part of a companion's file that is ours: its `familiar:` mapping. Keys that are not known are kept and not used."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, protected_namespaces=())

    expertise: str = Field(default="", max_length=50_000)
    """What it knows, in words to the model."""
    base_prompt: str = Field(default="", max_length=50_000)
    """How it speaks: one of BASE_PROMPTS, or words of one's own."""
    shelf: str = Field(default="", max_length=200)
    """Whose documents it knows; empty for its own."""
    preset: Preset = Field(default_factory=Preset)
    model: str = Field(default="", max_length=500)
    """The model it wishes, empty for whichever there is."""
    adapter: str = Field(default="", max_length=500)
    scope: Scope | None = None
    """How far it remembers, None for what the person chose in the panel."""

    @field_validator("base_prompt")
    @classmethod
    def _known(cls, value: str) -> str:
        name = value.strip()
        if not name or name in BASE_PROMPTS or len(name.split()) > 1:
            return value
        close = difflib.get_close_matches(name.lower(), BASE_PROMPTS, n=1)
        meant = f" Did you mean `{close[0]}`?" if close else ""
        raise ValueError(f"it is one of {', '.join(BASE_PROMPTS)}, or a sentence of your own.{meant}")

    @property
    def manner(self) -> str:
        """The words of the base prompt."""
        name = self.base_prompt.strip()
        return BASE_PROMPTS.get(name, name)

    @property
    def unknown(self) -> list[str]:
        """The keys that are not known, as `familiar.key`."""
        own = [f"familiar.{key}" for key in self.model_extra or ()]
        return own + [f"familiar.preset.{key}" for key in self.preset.model_extra or ()]

    def plain(self) -> dict[str, Any]:
        """Return it as a mapping without what says nothing, unknown keys included."""
        found = self.model_dump(exclude_defaults=True)
        preset = self.preset.model_dump(exclude_defaults=True)
        return {**{key: value for key, value in found.items() if key != "preset"}, **({"preset": preset} if preset else {})}

    def generation(self, usual: Generation) -> Generation:
        """Return how this expert generates, where `usual` is how everybody else does."""
        preset = self.preset.model_dump(include=set(Preset.model_fields), exclude_none=True)
        stop = (*usual.stop, *preset.pop("stop", ()))
        return replace(usual, **preset, stop=stop)

    def attention(self, usual: Attention) -> Attention:
        """Return what this expert is shown, where `usual` is what everybody else is."""
        return replace(usual, scope=self.scope or usual.scope, shelf=self.shelf.strip() or usual.shelf)

    def without(self, *names: str) -> Expert:
        """Return it without what it says about some things: `scope`, `model`, `adapter`."""
        return self.model_copy(update={name: Expert.model_fields[name].default for name in names})


def composed(words: str, expert: Expert) -> str:
    """Return the system prompt: a companion's own words, then what it knows, then how it speaks. Empty where there is none of it."""
    parts = [text for text in (expert.expertise.strip(), expert.manner) if text]
    return "\n\n".join([words.strip() or OPENING, *parts]) if parts else words.strip()
