"""The bot over SimCord, somebody else's model of Discord: an independent judge of commands, buttons, threads and permissions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from time import monotonic

import discord
import pytest
import simcord

from extension.app import build
from extension.bridges.discord_bridge.gateway import Discord
from extension.bridges.heard import Post
from extension.bridges.lanes import Lanes
from extension.bridges.room import Room
from extension.commands.groups.every import COMMANDS
from extension.commands.running import Running
from extension.embedders import Hashing
from extension.errors import BridgeError
from extension.hosts.scripted import Scripted
from extension.settings import load
from tests.loops import run

from ..stand import LONG, Model

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, message_content=True, members=True)
MAY = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    add_reactions=True,
    attach_files=True,
    manage_webhooks=True,
)


class Scene:
    """A server with a channel, Ada who may speak, Olga who owns the bot, Eve whom nobody knows, and the bot."""

    def __init__(self, env, gateway, model) -> None:
        self.env, self.gateway, self.model = env, gateway, model
        self.guild = env.guild
        self.channel = self.guild.create_text_channel("hall")

    async def quiet(self) -> None:
        """Wait until the bot has done everything."""
        room, end = self.gateway.room, monotonic() + LONG
        while True:
            await self.env.settle()
            settled = await asyncio.to_thread(self.gateway.settle, 0.01)
            if settled and not (room.queue.running or room.queue.waiting or room._bursts._open):
                await self.env.settle()
                return
            assert monotonic() < end, "the bot is not done"

    def texts(self) -> list[str]:
        return [each.content for each in self.channel.history() if each.author.id == self.env.bot.user.id]


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Play a scene on SimCord, whose clock and webhooks are there in the context of its events: so that goes along to the lanes."""
    put = Lanes.put
    monkeypatch.setattr(Lanes, "put", lambda lanes, lane, call: put(lanes, lane, partial(copy_context().run, call)))

    def play(scene: Callable[[Scene], Awaitable[None]], level: str = "visible") -> None:
        run(_played(tmp_path, scene, level))

    return play


async def _played(folder, scene, level) -> None:
    client = discord.Client(intents=INTENTS, allowed_mentions=discord.AllowedMentions.none())
    async with simcord.run(client) as env:
        guild = env.create_guild()
        people = {name: guild.add_member(env.create_user(name)) for name in ("ada", "olga", "eve")}
        rules = {"levels": {f"discord:{people['ada'].id}": level, f"discord:{people['olga'].id}": "owner"}}
        model = Model()
        given = {"permissions": rules, "embedder": "hashing", "patience": 0, "burst_pause": 0.01, "max_new_tokens": 1000}
        app = build(load({}, data_dir=folder, **given), Scripted(model, context_length=16_000), Hashing())
        room = Room(app, Running(app, COMMANDS), "discord")
        gateway = Discord(room)
        tree = gateway.adopt(client)
        await tree.sync()
        made = Scene(env, gateway, model)
        made.ada, made.olga, made.eve = people.values()
        try:
            await scene(made)
            await made.quiet()
        finally:
            await asyncio.to_thread(gateway._lanes.close)
            await asyncio.to_thread(gateway._errands.close)
            room.close()
            app.close()


def test_a_mention_is_answered_and_the_buttons_below_the_answer_work(played):
    async def scene(it):
        await it.ada.send(it.channel, f"<@{it.env.bot.user.id}> hello")
        await it.quiet()
        assert it.texts() == ["answer 1"]
        await it.ada.click(it.channel.last_message, label="🔁")
        await it.quiet()
        assert it.texts() == ["answer 2"]
        await it.ada.react(it.channel.last_message, "⏪")
        await it.quiet()
        assert it.texts() == ["answer 1"]

    played(scene)


def test_slash_commands_answer_everybody_or_who_asked_and_a_stranger_nothing(played):
    async def scene(it):
        await it.ada.slash(it.channel, "ping")
        await it.quiet()
        assert len(it.texts()) == 1
        private = await it.ada.slash(it.channel, "privacy")
        await it.quiet()
        assert "are kept" in private.response.content and private.response.ephemeral
        denied = await it.eve.slash(it.channel, "status")
        await it.quiet()
        assert "not for you here" in denied.response.content and denied.response.ephemeral
        assert len(it.texts()) == 1

    played(scene)


def test_commands_are_completed_and_act_on_messages(played):
    async def scene(it):
        await it.ada.send(it.channel, f"<@{it.env.bot.user.id}> hello")
        await it.quiet()
        offered = await it.ada.autocomplete(it.channel, "set-config", "name", "temp")
        assert "temperature" in [each["value"] for each in offered]
        shown = await it.ada.context_menu(it.channel, "Edit reply", it.channel.last_message)
        await it.ada.submit_modal(shown, {"text": "another answer"})
        await it.quiet()
        assert it.texts() == ["another answer"]
        await it.ada.context_menu(it.channel, "Forget", it.channel.last_message)
        await it.quiet()
        assert it.gateway.room.app.memories.diary.browse() == []

    played(scene)


def test_a_thread_is_made_and_talked_in_without_mentions(played):
    async def scene(it):
        await it.ada.slash(it.channel, "thread", name="talk")
        await it.quiet()
        thread = it.channel.threads[0]
        await it.ada.send(thread, "hello")
        await it.quiet()
        assert thread.last_message.content == "answer 1"

    played(scene)


def test_a_missing_permission_is_named(played):
    async def scene(it):
        closed = it.guild.create_text_channel("closed", overwrites={it.env.bot.user: discord.PermissionOverwrite(send_messages=False)})
        handle = await asyncio.to_thread(it.gateway.handle, f"discord:{closed.id}")
        with pytest.raises(BridgeError, match='permission "Send Messages"'):
            await asyncio.to_thread(handle.post, Post("hello"))

    played(scene)


def test_more_than_two_thousand_characters_come_in_parts(played):
    async def scene(it):
        it.model.answers = ["x" * 2001]
        await it.ada.send_dm("hello")
        await it.quiet()
        parts = [each.content for each in it.ada.user.dm_channel.history() if each.author.id == it.env.bot.user.id]
        assert "".join(parts) == "x" * 2001 and max(map(len, parts)) <= 2000
        handle = await asyncio.to_thread(it.gateway.handle, f"discord:{it.channel.id}")
        with pytest.raises(BridgeError, match="code 50035"):
            await asyncio.to_thread(handle.post, Post("x" * 2001))

    played(scene)


def test_a_companion_of_its_own_name_speaks_through_a_webhook(played):
    async def scene(it):
        handle = await asyncio.to_thread(it.gateway.handle, f"discord:{it.channel.id}")
        message = await asyncio.to_thread(handle.post, Post("tweet", speaker="Robin"))
        await asyncio.to_thread(handle.edit, message, "chirp")
        assert (it.channel.last_message.author.name, it.channel.last_message.content) == ("Robin", "chirp")

    played(scene)
