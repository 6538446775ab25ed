"""A double of Discord that discord.py talks to, and a bot on it."""

from __future__ import annotations

from collections.abc import Iterator

import discord
import pytest
import yarl

from .double import Double
from .stand import DiscordStand


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    """Discord, on a socket of this machine."""
    made = Double()
    made.open()
    here = f"127.0.0.1:{made.port}"
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://{here}/api/v10")
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://{here}/gw"))
    monkeypatch.setattr(discord.Client, "before_identify_hook", _at_once)
    yield made
    made.close()


async def _at_once(*_: object, **__: object) -> None:
    """Stand for the five seconds that discord.py waits before it begins a second session."""


@pytest.fixture
def stand(tmp_path, double: Double) -> Iterator[DiscordStand]:
    """A bot on it."""
    made = DiscordStand(tmp_path, double=double)
    yield made
    made.stop()
