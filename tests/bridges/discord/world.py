"""What there is on the double of Discord: people, a server, its channels and threads, messages; and how Discord writes them down."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = 1_420_070_400_000
TEXT, DM, CATEGORY, THREAD, FORUM = 0, 1, 4, 11, 15
DEFAULT, REPLY = 0, 19
EPHEMERAL = 64
BITS = {
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MANAGE_WEBHOOKS": 1 << 29,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}
MAY = sum(BITS.values()) & ~BITS["MANAGE_MESSAGES"]
"""What docs/discord.md says that the bot needs."""


@dataclass
class User:
    id: int
    name: str
    bot: bool = False
    roles: tuple[int, ...] = ()
    nick: str | None = None

    def payload(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }

    def member(self, *, inside: bool = True) -> dict[str, Any]:
        made = {"nick": self.nick, "roles": [str(each) for each in self.roles], "joined_at": iso(datetime.now(UTC)), "deaf": False}
        made |= {"mute": False, "flags": 0, "avatar": None}
        return {**made, "user": self.payload()} if inside else made


@dataclass
class Channel:
    id: int
    kind: int
    name: str = ""
    guild: int = 0
    parent: int = 0
    owner: int = 0
    people: tuple[int, ...] = ()
    denied: int = 0
    """Permissions that the bot does not have here."""
    last: int = 0

    def payload(self, world: World) -> dict[str, Any]:
        made: dict[str, Any] = {"id": str(self.id), "type": self.kind, "last_message_id": str(self.last) if self.last else None, "flags": 0}
        if self.kind == DM:
            return {**made, "recipients": [world.users[each].payload() for each in self.people]}
        made |= {"guild_id": str(self.guild), "name": self.name, "parent_id": str(self.parent) if self.parent else None}
        if self.kind == THREAD:
            meta = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": iso(datetime.now(UTC)), "locked": False}
            counts = {"message_count": 0, "member_count": 1, "total_message_sent": 0, "rate_limit_per_user": 0}
            return {**made, **counts, "owner_id": str(self.owner), "thread_metadata": meta}
        denies = [{"id": str(world.bot_role), "type": 0, "allow": "0", "deny": str(self.denied)}] if self.denied else []
        made |= {"position": 0, "permission_overwrites": denies, "topic": None, "nsfw": False, "rate_limit_per_user": 0}
        return {**made, "available_tags": []} if self.kind == FORUM else made


@dataclass
class Message:
    id: int
    channel: int
    author: int
    content: str
    when: datetime
    kind: int = DEFAULT
    reply_to: int = 0
    attachments: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    pings: frozenset[str] = frozenset()
    """Who was called by it when it was sent."""
    flags: int = 0
    edited: datetime | None = None
    edits: int = 0
    webhook: int = 0
    username: str = ""
    is_bot: bool = False
    nonce: str = ""
    reactions: list[tuple[str, int]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    """What else its payload says."""

    @property
    def private(self) -> bool:
        return bool(self.flags & EPHEMERAL)


@dataclass
class World:
    """Everything on the double. Whoever changes it from outside holds the double's lock."""

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    users: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    webhooks: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    """Channel, token and name of webhooks."""
    nonces: dict[tuple[int, str], int] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)
    _last: int = 0

    def __post_init__(self) -> None:
        self.application, self.guild, self.bot_role = self.number(), self.number(), self.number()
        self.bot = self.user("Familiar", bot=True, roles=(self.bot_role,))
        self.user("Zoe")  # so that nobody is alone with it

    def number(self) -> int:
        """Return the next snowflake: of now, rounded up, so that nothing seems older than it is."""
        now = (int(self.clock().timestamp() * 1000) + 1 - EPOCH) << 22
        self._last = max(now, self._last + 1)
        return self._last

    def user(self, name: str, *, bot: bool = False, roles: tuple[int, ...] = ()) -> User:
        made = User(self.number(), name, bot, roles)
        self.users[made.id] = made
        return made

    def add(self, message: Message) -> Message:
        self.messages[message.id] = message
        self.channels[message.channel].last = message.id
        return message

    def in_channel(self, channel: int) -> list[Message]:
        return [each for each in self.messages.values() if each.channel == channel and not each.private]

    def guild_payload(self) -> dict[str, Any]:
        here = [each for each in self.channels.values() if each.guild]
        roles = [self._role(self.guild, "@everyone", BITS["VIEW_CHANNEL"])]
        roles += [{**self._role(self.bot_role, "Familiar", MAY), "managed": True, "tags": {"bot_id": str(self.bot.id)}}]
        roles += [self._role(number, name, 0) for number, name in self.roles.items()]
        members = [each.member() for each in self.users.values()]
        empty = (
            "emojis",
            "features",
            "stickers",
            "voice_states",
            "presences",
            "stage_instances",
            "guild_scheduled_events",
            "soundboard_sounds",
        )
        unknown = ("icon", "splash", "discovery_splash", "afk_channel_id", "application_id", "system_channel_id", "banner", "description")
        return {
            "id": str(self.guild),
            "name": "The tower",
            "owner_id": str(self.number()),
            "roles": roles,
            "members": members,
            "member_count": len(members),
            "channels": [each.payload(self) for each in here if each.kind != THREAD],
            "threads": [each.payload(self) for each in here if each.kind == THREAD],
            "joined_at": iso(self.clock()),
            "preferred_locale": "en-US",
            "vanity_url_code": None,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "large": False,
            "unavailable": False,
            "premium_progress_bar_enabled": False,
            **{each: [] for each in empty},
            **dict.fromkeys(unknown),
            **dict.fromkeys(("afk_timeout", "verification_level", "default_message_notifications", "explicit_content_filter"), 0),
            **dict.fromkeys(("mfa_level", "premium_tier", "premium_subscription_count", "nsfw_level", "system_channel_flags"), 0),
        }

    @staticmethod
    def _role(number: int, name: str, permissions: int) -> dict[str, Any]:
        made = {"id": str(number), "name": name, "permissions": str(permissions), "color": 0, "hoist": False, "icon": None, "flags": 0}
        return {**made, "position": 0, "managed": False, "mentionable": False}

    def payload(self, message: Message, *, event: bool = False) -> dict[str, Any]:
        channel, author = self.channels[message.channel], self.users.get(message.author)
        shown = (
            author.payload()
            if author
            else {"id": str(message.webhook), "username": message.username, "discriminator": "0000", "avatar": None}
        )
        named = [self.users[int(each)] for each in dict.fromkeys(re.findall(r"<@!?(\d+)>", message.content)) if int(each) in self.users]
        made: dict[str, Any] = {
            "id": str(message.id),
            "channel_id": str(message.channel),
            "author": {**shown, "bot": True} if message.is_bot else shown,
            "content": message.content,
            "timestamp": iso(message.when),
            "edited_timestamp": iso(message.edited) if message.edited else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [each.payload() for each in named],
            "mention_roles": re.findall(r"<@&(\d+)>", message.content),
            "attachments": message.attachments,
            "components": message.components,
            "embeds": [],
            "pinned": False,
            "type": message.kind,
            "flags": message.flags,
            **message.more,
        }
        if message.webhook:
            made |= {"webhook_id": str(message.webhook), "application_id": str(self.application)}
        if message.reply_to:
            made["message_reference"] = {"message_id": str(message.reply_to), "channel_id": str(message.channel), "type": 0}
        if event and channel.guild:
            made["guild_id"] = str(channel.guild)
            if author is not None:
                made["member"] = author.member(inside=False)
        return made

    def called(self, content: str, allowed: dict[str, Any] | None, reply_to: int) -> frozenset[str]:
        """Return whom a message calls, as Discord reads its words and what may be mentioned; everybody where nothing is said of it."""
        allowed = {"parse": ["users", "roles", "everyone"], "replied_user": True} if allowed is None else allowed
        parse = allowed.get("parse", [])
        may = {str(each) for each in allowed.get("users", [])}
        users = {each for each in re.findall(r"<@!?(\d+)>", content) if "users" in parse or each in may}
        if allowed.get("replied_user") and reply_to in self.messages:
            users.add(str(self.messages[reply_to].author))
        everybody = {found for found in ("@everyone", "@here") if found in content and "everyone" in parse}
        roles = {"roles"} if "<@&" in content and ("roles" in parse or allowed.get("roles")) else set()
        return frozenset({f"discord:{each}" for each in users} | everybody | roles)


def iso(when: datetime) -> str:
    return when.isoformat()


def buttons(components: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the ids and labels of the buttons among components."""
    found = [(each["custom_id"], each.get("label") or "") for each in components if each.get("type") == 2 and "custom_id" in each]
    return found + [one for each in components for one in buttons(each.get("components", []))]
