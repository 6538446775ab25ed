"""A double of Discord on a real socket: its REST interface and gateway over the world, as far as a bot uses them.

What it must answer for discord.py to work unmodified was found by probing: exactly `application/json`, a `Via` header on a 429,
ids in the answer to a sync of commands, a body for callbacks of interactions.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, RLock, Thread
from time import monotonic
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .gate import Gate, Session
from .world import BITS, DM, EPHEMERAL, FORUM, REPLY, THREAD, Channel, Message, World, buttons

TOKEN = "MTE5.not-a-real-token.aGVsbG8"
LIMIT = 2000
DEFERRED, UPDATE, CHOICES, MODAL = 5, 6, 8, 9


class Refused(Exception):
    """An error that Discord answers with."""

    def __init__(self, status: int, code: int, text: str = "") -> None:
        self.status, self.code, self.text = status, code, text


@dataclass
class Interaction:
    """A command, button or form that somebody used, and what the bot answered."""

    id: int
    token: str
    channel: int
    user: int
    called: Event = field(default_factory=Event)
    kind: int = 0
    flags: int = 0
    open: bool = False
    """Whether it thinks: the next followup takes the place of that, and is as private."""
    original: Message | None = None
    deleted: bool = False
    choices: list[dict[str, Any]] = field(default_factory=list)
    modal: dict[str, Any] = field(default_factory=dict)


Handler = Callable[[Any, re.Match[str]], Awaitable[Any]]
ROUTES: list[tuple[str, re.Pattern[str], str, str]] = []


def route(method: str, path: str, what: str) -> Callable[[Handler], Handler]:
    """Take requests of a path, `what` naming what is done for limits and refusals."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def taken(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, what, handler.__name__))
        return handler

    return taken


class Double:
    """Discord, as one bot sees it. It outlives the bots that connect to it."""

    def __init__(self) -> None:
        self.world = World()
        self.lock = RLock()
        self.gate = Gate(self._ready, TOKEN)
        self.flags = (1 << 18) | (1 << 14)
        """Of the application: it may read messages, and see members."""
        self.refuses: Callable[[str], bool] = lambda what: False
        self.limits: dict[str, tuple[int, float]] = {}
        """How often something may be done in a channel within so many seconds."""
        self.mischief: Callable[[str], float | int | None] = lambda what: None
        """What goes wrong with a request: a float is seconds of a 429, a number an error, 0 a connection that is cut; None for nothing."""
        self.requests: list[tuple[str, str]] = []
        self.typing: list[tuple[int, bool]] = []
        self.commands: list[Any] = []
        self.syncs: list[tuple[str, list[Any]]] = []
        self.files: dict[str, Callable[[], bytes]] = {}
        self.interactions: dict[str, Interaction] = {}
        self.posts: list[dict[str, Any]] = []
        """What was sent to be posted, as it came."""
        self._spent: dict[tuple[str, str], tuple[int, float]] = {}

    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        begun = Event()
        self._thread = Thread(target=self._run, args=(begun,), name="double", daemon=True)
        self._thread.start()
        assert begun.wait(30)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)

    def _run(self, begun: Event) -> None:
        async def serve() -> None:
            self._over = asyncio.Event()
            app = web.Application(client_max_size=64 << 20)
            app.router.add_get("/gw/", self.gate.serve)
            app.router.add_get("/gw", self.gate.serve)
            app.router.add_get("/cdn/{name}", self._file)
            app.router.add_route("*", "/api/{path:.*}", self._answer)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            begun.set()
            await self._over.wait()
            await self.gate.close(1001)
            await runner.cleanup()

        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(serve())
        self.loop.close()

    def on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def emit(self, name: str, data: Any) -> None:
        """Tell the bot of something; in the order of the calls, from whatever thread."""
        self.loop.call_soon_threadsafe(self.gate.emit, name, data)

    def _ready(self, session: Session) -> list[tuple[str, Any]]:
        with self.lock:
            world = self.world
            guild = world.guild_payload()
            ready = {
                "v": 10,
                "user": world.bot.payload(),
                "guilds": [{"id": guild["id"], "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gw",
                "application": {"id": str(world.application), "flags": self.flags},
            }
            return [("READY", ready), ("GUILD_CREATE", guild)]

    # ------------------------------------------------------------------ REST

    async def _file(self, request: web.Request) -> web.Response:
        read = self.files[request.match_info["name"]]
        try:
            return web.Response(body=read())
        except Exception:
            return web.Response(status=404)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        self.requests.append((request.method, path))
        for method, pattern, what, name in ROUTES:
            if method == request.method and (found := pattern.fullmatch(path)):
                return await self._met(request, found, what, getattr(self, name))
        return self._json({"message": f"no such route {path}", "code": 0}, 404)

    async def _met(self, request: web.Request, found: re.Match[str], what: str, handler: Any) -> web.StreamResponse:
        if found.groupdict().get("token") is None and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return self._json({"message": "401: Unauthorized", "code": 0}, 401)
        wrong = self.mischief(what)
        if isinstance(wrong, float):
            return self._too_many(wrong, {})
        if wrong == 0 and wrong is not None:
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        if wrong:
            return self._json({"message": "it went wrong", "code": 0}, wrong)
        headers, wait = self._limit(what, found.groupdict().get("channel", ""))
        if wait:
            return self._too_many(wait, headers)
        try:
            if self.refuses(what):
                raise Refused(403, 50013, "Missing Permissions")
            body = await self._body(request)
            with self.lock:
                return self._json(await handler(found, body, request.query), 200, headers)
        except Refused as exc:
            return self._json({"message": exc.text, "code": exc.code}, exc.status, headers)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "multipart/form-data":
            given: dict[str, Any] = {}
            files: list[tuple[str, bytes]] = []
            async for part in await request.multipart():
                if part.name == "payload_json":  # type: ignore[union-attr]
                    given = json.loads(await part.text())  # type: ignore[union-attr]
                else:
                    files.append((part.filename or "", bytes(await part.read())))  # type: ignore[union-attr]
            return {**given, "files": files}
        text = await request.text()
        return json.loads(text) if text else {}

    def _limit(self, what: str, channel: str) -> tuple[dict[str, str], float]:
        if what not in self.limits:
            return {}, 0.0
        most, seconds = self.limits[what]
        used, since = self._spent.get((what, channel), (0, monotonic()))
        if monotonic() - since >= seconds:
            used, since = 0, monotonic()
        left = seconds - (monotonic() - since)
        self._spent[(what, channel)] = (used + 1, since)
        headers = {"X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": str(max(most - used - 1, 0)), "X-RateLimit-Bucket": what}
        return {**headers, "X-RateLimit-Reset-After": f"{left:.3f}"}, left if used >= most else 0.0

    def _too_many(self, seconds: float, headers: dict[str, str]) -> web.Response:
        headers = {**headers, "Via": "1.1 double", "Retry-After": f"{seconds:.3f}"}
        return self._json({"message": "You are being rate limited.", "retry_after": seconds, "global": False}, 429, headers)

    @staticmethod
    def _json(body: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
        if body is None:
            return web.Response(status=204, headers=headers)
        return web.Response(status=status, body=json.dumps(body).encode(), headers={**(headers or {}), "Content-Type": "application/json"})

    def _channel(self, found: re.Match[str], needs: str = "VIEW_CHANNEL") -> Channel:
        channel = self.world.channels.get(_number(found["channel"]))
        if channel is None:
            raise Refused(404, 10003, "Unknown Channel")
        above = self.world.channels.get(channel.parent, channel) if channel.kind == THREAD else channel
        for each in ("VIEW_CHANNEL", needs):
            if above.denied & BITS[each]:
                raise Refused(403, 50001 if each == "VIEW_CHANNEL" else 50013, "Missing Permissions")
        return channel

    def _message(self, found: re.Match[str], channel: int) -> Message:
        message = self.world.messages.get(_number(found["message"]))
        if message is None or message.channel != channel or message.private:
            raise Refused(404, 10008, "Unknown Message")
        return message

    @route("GET", "/v10/users/@me", "me")
    async def me(self, *_: Any) -> Any:
        return self.world.bot.payload()

    @route("GET", "/v10/oauth2/applications/@me", "me")
    async def application(self, *_: Any) -> Any:
        owner = {"id": "1", "username": "owner", "discriminator": "0", "avatar": None}
        names = {"name": "Familiar", "description": "", "icon": None, "summary": "", "verify_key": ""}
        return {
            "id": str(self.world.application),
            **names,
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": owner,
            "flags": self.flags,
        }

    @route("PUT", "/v10/applications/{app}/commands", "sync")
    async def commands_everywhere(self, _: Any, body: Any, __: Any) -> Any:
        return self._synced("", body)

    @route("PUT", "/v10/applications/{app}/guilds/{guild}/commands", "sync")
    async def commands_here(self, found: re.Match[str], body: Any, _: Any) -> Any:
        return self._synced(found["guild"], body)

    def _synced(self, guild: str, body: Any) -> Any:
        self.syncs.append((guild, body))
        same = {"application_id": str(self.world.application), "version": "1", **({"guild_id": guild} if guild else {})}
        made = [{"description": "", **each, "id": str(self.world.number()), **same} for each in body]
        self.commands = made or self.commands
        return made

    @route("POST", "/v10/users/@me/channels", "direct")
    async def direct(self, _: Any, body: Any, __: Any) -> Any:
        return self.dm(int(body["recipient_id"])).payload(self.world)

    def dm(self, user: int) -> Channel:
        """Return the private channel of the bot and somebody."""
        found = next((each for each in self.world.channels.values() if each.kind == DM and each.people == (user,)), None)
        if found is None:
            found = Channel(self.world.number(), DM, people=(user,))
            self.world.channels[found.id] = found
        return found

    @route("GET", "/v10/users/{user}", "user")
    async def user(self, found: re.Match[str], *_: Any) -> Any:
        if (user := self.world.users.get(_number(found["user"]))) is None:
            raise Refused(404, 10013, "Unknown User")
        return user.payload()

    @route("GET", "/v10/guilds/{guild}/members/{user}", "member")
    async def member(self, found: re.Match[str], *_: Any) -> Any:
        if (user := self.world.users.get(_number(found["user"]))) is None:
            raise Refused(404, 10007, "Unknown Member")
        return user.member()

    @route("GET", "/v10/channels/{channel}", "channel")
    async def channel(self, found: re.Match[str], *_: Any) -> Any:
        return self._channel(found).payload(self.world)

    @route("GET", "/v10/channels/{channel}/messages", "history")
    async def history(self, found: re.Match[str], _: Any, query: Any) -> Any:
        channel = self._channel(found, "READ_MESSAGE_HISTORY")
        before = int(query.get("before", 1 << 63))
        messages = [each for each in reversed(self.world.in_channel(channel.id)) if each.id < before]
        return [self.world.payload(each) for each in messages[: int(query.get("limit", 50))]]

    @route("GET", "/v10/channels/{channel}/messages/{message}", "history")
    async def one(self, found: re.Match[str], *_: Any) -> Any:
        return self.world.payload(self._message(found, self._channel(found, "READ_MESSAGE_HISTORY").id))

    @route("POST", "/v10/channels/{channel}/messages", "post")
    async def post(self, found: re.Match[str], body: Any, _: Any) -> Any:
        channel = self._channel(found)
        channel = self._channel(found, "SEND_MESSAGES_IN_THREADS" if channel.kind == THREAD else "SEND_MESSAGES")
        if channel.kind == FORUM:
            raise Refused(400, 50008, "Cannot send messages in a non-text channel")
        self.posts.append(body)
        key = (channel.id, str(body.get("nonce", "")))
        if body.get("enforce_nonce") and key in self.world.nonces:
            if (kept := self.world.messages.get(self.world.nonces[key])) is None:
                raise Refused(404, 10008, "Unknown Message")
            return self.world.payload(kept)
        reply_to = int((body.get("message_reference") or {}).get("message_id", 0))
        message = self._made(channel, body, reply_to=reply_to if reply_to in self.world.messages else 0)
        self.world.nonces[key] = message.id
        return self._told(message)

    def _made(self, channel: Channel, body: Any, *, reply_to: int = 0, flags: int = 0, webhook: int = 0, name: str = "") -> Message:
        content = body.get("content") or ""
        if len(content) > LIMIT or not (content or body.get("files")):
            raise Refused(400, 50035, "Invalid Form Body")
        if body.get("files") and channel.denied & BITS["ATTACH_FILES"]:
            raise Refused(403, 50013, "Missing Permissions")
        world = self.world
        pings = world.called(content, body.get("allowed_mentions"), reply_to)
        files = [self.attach(name, len(content), lambda content=content: content) for name, content in body.get("files", [])]
        message = Message(
            world.number(), channel.id, 0 if webhook else world.bot.id, content, world.clock(), REPLY if reply_to else 0, reply_to
        )
        message.pings, message.flags, message.webhook, message.username, message.is_bot = pings, flags, webhook, name, True
        message.components, message.attachments, message.nonce = body.get("components") or [], files, str(body.get("nonce", ""))
        if flags & EPHEMERAL:
            world.messages[message.id] = message
        else:
            world.add(message)
        if self.typing and self.typing[-1] == (channel.id, True):
            self.typing.append((channel.id, False))
        return message

    def attach(self, name: str, size: int, read: Callable[[], bytes]) -> dict[str, Any]:
        """Put a file where it can be fetched, and return how a message names it."""
        number = self.world.number()
        self.files[str(number)] = read
        url = f"http://127.0.0.1:{self.port}/cdn/{number}"
        return {"id": str(number), "filename": name, "size": size, "url": url, "proxy_url": url}

    def _told(self, message: Message) -> dict[str, Any]:
        if not message.private:
            self.emit("MESSAGE_CREATE", self.world.payload(message, event=True))
        return self.world.payload(message)

    @route("PATCH", "/v10/channels/{channel}/messages/{message}", "edit")
    async def edit(self, found: re.Match[str], body: Any, _: Any) -> Any:
        message = self._message(found, self._channel(found).id)
        if message.author != self.world.bot.id:
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        return self._edited(message, body)

    def _edited(self, message: Message, body: Any) -> Any:
        if len(body.get("content") or "") > LIMIT:
            raise Refused(400, 50035, "Invalid Form Body")
        message.content = body.get("content", message.content)
        message.components = body.get("components", message.components) or []
        message.edited, message.edits = self.world.clock(), message.edits + 1
        self.emit("MESSAGE_UPDATE", self.world.payload(message, event=True))
        return self.world.payload(message)

    @route("DELETE", "/v10/channels/{channel}/messages/{message}", "delete")
    async def delete(self, found: re.Match[str], *_: Any) -> Any:
        message = self._message(found, self._channel(found).id)
        if message.author != self.world.bot.id:
            raise Refused(403, 50013, "Missing Permissions")
        self.gone(message)

    def gone(self, message: Message) -> None:
        """Remove a message, and tell of it."""
        del self.world.messages[message.id]
        where = self.world.channels[message.channel]
        guild = {"guild_id": str(where.guild)} if where.guild else {}
        self.emit("MESSAGE_DELETE", {"id": str(message.id), "channel_id": str(message.channel), **guild})

    @route("POST", "/v10/channels/{channel}/typing", "typing")
    async def types(self, found: re.Match[str], *_: Any) -> Any:
        self.typing.append((self._channel(found).id, True))

    @route("PUT", "/v10/channels/{channel}/messages/{message}/reactions/{emoji}/@me", "react")
    async def react(self, found: re.Match[str], *_: Any) -> Any:
        message = self._message(found, self._channel(found, "ADD_REACTIONS").id)
        message.reactions.append((unquote(found["emoji"]), self.world.bot.id))

    @route("POST", "/v10/channels/{channel}/threads", "thread")
    async def thread(self, found: re.Match[str], body: Any, _: Any) -> Any:
        return self.make_thread(self._channel(found, "CREATE_PUBLIC_THREADS"), body["name"], self.world.bot.id).payload(self.world)

    @route("POST", "/v10/channels/{channel}/messages/{message}/threads", "thread")
    async def thread_at(self, found: re.Match[str], body: Any, _: Any) -> Any:
        channel = self._channel(found, "CREATE_PUBLIC_THREADS")
        message = self._message(found, channel.id)
        if message.id in self.world.channels:
            raise Refused(400, 160004, "A thread has already been created for this message")
        return self.make_thread(channel, body["name"], self.world.bot.id, message.id).payload(self.world)

    def make_thread(self, parent: Channel, name: str, owner: int, number: int = 0) -> Channel:
        """Make a thread, and tell of it."""
        made = Channel(number or self.world.number(), THREAD, name, self.world.guild, parent.id, owner)
        self.world.channels[made.id] = made
        self.emit("THREAD_CREATE", {**made.payload(self.world), "newly_created": True})
        return made

    @route("GET", "/v10/channels/{channel}/webhooks", "webhook")
    async def webhooks(self, found: re.Match[str], *_: Any) -> Any:
        channel = self._channel(found, "MANAGE_WEBHOOKS")
        return [self._webhook(number) for number, each in self.world.webhooks.items() if each[0] == channel.id]

    @route("POST", "/v10/channels/{channel}/webhooks", "webhook")
    async def make_webhook(self, found: re.Match[str], body: Any, _: Any) -> Any:
        channel = self._channel(found, "MANAGE_WEBHOOKS")
        if "discord" in body["name"].lower():
            raise Refused(400, 50035, "Username cannot contain discord")
        number = self.world.number()
        self.world.webhooks[number] = (channel.id, f"secret{number}", body["name"])
        return self._webhook(number)

    def _webhook(self, number: int) -> dict[str, Any]:
        channel, token, name = self.world.webhooks[number]
        ids = {
            "id": str(number),
            "channel_id": str(channel),
            "guild_id": str(self.world.guild),
            "application_id": str(self.world.application),
        }
        return {**ids, "type": 1, "name": name, "avatar": None, "token": token, "user": self.world.bot.payload()}

    @route("POST", "/v10/webhooks/{id}/{token}", "post")
    async def by_webhook(self, found: re.Match[str], body: Any, query: Any) -> Any:
        if int(found["id"]) == self.world.application:
            return self._followed_up(found, body)
        channel = self._by(found, query)
        if "discord" in (body.get("username") or "").lower():
            raise Refused(400, 50035, "Username cannot contain discord")
        name = body.get("username") or self.world.webhooks[int(found["id"])][2]
        return self._told(self._made(channel, body, webhook=int(found["id"]), name=name))

    def _by(self, found: re.Match[str], query: Any) -> Channel:
        kept = self.world.webhooks.get(_number(found["id"]))
        if kept is None or kept[1] != found["token"]:
            raise Refused(404, 10015, "Unknown Webhook")
        return self.world.channels[int(query.get("thread_id", kept[0]))]

    @route("PATCH", "/v10/webhooks/{id}/{token}/messages/@original", "edit")
    async def edit_original(self, found: re.Match[str], body: Any, _: Any) -> Any:
        interaction = self._interaction(found)
        if interaction.deleted:
            raise Refused(404, 10008, "Unknown Message")
        if interaction.open:
            return self._followed_up(found, body)
        return self._edited(interaction.original, body)  # type: ignore[arg-type]

    @route("PATCH", "/v10/webhooks/{id}/{token}/messages/{message}", "edit")
    async def edit_by_webhook(self, found: re.Match[str], body: Any, query: Any) -> Any:
        message = self._message(found, self._by(found, query).id)
        if message.webhook != int(found["id"]):
            raise Refused(404, 10008, "Unknown Message")
        return self._edited(message, body)

    @route("DELETE", "/v10/webhooks/{id}/{token}/messages/{message}", "delete")
    async def delete_by_webhook(self, found: re.Match[str], _: Any, query: Any) -> Any:
        if int(found["id"]) == self.world.application:
            interaction = self._interaction(found)
            if interaction.deleted or interaction.kind not in (4, DEFERRED):
                raise Refused(404, 10008, "Unknown Message")
            interaction.deleted, interaction.open = True, False
            if interaction.original is not None:
                self.world.messages.pop(interaction.original.id, None)
            return
        self.gone(self._message(found, self._by(found, query).id))

    # ---------------------------------------------------------- interactions

    @route("POST", "/v10/interactions/{id}/{token}/callback", "callback")
    async def callback(self, found: re.Match[str], body: Any, _: Any) -> Any:
        interaction = self._interaction(found)
        if interaction.kind:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data") or {}
        interaction.kind, interaction.flags = body["type"], data.get("flags", 0)
        interaction.open = interaction.kind == DEFERRED
        interaction.choices, interaction.modal = data.get("choices", []), data if interaction.kind == MODAL else {}
        resource: dict[str, Any] = {"type": interaction.kind}
        if interaction.kind == 4:
            interaction.original = self._made(self.world.channels[interaction.channel], data, flags=interaction.flags)
            resource["message"] = self._told(interaction.original)
        interaction.called.set()
        number = interaction.original.id if interaction.original else self.world.number()
        return {"interaction": {"id": str(interaction.id), "type": 2, "response_message_id": str(number)}, "resource": resource}

    def _interaction(self, found: re.Match[str]) -> Interaction:
        if (interaction := self.interactions.get(found["token"])) is None:
            raise Refused(404, 10062, "Unknown interaction")
        return interaction

    def _followed_up(self, found: re.Match[str], body: Any) -> Any:
        interaction = self._interaction(found)
        if interaction.deleted and interaction.original is None:
            raise Refused(404, 10008, "Unknown Message")
        flags = interaction.flags if interaction.open else body.get("flags", 0)
        message = self._made(self.world.channels[interaction.channel], body, flags=flags & EPHEMERAL)
        if interaction.open:
            interaction.open, interaction.original = False, message
        return self._told(message)

    def interact(self, kind: int, channel: int, user: int, data: dict[str, Any], message: int = 0) -> Interaction:
        """Let somebody use something; what the bot answers is kept in what is returned."""
        with self.lock:
            world, where = self.world, self.world.channels[channel]
            number = world.number()
            made = Interaction(number, f"itoken{number}", channel, user)
            self.interactions[made.token] = made
            who = world.users[user]
            payload: dict[str, Any] = {
                "id": str(number),
                "application_id": str(world.application),
                "type": kind,
                "token": made.token,
                "version": 1,
                "data": data,
                "channel_id": str(channel),
                "channel": where.payload(world),
                "attachment_size_limit": 10 << 20,
                "entitlements": [],
                "locale": "en-US",
                "app_permissions": "0",
            }
            payload |= (
                {"guild_id": str(where.guild), "member": {**who.member(), "permissions": "0"}} if where.guild else {"user": who.payload()}
            )
            if message in world.messages:
                payload["message"] = world.payload(world.messages[message])
        self.emit("INTERACTION_CREATE", payload)
        return made

    def shown_buttons(self, message: int) -> list[tuple[str, str]]:
        return buttons(self.world.messages[message].components)


def _number(text: str) -> int:
    with suppress(ValueError):
        return int(text)
    return 0
