"""How conversations become samples, and turns become tokens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .section import Section

TagPlacement = Literal["replace_role", "content_prefix", "tag_only"]


class Prompt(Section):
    """The system prompt."""

    template: str = "A group chat.\nParticipants: {name_mapping}"
    append_msg: str = ""
    """What the assistant answers to it, for models whose template knows no system message: that then is the first message of the user."""
    name_mapping: str | None = None
    """The participants as the template names them; None writes the names of those who are learned."""


class Format(Section):
    """Where the name of a speaker stands."""

    tag_placement: TagPlacement = "replace_role"
    author_tag: str = "{author}"
    """Of {author}, {lauthor} and {fname}."""
    tag_sep: str = "\n"
    postfix: str = "\n"
    custom_chat_template: str = ""
    """A Jinja template, or `chatml`: then its tokens are added to the model, and trained where they are new."""
    prompt: Prompt = Prompt()


class Dataset(Section):
    """How long samples are made of chats."""

    name: Literal["whole", "max_tokens", "ungrouped", "one_turn"] = "whole"
    hours_between_sessions: float | tuple[float, ...] = 4
    min_session_length: int = Field(default=3, ge=1)
    chunk_size: int = Field(default=8192, ge=16)
    """Tokens of the longest sample."""
    allow_truncation: bool = False
    eval_frac: float = Field(default=0.005, ge=0, lt=1)
