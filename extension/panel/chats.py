"""The chats of the standalone page: what the diary holds under `chat:`, and the replies that are under way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from threading import RLock
from typing import Any
from uuid import uuid4

from ..app import App
from ..commands.groups.every import COMMANDS
from ..commands.local import LocalScene
from ..commands.running import Answered, Running, misspelt
from ..commands.scene import Scene
from ..commands.written import Misspelt
from ..context.shelves import of_place
from ..errors import FamiliarError, NotFound, SettingsError, StoreError
from ..memory.reconcile import ChatRow
from ..messages import Exchange, Person, Place, Turn
from ..ports import Host
from ..service.supervisor import Supervisor
from ..settings import save
from .cards import shortened
from .chat import LONGEST_TITLE, Chat, Line, line, with_aside
from .reply import PATIENCE, Reply
from .why import Whys

log = logging.getLogger(__name__)

PREFIX = "chat:"
MOST = 300
"""Chats that are listed."""
WAITING = "…"
WAKING = "Waking the model up. The first reply takes a little longer …"

Still = Callable[[], bool]


def always() -> bool:
    """Watch to the end."""
    return True


class Chats:
    """Opens, lists and changes the chats of one person. Safe to use from several threads and browser tabs."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._running = Running(app, COMMANDS)
        self.whys = Whys()
        self.bridges = Supervisor(lambda: app)
        self._diary = app.memories.diary
        self._replies: dict[str, list[Reply]] = {}
        self._awake: Host | None = None
        self._lock = RLock()
        self._keeping = RLock()

    @property
    def person(self) -> Person:
        """Whose page this is."""
        return Person(self.app.settings.person)

    def keep(self, **values: Any) -> None:
        """Change some settings from now on, and keep them. Raises SettingsError, StoreError."""
        with self._keeping:
            self.app.use(save(self.app.settings, **values))

    def new(self, companion: str = "") -> Chat:
        """Return a chat without words; nothing is written before something is said. Raises NotFound, SettingsError."""
        chosen = self.app.character(companion.strip() or self.app.settings.companion)
        return replace(self.blank(), companion=chosen.name, greeting=chosen.greeting)

    def blank(self) -> Chat:
        """Return a chat without words, and without looking up who answers in it."""
        return Chat(Place(f"{PREFIX}{uuid4().hex[:16]}"), self.app.settings.companion)

    def open(self, place: str) -> Chat:
        """Return a chat as the diary holds it. Raises NotFound, StoreError."""
        exchanges = self._diary.chat(place) if place.startswith(PREFIX) else []
        if not exchanges or exchanges[-1].person.id != self.person.id:
            raise NotFound("This chat is not there any more.")
        chat = Chat(exchanges[-1].place, exchanges[-1].companion, "", tuple(map(line, exchanges)))
        return self._with_replies(chat)

    def fresh(self, chat: Chat) -> Chat:
        """Return an open chat as the diary holds it now. What could not be written stays, and so do notes of trouble."""
        try:
            exchanges = self._diary.chat(chat.place.id)
        except StoreError as exc:
            log.warning("The chat is shown as it was: %s", exc)
            return chat
        before = {each.row: each for each in chat.lines}
        now = [line(exchange) for exchange in exchanges]
        held = [_with_trouble(each, before.get(each.row)) for each in now]
        rows = {each.row for each in held}
        unwritten = [each for each in chat.lines if each.id is None and each.row not in rows]
        place = exchanges[-1].place if exchanges else chat.place
        lines = tuple(sorted([*held, *unwritten], key=lambda each: each.row))
        return self._with_replies(replace(chat, place=place, lines=lines))

    def listed(self) -> list[tuple[str, str]]:
        """Return (title, place) of every chat, the newest first. Raises StoreError."""
        openings = self._diary.openings(PREFIX)
        places = {place: title for place, title, *_ in self._diary.places(self.person.id, PREFIX)}
        titles = {place: title or shortened(openings.get(place, ""), LONGEST_TITLE) or "Chat" for place, title in places.items()}
        return [(title, place) for place, title in titles.items()][:MOST]

    def say(self, chat: Chat, said: str, still: Still = always) -> Iterator[Chat]:
        """Write a message at the end of a chat, and yield pictures of the chat while it is answered and `still` says yes.

        A command is run instead, and yields one picture.
        """
        if (answered := self._commanded(chat, said)) is not None:
            yield with_aside(self.fresh(chat), said, answered)
        else:
            yield from self._said(chat, said, still)

    def _said(self, chat: Chat, said: str, still: Still) -> Iterator[Chat]:
        with self._lock:  # two tabs may speak in one chat: a message has its row before the next one looks for one
            chat = self.fresh(chat)
            turn = self._turn(chat, said, self._next_row(chat))
            number = self.app.companion.hear(turn)
        yield from self._answered(chat, turn, Line(turn.row, said, id=number), still)

    def again(self, chat: Chat, row: int, still: Still = always) -> Iterator[Chat]:
        """Answer a message anew, and yield pictures. The old reply stays until there is another. Raises NotFound."""
        chat = self.fresh(chat)
        asked = _at(chat, row)
        blank = replace(asked, reply="", reasoning="", feedback=0)
        yield from self._answered(chat, self._turn(chat, asked.said, row), blank, still)

    def rewrite(self, chat: Chat, row: int, said: str, still: Still = always) -> Iterator[Chat]:
        """Put other words in place of a message, drop what came after it, answer, and yield pictures.

        Raises NotFound, StoreError, and SettingsError when no words are left.
        """
        if not said.strip():
            raise SettingsError("A message needs words. To be rid of it, forget it.")
        if self._running.find(said) is not None:
            raise SettingsError("That is a command. Give it in the box below; a message cannot become one.")
        self.stop(chat.place.id)
        chat = self.fresh(chat)
        _at(chat, row)
        now = datetime.now(UTC)
        earlier = [ChatRow(each.row, each.said, each.reply, now, each.reasoning) for each in chat.before(row).lines]
        self.app.memories.reconcile(self.person, chat.place, chat.companion, earlier, row)
        yield from self._answered(chat.before(row), self._turn(chat, said, row), Line(row, said), still)

    def watch(self, chat: Chat, still: Still = always) -> Iterator[Chat]:
        """Yield pictures of a chat while a reply is under way in it, asked for from here or from another tab."""
        with self._lock:
            replies = self._replies.get(chat.place.id, [])[-1:]
        for reply in replies:
            yield from self._watched(chat, reply, still)

    def correct(self, chat: Chat, row: int, reply: str) -> Chat:
        """Put other words in place of a reply, in the diary too. Raises NotFound, StoreError."""
        self.app.memories.edit(self._number(chat, row), reply=reply)
        return self.fresh(chat)

    def rate(self, chat: Chat, row: int, feedback: int) -> Chat:
        """Keep thumbs up (1), down (-1) or neither (0) for a reply. Raises NotFound, StoreError."""
        self._diary.rate(self._number(chat, row), feedback)
        return self.fresh(chat)

    def forget(self, chat: Chat, row: int) -> Chat:
        """Forget a message and its reply for good. Raises NotFound, StoreError."""
        self.stop(chat.place.id)
        found = _at(chat, row)
        if found.id is not None:
            self.app.memories.forget([found.id])
        return self.fresh(replace(chat, lines=tuple(each for each in chat.lines if each.row != row)))

    def delete(self, chat: Chat) -> int:
        """Forget a chat and the documents that are for it alone for good; return how many exchanges went. Raises StoreError."""
        self.stop(chat.place.id)
        self.app.library.clear(of_place(chat.place, self.person))
        exchanges = self._diary.chat(chat.place.id)
        if not exchanges:
            return 0
        self._diary.rename(chat.place.id, "")
        return self.app.memories.forget([exchange.id for exchange in exchanges])

    def rename(self, chat: Chat, title: str) -> Chat:
        """Give a chat a title; an empty one brings back the words it began with. Raises NotFound, StoreError."""
        self._diary.rename(chat.place.id, shortened(title.strip(), LONGEST_TITLE))
        return self.fresh(chat)

    def stop(self, place: str | None = None) -> None:
        """Stop the replies under way in a place, or all of them; what was said so far stays."""
        with self._lock:
            replies = [reply for where, each in self._replies.items() if place in (None, where) for reply in each]
        for reply in replies:
            reply.stop()
        for reply in replies:
            reply.wait(PATIENCE)

    def _commanded(self, chat: Chat, said: str) -> Answered | None:
        """Return what came of a message that is a command, None for one that is none."""
        found = self._running.find(said) or self._running.meant(said, chat.companion)
        if isinstance(found, Misspelt):
            return misspelt(found)
        return None if found is None else self._running.run(found, self._scene(chat))

    def confirm(self, chat: Chat, sure: bool, still: Still = always) -> Iterator[Chat]:
        """Answer the last question whether a sentence was a command: run it, or say it, and yield pictures. Raises NotFound."""
        asked = chat.asides[-1] if chat.asides and chat.asides[-1].open else None
        if asked is None or asked.answered.question is None:
            raise NotFound("This was answered already.")
        chat = replace(chat, asides=chat.asides[:-1])
        if sure:
            done = self._running.run(asked.answered.question, self._scene(chat))
            yield with_aside(self.fresh(chat), asked.said, done) if done else chat
        else:
            yield from self._said(chat, asked.said, still)

    def _scene(self, chat: Chat) -> Scene:
        return LocalScene.at(self.app, chat.place, chat.companion, "chat")

    def _answered(self, chat: Chat, turn: Turn, asked: Line, still: Still) -> Iterator[Chat]:
        asked = replace(asked, trouble="", waiting=self._waiting())
        visible = self.app.memories.seen.visible(chat.place.id, chat.before(turn.row).lines)
        history = [_exchange(each, turn) for each in visible]
        reply = Reply(self.app, self.whys, turn, history, asked, self._ended)
        with self._lock:
            self._replies.setdefault(reply.place, []).append(reply)
        reply.start()
        yield from self._watched(chat.with_line(asked), reply, still)

    def _with_replies(self, chat: Chat) -> Chat:
        """Return the chat with what there is by now of the replies under way in it."""
        with self._lock:
            pictures = [reply.line for reply in self._replies.get(chat.place.id, ())]
        rows = {each.row for each in chat.lines}
        return reduce(Chat.with_line, (picture for picture in pictures if picture.row in rows), chat)

    def _watched(self, chat: Chat, reply: Reply, still: Still) -> Iterator[Chat]:
        for picture in reply.watch(still):
            chat = chat.with_line(picture)
            yield chat
        yield self.fresh(chat)

    def _ended(self, reply: Reply) -> None:
        with self._lock:
            self._replies[reply.place].remove(reply)
            if not self._replies[reply.place]:
                del self._replies[reply.place]
            self._awake = reply.answered_by or self._awake

    def _waiting(self) -> str:
        try:
            return WAITING if self._awake is not None and self._awake in self.app.hosts else WAKING
        except FamiliarError:  # the reply will say it
            return WAITING

    def _turn(self, chat: Chat, said: str, row: int) -> Turn:
        return Turn(self.person, chat.place, chat.companion, said, row, datetime.now(UTC))

    def _next_row(self, chat: Chat) -> int:
        try:
            return max(chat.next_row, self.app.memories.next_row(chat.place.id))
        except StoreError:
            return chat.next_row

    def _number(self, chat: Chat, row: int) -> int:
        number = _at(self.fresh(chat), row).id
        if number is None:
            raise NotFound("This could not be written into the diary yet, so it cannot be changed there.")
        return number


def _at(chat: Chat, row: int) -> Line:
    found = next((each for each in chat.lines if each.row == row), None)
    if found is None:
        raise NotFound("This message is not there any more.")
    return found


def _with_trouble(now: Line, before: Line | None) -> Line:
    return replace(now, trouble=before.trouble) if before is not None and before.said == now.said else now


def _exchange(each: Line, turn: Turn) -> Exchange:
    return Exchange(each.id or 0, turn.person, turn.place, turn.companion, each.row, "", each.said, each.reply, turn.when)
