"""Which words are learned from, and what is done to them before: sources, people, cleaning, privacy."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from .section import Section


class Sources(Section):
    """Where the words come from."""

    chats: tuple[str, ...] | Literal["all"] = "all"
    """Imported chats by id; all of them unless some are named."""
    diary: bool = True
    """What was said to the companion, and what it answered."""
    since: date | None = None
    until: date | None = None
    """An era: nothing from before and after these days (UTC, both included)."""


class People(Section):
    """Whose words are learned."""

    authors: tuple[str, ...] = ()
    """Only theirs, by id or name; empty means everybody who consented."""
    masked_authors: tuple[str, ...] = ()
    """Read as context, never learned."""
    excluded: tuple[str, ...] = ()
    """Left out altogether."""
    companions: tuple[str, ...] = ()
    """Only what these companions answered (of the diary); empty means all."""
    least_share: float = Field(default=0.005, ge=0, le=1)
    """The part of all messages below which somebody is left out, companions and who is named in `authors` excepted."""


class Cleaning(Section):
    """What is left out or joined, each counted in the report."""

    prefixes: tuple[str, ...] = ("!", "/")
    bots: bool = False
    attachment_links: bool = False
    """Keep the addresses of what was attached."""
    longest: int = Field(default=0, ge=0)
    """Characters above which a message is left out; 0 is any length."""
    most_lines: int = Field(default=0, ge=0)
    shortest: int = Field(default=1, ge=1)
    corrections: bool = False
    """Keep `*fix` messages that correct the one before, and lone dots."""
    spam: bool = False
    """Keep what repeats one character, or the same message over and over."""
    merge_minutes: float = Field(default=7, ge=0)
    """Messages of one author in a row become one when less time lies between them; 0 merges none."""
    least_messages: int = Field(default=0, ge=0)
    """Chats with fewer, after all else, are left out."""


class Privacy(Section):
    """What must not be learned by heart."""

    pseudonyms: bool = False
    """Fake names instead of people's own, in tags and wherever a message mentions them: the same ones at every refresh."""
    redact: tuple[Literal["email", "phone", "url", "bank", "address", "birthday"], ...] = ()
    phone_regions: tuple[str, ...] = ("US", "GB", "DE", "FR", "ES", "IT")
    """Where phone numbers without a country code may be from; those with one are found anyway."""


class Data(Section):
    """All of it."""

    sources: Sources = Sources()
    people: People = People()
    cleaning: Cleaning = Cleaning()
    privacy: Privacy = Privacy()
