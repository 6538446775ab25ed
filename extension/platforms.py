"""The settings of Discord and Matrix: who is answered there, how many at a time, and the accounts. A part of the settings."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from .rules import Rules
from .texts import languages


class Platforms(BaseModel):
    """Settings that concern chat platforms alone."""

    permissions: Rules = Field(Rules(), description="Who may do what on Discord and Matrix: a mapping, see [permissions](permissions.md).")
    direct_prefix: str = Field(
        "familiar-direct",
        max_length=100,
        description="Channels, and categories of channels, whose names begin so are answered in without mentions; empty for none.",
    )
    burst_pause: float = Field(
        1.5, ge=0, le=60, description="Seconds a person on Discord or Matrix is given to go on, before what they said is answered as one."
    )
    slots: int = Field(1, ge=1, le=64, description="Replies that are written at the same time; more than one where the model's host can.")
    queue_longest: int = Field(64, ge=1, le=10000, description="Messages that may wait for a reply in all.")
    queue_each: int = Field(8, ge=1, le=1000, description="Messages of one person that may wait for a reply.")
    most_parts: int = Field(6, ge=1, le=50, description="Messages that a long reply may be sent as; beyond that it comes as a file.")
    attachment_size: int = Field(10, ge=0, le=500, description="Largest attachment that is read, in MB; 0 reads none.")
    attachment_text: int = Field(20000, ge=0, le=1000000, description="Most characters of one message's attachments shown to the model.")
    language: str = Field(
        "en", max_length=20, description="What Familiar's own sentences on Discord and Matrix are in: `en`, `de` or `es`."
    )
    discord_token: SecretStr = Field(
        SecretStr(""), description="Token of the Discord bot. Only ever from the environment, or a file named there."
    )
    discord_guild: str = Field(
        "",
        pattern=r"\d{0,20}",
        description="Id of the one Discord server that gets the slash commands, at once; empty: all servers and private messages.",
    )
    matrix_homeserver: str = Field(
        "", max_length=500, description="Address of the Matrix homeserver, such as `https://matrix.org`. Empty: that of the account's name."
    )
    matrix_user: str = Field("", max_length=300, description="The companion's own account there, such as `@familiar:matrix.org`.")
    matrix_password: SecretStr = Field(
        SecretStr(""), description="Password of the Matrix account. Only ever from the environment, or a file named there."
    )
    matrix_token: SecretStr = Field(
        SecretStr(""),
        description="Token of a login with the Matrix account, instead of its password. Only from the environment, or a file named there.",
    )
    matrix_invites: str = Field(
        "",
        max_length=4000,
        description="Whose invitations into Matrix rooms are accepted: people and servers, separated by commas. Empty: everybody's who is "
        "above `ignored`; `none`: nobody's.",
    )
    bridges: str = Field(
        "", max_length=200, description="Platforms whose bridge a panel starts by itself, such as `discord matrix`; the panel's switches."
    )
    bridge_ends: bool = Field(False, description="Whether a bridge that a panel started ends with the panel's program.")
    bridge_python: str = Field(
        "", max_length=500, description="Python of Familiar's own environment, which a panel starts the bridge with, where it is not found."
    )
    bridge_port: int = Field(
        0, ge=0, le=65535, description="Port where the bridge says how it is (`/status`, `/health`, `/metrics`); 0 takes a free one."
    )
    bridge_listen: str = Field("127.0.0.1", max_length=300, description="Address where it does. Anything but loopback tells others, too.")
    catch_up_hours: float = Field(
        12.0, ge=0, le=8760, description="Hours back from which messages sent while no bridge ran are answered; 0 answers none."
    )
    catch_up_messages: int = Field(
        100, ge=1, le=1000, description="Most messages of one place that are looked at for what was sent while no bridge ran."
    )

    @field_validator("language")
    @classmethod
    def _spoken(cls, value: str) -> str:
        if value not in languages():
            raise ValueError(f"it is one of {', '.join(languages())}")
        return value
