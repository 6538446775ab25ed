"""How a reply reaches a place: shown while it is written, split at the end, and calling nobody but who asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Event, Lock, Thread

from ..commands.command import File
from ..errors import BridgeError, Throttled
from ..texts import tr
from .heard import Button, Handle, Post, defused
from .journal import Journal
from .plan import plan
from .splitter import split
from .streamer import Streamer

log = logging.getLogger(__name__)

MORE = " …"


@contextmanager
def typing(handle: Handle) -> Iterator[None]:
    """Show that we are writing for as long as this lasts, and not a moment longer."""
    period = handle.capabilities.typing
    if not period:
        yield
        return
    over = Event()

    def show() -> None:
        while not over.is_set():
            with suppress(BridgeError):
                handle.typing(True)
            over.wait(period)

    thread = Thread(target=show, name="familiar-typing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(BridgeError):
            handle.typing(False)


@dataclass
class Outgoing:
    """Keeps in the journal which messages were sent for one of a place, so that after a kill they are found again."""

    journal: Journal
    place: str
    name: str
    """Of what is answered, in the journal."""
    key: str = ""
    """What the keys of its posts begin with; '' where it is answered anew, and posts are other ones than before."""
    doubtful: bool = False
    """Whether an earlier process may have sent the same post, with other words in it."""
    claims: Callable[[str], bool] = lambda made: True
    """Tells whether a message that an earlier process sent is still to be had; False where it became the reply to another one."""

    def post(self, handle: Handle, post: Post, messages: Sequence[str], number: int | str = "") -> str:
        """Send a message, the one of that number, keep its id beside those of these messages, and return it. Raises BridgeError."""
        key = f"{self.key}:{number}" if self.key and number != "" else ""
        made = handle.post(replace(post, key=key))
        if key and not self.claims(made):
            made = handle.post(replace(post, key=f"{key}:anew"))
        if key and self.doubtful and handle.capabilities.edits and post.file is None:
            handle.edit(made, post.text, post.buttons)
        self.journal.post(self.place, self.name, list(dict.fromkeys([*messages, made])))
        return made


@dataclass
class Delivery:
    """One reply on its way. `messages` are those of ours that it may take the place of, such as one that said it was waiting."""

    handle: Handle
    mentions: tuple[str, ...] = ()
    reply_to: str = ""
    speaker: str = ""
    streaming: bool = True
    most_parts: int = 6
    stop: Button | None = None
    messages: list[str] = field(default_factory=list)
    replied: bool = False
    """Whether they hold a reply, which stays where no other comes."""
    outgoing: Outgoing | None = None
    over: bool = False
    """Whether whoever asked has an answer, or was told why there is none."""
    _streamer: Streamer | None = None
    _spare: Sequence[str] = ()
    """Messages that go once the reply is there."""
    _head: str = ""
    """What is shown of it."""

    def show(self, text: str) -> None:
        """Show what there is of the reply by now, if that may be, as soon as it is time. Returns at once."""
        if not self.streaming or not self.handle.capabilities.edits or not text.strip():
            return
        if self._streamer is None:
            can = self.handle.capabilities
            self._streamer = Streamer(self._show, can.pace, can.most_edits)
        self._streamer.show(text)

    def finish(self, text: str, buttons: Sequence[Button], sent: Callable[[list[str]], None]) -> None:
        """Send the whole reply, in place of what was shown, and tell the ids of its messages. Raises BridgeError.

        Messages that are left over are removed after that, so that their removal is not taken for somebody's.
        """
        self._end()
        can = self.handle.capabilities
        parts, file = plan(defused(text), can.limit, self.most_parts, measure=can.measure)
        if file is not None and not can.files:
            parts, file = split(defused(text), can.limit, measure=can.measure), None
        self.replied = True
        kept = len(parts) if can.edits else 0
        self._spare, self.messages = self.messages[kept:], self.messages[:kept]
        try:
            for number, part in enumerate(parts):
                last = number == len(parts) - 1 and file is None
                self._put(number, part, buttons if last else ())
            if file is not None:
                self.messages.append(self._post("", buttons, file, "file"))
        finally:  # what was sent of it belongs to it
            sent(list(self.messages))
        self.over = True
        for message in set(self._spare).difference(self.messages):
            with suppress(BridgeError):
                self.handle.delete(message)

    def withdraw(self) -> None:
        """Take away what was shown: there is nothing to reply to any more."""
        self._end()
        for message in self.messages:
            with suppress(BridgeError):
                self.handle.delete(message)

    def say(self, text: str) -> str:
        """Say something of our own in the place of the reply, such as why there is none; '' where that fails, too."""
        self._end()
        can = self.handle.capabilities
        if self.replied:
            self.messages = []
        try:
            self._put(0, split(defused(text), can.limit, measure=can.measure)[0], ())
            self.over = True
            return self.messages[0]
        except BridgeError as exc:
            log.warning("Somebody could not be told why there is no reply: %s", exc)
            return ""

    def _end(self) -> None:
        """Wait for the edit that is under way: what comes now is the last."""
        if self._streamer is not None:
            self._streamer.close()

    def _show(self, text: str) -> None:
        can = self.handle.capabilities
        head = split(defused(text), can.limit - can.measure(MORE), measure=can.measure)[:1]
        shown = f"{head[0]}{MORE}" if head else ""
        if shown and shown != self._head:
            self._put(0, shown, (self.stop,) if self.stop else (), passing=True)
            self._head = shown

    def _put(self, number: int, text: str, buttons: Sequence[Button], *, passing: bool = False) -> None:
        buttons = tuple(buttons) if self.handle.capabilities.buttons else ()
        if number < len(self.messages) and self.handle.capabilities.edits:
            try:
                self.handle.edit(self.messages[number], text, buttons, passing=passing)
                return
            except Throttled:
                raise
            except BridgeError as exc:  # it may have been deleted meanwhile
                log.info("A message is sent anew instead of being edited: %s", exc)
                self.messages[number] = self._post(text, buttons, None)
                return
        self.messages[number : number + 1] = [self._post(text, buttons, None, number)]

    def _post(self, text: str, buttons: Sequence[Button], file: File | None, number: int | str = "") -> str:
        buttons = tuple(buttons) if self.handle.capabilities.buttons else ()
        speaker = self.speaker if self.handle.capabilities.names else ""
        post = Post(text, self.mentions, self.reply_to, buttons, file, speaker)
        if self.outgoing is None:
            return self.handle.post(post)
        return self.outgoing.post(self.handle, post, [*self.messages, *self._spare], number)


class Notice:
    """Tells who waits what their position is, in one message that the reply takes the place of."""

    def __init__(self, handle: Handle, reply_to: str, stop: Button, outgoing: Outgoing, before: Callable[[], Sequence[str]]) -> None:
        """`before` tells the messages that an earlier process sent for the same, which the journal is to keep, too."""
        self._handle, self._reply_to, self._stop, self._outgoing, self._before = handle, reply_to, stop, outgoing, before
        self._message, self._over, self._said = "", False, ""
        self._lock = Lock()

    def moved(self, position: int) -> None:
        """Tell the new position; nothing once it is taken."""
        with self._lock:
            said = tr("Waiting: number {position} in the queue", position=position) + MORE
            if self._over or not position or said == self._said or (self._message and not self._handle.capabilities.edits):
                return
            buttons = (self._stop,) if self._handle.capabilities.buttons else ()
            try:
                if self._message:
                    self._handle.edit(self._message, said, buttons)
                else:
                    post = Post(said, reply_to=self._reply_to, buttons=buttons)
                    self._message = self._outgoing.post(self._handle, post, self._before(), "notice")
                self._said = said
            except BridgeError as exc:
                log.info("A position was not told: %s", exc)

    def withdraw(self) -> None:
        """Take the message away: what waited does not come."""
        for message in self.take():
            with suppress(BridgeError):
                self._handle.delete(message)

    def take(self) -> list[str]:
        """Return the message, for the reply to take its place; nothing is told any more."""
        with self._lock:
            self._over = True
            return [self._message] if self._message else []
