"""Companions as files, in the format the webui keeps its characters in: a name, a context, a greeting, and what makes an expert."""

from .card import Card, Character, parsed
from .expert import BASE_PROMPTS, Expert, Preset, composed
from .folder import character, characters, keep, read, remove

__all__ = [
    "BASE_PROMPTS",
    "Card",
    "Character",
    "Expert",
    "Preset",
    "character",
    "characters",
    "composed",
    "keep",
    "parsed",
    "read",
    "remove",
]
