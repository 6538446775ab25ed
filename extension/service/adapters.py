"""The platforms there are: what each needs to be set up, whose account it is, and which adapter speaks to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BridgeError, MissingPackage, SettingsError
from ..messages import digest
from ..settings import PREFIX, Settings

if TYPE_CHECKING:
    from ..bridges.gateway import Gateway
    from ..bridges.room import Room


@dataclass(frozen=True, slots=True)
class Adapter:
    """A platform. Its gateway is a class that is named here and imported when it is first made."""

    name: str
    title: str
    """As people write it."""
    gateway: str
    """`package.module:Class`, from this package's parent."""
    needs: tuple[tuple[str, ...], ...]
    """Settings without which there is no account; of several beside each other one is enough."""
    account: Callable[[Settings], str]
    """Returns what tells its account from others, without a secret."""

    def missing(self, settings: Settings) -> list[str]:
        """Return the variables of the environment that are still to be set."""
        lacking = [names for names in self.needs if not any(_value(settings, name) for name in names)]
        return [" or ".join(f"{PREFIX}{name.upper()}" for name in names) for names in lacking]

    def is_set_up(self, settings: Settings) -> bool:
        """Return whether there is an account."""
        return not self.missing(settings)

    def key(self, settings: Settings) -> str:
        """Return the name of this account in files of ours."""
        return f"{self.name}-{digest(self.account(settings))[:12]}"

    def make(self, room: Room, settings: Settings) -> Gateway:
        """Return its gateway, not opened. Raises SettingsError for an account that is not set up, MissingPackage, BridgeError."""
        if lacking := self.missing(settings):
            raise SettingsError(f"{self.title} is not set up: set {' and '.join(lacking)} in the environment. See docs/bridges.md.")
        try:
            return self.kind()(room, settings)
        except ImportError as exc:
            raise MissingPackage(f"{self.title} needs packages that are not here ({exc.name}). Run `make setup`, then try again.") from exc

    def kind(self) -> Callable[[Room, Settings], Gateway]:
        """Return the class of its gateway, which is imported now. Raises ImportError."""
        module, _, name = self.gateway.partition(":")
        found: Callable[[Room, Settings], Gateway] = getattr(importlib.import_module(f"..{module}", __package__), name)
        return found


def _discord_account(settings: Settings) -> str:
    return settings.discord_token.get_secret_value().strip().removeprefix("Bot ").partition(".")[0]  # the id of the bot, in base64


def _matrix_account(settings: Settings) -> str:
    return settings.matrix_user.strip().lower()


PLATFORMS = {
    "discord": Adapter("discord", "Discord", "bridges.discord_bridge.gateway:Discord", (("discord_token",),), _discord_account),
    "matrix": Adapter(
        "matrix",
        "Matrix",
        "bridges.matrix_bridge.gateway:Matrix",
        (("matrix_user",), ("matrix_password", "matrix_token")),
        _matrix_account,
    ),
}


def chosen(names: list[str], settings: Settings) -> list[Adapter]:
    """Return the platforms of these names, or those that are set up where none is named. Raises BridgeError where that is none."""
    unknown = [name for name in names if name.lower() not in PLATFORMS]
    if unknown:
        raise BridgeError(f"There is no platform {unknown[0][:60]}. There are {' and '.join(PLATFORMS)}.")
    if names:
        return [PLATFORMS[name] for name in dict.fromkeys(name.lower() for name in names)]
    found = [adapter for adapter in PLATFORMS.values() if adapter.is_set_up(settings)]
    if not found:
        needed = "; ".join(f"{each.title}: {', '.join(each.missing(settings))}" for each in PLATFORMS.values())
        raise BridgeError(f"No platform is set up. Set in the environment, for {needed}. See docs/bridges.md.")
    return found


def _value(settings: Settings, name: str) -> str:
    found = getattr(settings, name)
    return str(found.get_secret_value() if hasattr(found, "get_secret_value") else found).strip()
