"""How conversations become samples, and turns become tokens."""

from __future__ import annotations

from string import Formatter
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from .section import Section

TagPlacement = Literal["replace_role", "content_prefix", "tag_only"]
CHATML = "chatml"
AUTHOR_FIELDS = ("author", "lauthor", "fname")
PROMPT_FIELDS = ("name_mapping", "append_msg")


def _only(text: str, fields: tuple[str, ...]) -> str:
    """Return the text where its braces name nothing but these fields. Raises ValueError."""
    allowed = ", ".join(f"{{{field}}}" for field in fields)
    try:
        found = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError as exc:
        raise ValueError(f"a brace stands alone: write {{{{ and }}}} for braces, and {allowed} for what is filled in") from exc
    if wrong := [name for name, spec, conversion in found if name not in fields or spec or conversion]:
        raise ValueError(f"{{{wrong[0]}}} is not filled in here: take {allowed}, and write {{{{ and }}}} for braces")
    return text


class Prompt(Section):
    """The system prompt."""

    template: str = "A group chat.\nParticipants: {name_mapping}"
    """Empty is none. Of {name_mapping} and {append_msg}. Not used with `tag_only`."""
    append_msg: str = ""
    """What the assistant answers to it, for models whose template knows no system message: that then is the first message of the user."""
    name_mapping: str | None = None
    """The participants as the template names them; None writes the names of those who are learned."""

    _fields = field_validator("template")(lambda text: _only(text, PROMPT_FIELDS))


class Format(Section):
    """Where the name of a speaker stands."""

    tag_placement: TagPlacement = "replace_role"
    author_tag: str = "{author}"
    """Of {author}, {lauthor} and {fname}. Empty, with `content_prefix` alone: no names, only the roles of assistant
    (the learned) and user (the others)."""
    tag_sep: str = "\n"
    """Between the tag and what is said; not used with `replace_role`, whose template has a separator of its own."""
    postfix: str = "\n"
    """What ends a turn with `tag_only`; not used with the others, whose template ends turns."""
    learn_tags: bool = True
    """Whether the loss is taken on the tags of learned turns, too: so the model learns who speaks next."""
    custom_chat_template: str = ""
    """A Jinja template, or `chatml`: then its tokens are added to the model, and trained where they are new."""
    prompt: Prompt = Prompt()

    _fields = field_validator("author_tag")(lambda text: _only(text, AUTHOR_FIELDS))

    @model_validator(mode="after")
    def _turns_end(self) -> Self:
        if self.tag_placement == "tag_only" and not self.postfix:
            raise ValueError("with tag_only nothing but the postfix ends a turn: give one, a line break for instance")
        if self.tag_placement != "content_prefix" and not self.author_tag.strip():
            raise ValueError(f"with {self.tag_placement} the author_tag says who speaks: give one, {{author}} for instance")
        return self


class Dataset(Section):
    """How long samples are made of chats."""

    name: Literal["whole", "max_tokens", "ungrouped", "one_turn"] = "whole"
    hours_between_sessions: float | tuple[float, ...] = 4
    """Hours of silence after which a new session begins. With several the whole data is cut once for each."""
    min_session_length: int = Field(default=3, ge=1)
    """Turns below which a session is joined to the neighbour that is nearer in time."""
    chunk_size: int = Field(default=8192, ge=16)
    """Tokens of the longest sample."""
    allow_truncation: bool = False
    """Whether a single turn longer than that is cut off; else it becomes several turns."""
    eval_frac: float = Field(default=0.005, ge=0, lt=1)
    """The part of the conversations, the latest ones, that is kept to measure by."""

    @field_validator("hours_between_sessions")
    @classmethod
    def _positive(cls, value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        hours = value if isinstance(value, tuple) else (value,)
        if not hours or any(not 0 < hour < float("inf") for hour in hours):
            raise ValueError("give hours above 0, one or several")
        return value
