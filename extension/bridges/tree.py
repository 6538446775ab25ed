"""The conversation tree: what people do to an exchange with buttons and reactions, and what edits and deletions of messages mean for it.

Buttons carry the id of the exchange, so they stay good after a restart; what may be done is asked of the authorizer each time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..errors import BridgeError, FamiliarError, NotFound
from ..memory.links import Link
from ..messages import Exchange, Place
from ..permissions.level import Level
from ..texts import tr
from .deciding import HIDING
from .delivery import Delivery
from .heard import Button, Handle, Heard, Pressed, Reacted
from .queue import Ticket
from .turn import turn_of

if TYPE_CHECKING:
    from .room import Room

log = logging.getLogger(__name__)

LABELS = {"regenerate": "🔁", "continue": "⏩", "up": "👍", "down": "👎", "hide": "🙈"}
"""The buttons below a reply."""
EMOJI = {
    "🔁": "regenerate",
    "🔄": "regenerate",
    "⏩": "continue",
    "▶": "continue",
    "⏪": "former",
    "👍": "up",
    "👎": "down",
    "🙈": "hide",
    "🗑": "forget",
    "🛑": "stop",
    "⏹": "stop",
}
"""What reactions to a reply mean."""
TAKEN_BACK = ("up", "down", "hide")
"""Actions that end when the reaction is taken back."""
_BUTTON = re.compile(r"familiar:(?P<action>[a-z]{2,12}):(?P<on>\S{1,200})")
_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_ATTACHED = re.compile(r"(?:\n|\A)\(attached: [^\n]*\)")
PATIENCE = 10.0
"""Seconds that forgetting waits for a reply that was told to stop."""


def buttons_of(number: int) -> tuple[Button, ...]:
    """Return the buttons below the reply of an exchange."""
    return tuple(Button(f"familiar:{action}:{number}", label) for action, label in LABELS.items())


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does to an exchange, and where."""

    by: Heard
    handle: Handle
    exchange: Exchange
    message: str
    text: str = ""
    """The new words, where there are any."""
    added: bool = True
    """False where it is taken back."""


class Tree:
    """Acts on the exchanges of a room. Its methods never raise."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._memories = room.app.memories
        self._does: dict[str, Callable[[Deed], str]] = {
            "regenerate": self._regenerate,
            "continue": self._continue,
            "former": self._former,
            "up": self._rate_up,
            "down": self._rate_down,
            "hide": self._hide,
            "forget": self._forget,
            "edit": self._edit,
            "branch": self._branch,
        }

    def pressed(self, pressed: Pressed, handle: Handle) -> None:
        """Do what a button says, if who pressed it may."""
        found = _BUTTON.fullmatch(pressed.button)
        if found is None:
            return
        if found["action"] == "stop":
            said = "" if self._stop(pressed.by, found["on"]) else tr("There is nothing of yours to stop any more.")
        elif found["action"] in self._does and found["on"].isdecimal() and len(found["on"]) < 19:
            said = self._act(found["action"], int(found["on"]), pressed.by, handle, pressed.message, pressed.values.get("text", ""))
        else:
            return
        if said:
            self._room.tell(replace(pressed.by, id=pressed.message), handle, said)

    def reacted(self, reaction: Reacted, handle: Handle) -> bool:
        """Do what a reaction to a reply means, if who reacted may; False where it means nothing to a reply. Nothing is said about it."""
        action = EMOJI.get(_TONES.sub("", reaction.emoji), "")
        if not action or self._room.app.authorizer.level(reaction.by.asker) == Level.IGNORED:
            return False
        link = self._link(reaction.by.place, reaction.message)
        if action == "stop" and reaction.added:
            message = handle.message(reaction.message)
            key = message.reply_to if message is not None and message.is_own else reaction.message
            return self._stop(reaction.by, key) > 0
        if link is None or link.kind != "reply":
            return False
        if reaction.added or action in TAKEN_BACK:
            self._act(action, link.exchange, reaction.by, handle, reaction.message, added=reaction.added)
        return True

    def edited(self, heard: Heard, handle: Handle) -> None:
        """Answer a question anew whose words were changed; hide it where they are to be hidden now."""
        link = self._link(heard.place, heard.id)
        if link is None or link.kind != "question" or self._room.app.authorizer.level(heard.asker) == Level.IGNORED:
            return
        try:
            exchange = self._memories.diary.one(link.exchange)
            if heard.text.lstrip().startswith(HIDING):
                self._memories.seen.hide([exchange.id])
            else:
                self._ask_again(exchange, handle)
        except FamiliarError as exc:
            log.warning("An edited message was not taken up: %s", exc)

    def deleted(self, place: Place, message: str, handle: Handle) -> None:
        """Forget the exchange of a deleted message; where other messages of its question are left, they are answered anew."""
        link = self._link(place, message)
        if link is None or not link.exchange:
            return
        try:
            exchange = self._memories.diary.one(link.exchange)
            left = self._questions(exchange, handle) if link.kind == "question" else []
            if left:
                self._ask_again(exchange, handle)
            else:
                self._gone(exchange, handle)
        except FamiliarError as exc:
            log.warning("A deleted message was not taken up: %s", exc)

    def _link(self, place: Place, message: str) -> Link | None:
        try:
            return self._memories.links.of(place.id, [message]).get(message)
        except FamiliarError as exc:
            log.warning("What a message is is not known now: %s", exc)
            return None

    def _act(self, action: str, number: int, by: Heard, handle: Handle, message: str, text: str = "", *, added: bool = True) -> str:
        """Do something to an exchange, and return what is to be said about it."""
        app = self._room.app
        try:
            level = app.authorizer.require(by.asker, Level.VISIBLE, "This")
            exchange = self._memories.diary.one(number)
            if exchange.place.id != by.place.id:
                raise NotFound(tr("There is no such reply here any more."))
            if exchange.person.id != by.person.id and level < Level.MOD:
                app.authorizer.record.add(by.person, by.place, self._room.door, f"button {action}", level, "denied")
                return tr("Only who asked for this reply, or a mod, can do that.")
            if action in ("regenerate", "continue") and not app.choices(by.spot)["speaking"]:
                return tr("Speaking is switched off here.")
            if action in ("regenerate", "continue"):
                app.authorizer.require_budget(by.asker, level, self._room.running.spending)
            said = self._does[action](Deed(by, handle, exchange, message, text, added))
            if exchange.person.id != by.person.id:
                app.authorizer.record.add(by.person, by.place, self._room.door, f"button {action}", level, "done")
            return said
        except FamiliarError as exc:
            return str(exc)

    def _stop(self, by: Heard, key: str) -> int:
        mod = self._room.app.authorizer.level(by.asker) >= Level.MOD
        here = self._room.cancel(
            lambda ticket: ticket.place == by.place.id and getattr(ticket.job, "key", "") == key and (mod or ticket.person == by.person.id)
        )
        return len(here)

    def _first(self, deed: Deed) -> Heard:
        """Return the first message of an exchange, as well as it is known."""
        ids = self._memories.links.messages(deed.exchange.id, "question")
        first = deed.handle.message(ids[0]) if ids else None
        said = replace(deed.by, id=ids[0] if ids else deed.message, text=deed.exchange.said, reply_to="")
        return first or replace(said, person=deed.exchange.person, when=deed.exchange.when)

    def _regenerate(self, deed: Deed) -> str:
        room, first = self._room, self._first(deed)
        room.submit(
            replace(first, person=deed.by.person),
            deed.handle,
            deed.exchange.companion,
            lambda delivery, stop: room.turns.again(deed.exchange, first, deed.handle, delivery, stop, deed.by.person),
            instead_of=partial(self._memories.links.messages, deed.exchange.id, "reply"),
        )
        return ""

    def _continue(self, deed: Deed) -> str:
        room, first = self._room, self._first(deed)
        room.submit(
            replace(first, person=deed.by.person),
            deed.handle,
            deed.exchange.companion,
            lambda delivery, stop: room.turns.further(deed.exchange, first, deed.handle, delivery, stop),
            instead_of=partial(self._memories.links.messages, deed.exchange.id, "reply"),
        )
        return ""

    def _former(self, deed: Deed) -> str:
        """Let the answer before this one stand there again: who asks for that prefers it."""
        kept = self._memories.former.of(deed.exchange.id)
        if not kept:
            return tr("There was no other answer.")
        number = deed.exchange.id
        self._memories.former.keep(deed.exchange, deed.by.person)
        self._memories.remember(turn_of(deed.exchange), kept[0].answer)
        self._memories.former.drop(kept[0].id)
        self._memories.diary.rate(number, kept[0].feedback)
        self._memories.former.prefer(number, deed.by.person)
        self._show(deed, kept[0].answer.reply)
        return ""

    def _rate_up(self, deed: Deed) -> str:
        return self._rated(deed, 1)

    def _rate_down(self, deed: Deed) -> str:
        return self._rated(deed, -1)

    def _rated(self, deed: Deed, feedback: int) -> str:
        self._memories.diary.rate(deed.exchange.id, feedback if deed.added else 0)
        self._memories.former.prefer(deed.exchange.id, deed.by.person if deed.added and feedback > 0 else None)
        return tr("Noted.") if deed.added else ""

    def _hide(self, deed: Deed) -> str:
        if not deed.added:
            self._memories.seen.unhide([deed.exchange.id])
            return ""
        self._memories.seen.hide([deed.exchange.id])
        return tr("The model does not see this any more. `context unhide {number}` shows it again.", number=deed.exchange.id)

    def _forget(self, deed: Deed) -> str:
        self._gone(deed.exchange, deed.handle)
        return tr("Forgotten for good.")

    def _edit(self, deed: Deed) -> str:
        if not deed.text.strip():
            return tr("There is nothing to put in the place of this reply.")
        self._memories.edit(deed.exchange.id, reply=deed.text.strip())
        self._show(deed, deed.text.strip())
        return ""

    def _branch(self, deed: Deed) -> str:
        if deed.by.thread or not deed.handle.capabilities.threads:
            return tr("Reply to this message to go on from here: threads cannot be made in this place.")
        title = " ".join(deed.exchange.said.split())[:60] or "From here"
        return tr("Go on from here: {link}", link=deed.handle.make_thread(title, deed.message))

    def _show(self, deed: Deed, text: str) -> None:
        number, links = deed.exchange.id, self._memories.links
        delivery = Delivery(
            deed.handle, most_parts=self._room.app.settings.most_parts, messages=list(links.messages(number, "reply")) or [deed.message]
        )
        delivery.finish(text, buttons_of(number), lambda messages: links.note(deed.by.place.id, messages, "reply", number))

    def _questions(self, exchange: Exchange, handle: Handle) -> list[Heard]:
        found = (handle.message(each) for each in self._memories.links.messages(exchange.id, "question"))
        return [each for each in found if each is not None]

    def _ask_again(self, exchange: Exchange, handle: Handle) -> None:
        """Answer the messages of a question as they are now, if they are others than were answered."""
        messages = [self._room.worded(each)[0] for each in self._questions(exchange, handle)]
        said = "\n".join(each.text.strip() for each in messages if each.text.strip())
        before = _ATTACHED.sub("", exchange.said)
        files = any(each.attachments for each in messages)
        if not messages or said == before or (files and said and before.startswith(said)):
            return
        if not self._room.app.choices(messages[0].spot)["speaking"]:
            self._memories.edit(exchange.id, said=said)
            return
        companion, room = exchange.companion, self._room
        self._interrupt(exchange)
        room.submit(
            messages[-1],
            handle,
            companion,
            lambda delivery, stop: room.turns.answer(messages, handle, companion, delivery, stop),
            instead_of=partial(self._memories.links.messages, exchange.id, "reply"),
        )

    def _gone(self, exchange: Exchange, handle: Handle) -> None:
        """Forget an exchange, once nothing more is written for it, and take its replies away."""
        for ticket in self._interrupt(exchange):
            ticket.wait(PATIENCE)
        links = self._memories.links
        asked, replies = links.messages(exchange.id, "question"), links.messages(exchange.id, "reply")
        self._memories.forget([exchange.id])
        self._room.note(exchange.place.id, asked, "told")
        for each in replies:
            with suppress(BridgeError):
                handle.delete(each)

    def _interrupt(self, exchange: Exchange) -> list[Ticket]:
        """Stop what is being written for an exchange, without a word about it."""
        asked, place = self._memories.links.messages(exchange.id, "question"), exchange.place.id
        return self._room.cancel(lambda each: each.place == place and getattr(each.job, "key", "") in asked, quiet=True)
