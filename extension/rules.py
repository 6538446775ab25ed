"""The rules of who may do what, as the settings say them; what is changed while running is kept in the diary's database."""

from __future__ import annotations

from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

LevelName = Literal["ignored", "visible", "mod", "admin", "owner"]


class Listed(BaseModel):
    """Servers, channels and people, by their ids."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    servers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()


class Rules(BaseModel):
    """Who may do what: a mapping in `settings.yaml`, or the same in one line in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    default: LevelName = "ignored"
    """Of people who are named nowhere."""
    levels: dict[str, LevelName] = Field(default_factory=dict)
    """Of people, by id: `discord:620968062044209172: owner`."""
    roles: dict[str, dict[str, LevelName]] = Field(default_factory=dict)
    """Of the roles on trusted servers, by the ids of both; `everyone` is whoever is on the server."""
    allow: Listed = Listed()
    """Where it listens and to whom, if anything is named; it keeps silent everywhere else."""
    deny: Listed = Listed()
    """Where it never listens, and to whom."""
    cooldown: float = Field(default=0.0, ge=0, le=86400)
    """Seconds between two answers or commands of one person that keep the machine busy."""
    hourly: int = Field(default=0, ge=0, le=100_000)
    """How many of these a person may have in an hour; 0 for no limit."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return yaml.safe_load(value) or {}
            except yaml.YAMLError:
                raise ValueError("it should be a mapping like {default: visible, levels: {'discord:123': owner}}") from None
        return value
