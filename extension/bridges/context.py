"""What the model is shown of a place: the reply chain or the last messages, without what is hidden, reset, a command or a stranger's.

The platform is the database of what people say among each other: only its messages that are an exchange are in the diary, and of the
others not a word is kept here. So an edit or a deletion there is one here, and nobody's words are stored who did not talk to us.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..commands.running import Running
from ..errors import BridgeError, StoreError
from ..memory.diary import Filter
from ..memory.links import Link
from ..messages import Exchange, Person
from ..permissions.level import Level
from .deciding import HIDING
from .heard import Handle, Heard

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

MOST = 60
"""Messages of a place that are looked at where nothing else was chosen."""
_SHORT = re.compile(r"\s*!(?P<letter>\w)\s+(?P<text>\S.*)", re.DOTALL)


def to_another(text: str, companions: Iterable[str]) -> tuple[str, str] | None:
    """Return the companion that `!x text` asks by the first letter of its name, and the text; None for what is only hidden."""
    found = _SHORT.match(text)
    if found is None:
        return None
    letter = found["letter"].casefold()
    name = next((each for each in companions if each[:1].casefold() == letter), "")
    return (name, found["text"]) if name else None


@dataclass(frozen=True)
class Context:
    """What a model may be shown of the places of a platform."""

    app: App
    running: Running

    def rows(self, heard: Heard, handle: Handle, companion: str, most: int | None = None) -> list[Exchange]:
        """Return what was said before a message, in its order; what is no exchange of ours has no id. Never raises.

        Where several people talk, a message that replies to something is shown with the chain of what it replies to, and nothing else.
        What the platform or the diary does not give is left out, with a warning.
        """
        try:
            limit = MOST if most is None else most
            chain = self._chain(heard, handle, limit) if heard.reply_to and heard.place.shared else []
            found = chain or (handle.history(heard.id, limit) if limit else [])
            rows = self._exchanges(heard, found, companion)
            if heard.thread and not chain and len(found) < limit:
                rows = [*self._above(handle, companion), *rows][-limit:]
            return rows
        except (BridgeError, StoreError) as exc:
            log.warning("A turn goes on without what was said before: %s", exc)
            return []

    def _chain(self, heard: Heard, handle: Handle, most: int) -> list[Heard]:
        found: list[Heard] = []
        seen = {heard.id}
        upwards = heard.reply_to
        while upwards and upwards not in seen and len(found) < most:
            seen.add(upwards)
            message = handle.message(upwards)
            if message is None:
                break
            found.append(message)
            upwards = message.reply_to or self._asked(message)
        return found

    def _above(self, handle: Handle, companion: str) -> list[Exchange]:
        """Return what was said before a thread was made at a message, and that."""
        starter = handle.starter()
        if starter is None:
            return []
        link = self.app.memories.links.of(starter.place.id, [starter.id]).get(starter.id)
        if link is None or not link.exchange:
            return self._exchanges(starter, [starter], companion)
        here = self.app.memories.diary.browse(Filter(place=starter.place.id), limit=MOST)
        last = next((each.row for each in here if each.id == link.exchange), -1)
        earlier = [each for each in reversed(here) if each.row <= last]
        return [row for each in self.app.memories.seen.of(starter.place.id, earlier) for row in _from(each, companion)]

    def _asked(self, message: Heard) -> str:
        """Return the question that a reply of ours answers, '' for what is none."""
        link = self.app.memories.links.of(message.place.id, [message.id]).get(message.id)
        if link is None or link.kind != "reply":
            return ""
        return next(reversed(self.app.memories.links.messages(link.exchange, "question")), "")

    def _exchanges(self, heard: Heard, newest_first: Sequence[Heard], companion: str) -> list[Exchange]:
        memories, place = self.app.memories, heard.place
        since = memories.seen.since(place.id)
        messages = [each for each in reversed(newest_first) if since is None or each.when > since]
        links = memories.links.of(place.id, {each.id for each in messages} | {each.reply_to for each in messages if each.reply_to})
        numbers = [link.exchange for link in links.values() if link.exchange]
        hidden = memories.seen.hidden_among(numbers)
        exchanges = {each.id: each for each in memories.diary.get(numbers) if each.id not in hidden}
        asked = {link.exchange for link in links.values() if link.kind == "question" and any(each.id == link.message for each in messages)}
        unseen = self._hidden(messages, links)
        rows: dict[int, Exchange] = {}
        levels: dict[str, Level] = {}
        for place_in_line, message in enumerate(messages):
            link = links.get(message.id)
            if link is not None and link.exchange:
                if (found := exchanges.pop(link.exchange, None)) is not None:
                    rows[place_in_line] = found if found.id in asked else replace(found, said="")
            elif message.id not in unseen and self._counts(message, link, levels):
                rows[place_in_line] = _said(message)
        return [row for each in rows.values() for row in _from(each, companion)]

    def _counts(self, message: Heard, link: Link | None, levels: dict[str, Level]) -> bool:
        """Return whether a message that is no exchange is shown to the model; `levels` are those of people that are known by now."""
        if message.is_own or message.is_bot or not message.text.strip() or (link is not None and link.kind in ("command", "hidden")):
            return False
        if message.person.id not in levels:
            levels[message.person.id] = self.app.authorizer.level(message.asker)
        return levels[message.person.id] > Level.IGNORED and self.running.find(message.text) is None

    def _hidden(self, messages: Sequence[Heard], links: Mapping[str, Link]) -> set[str]:
        """Return the ids of messages that are hidden, of those that reply to one, and of what those are replied with."""
        unseen = {number for number, link in links.items() if link.kind == "hidden"}
        for message in messages:
            link = links.get(message.id)
            if link is not None and link.exchange:
                continue
            if message.text.lstrip().startswith(HIDING) or message.reply_to in unseen:
                unseen.add(message.id)
        return unseen


def _said(message: Heard) -> Exchange:
    return Exchange(0, message.person, message.place, "", 0, "", message.text, "", message.when)


def _from(exchange: Exchange, companion: str) -> list[Exchange]:
    """Return an exchange as a companion sees it: what another companion replied is somebody else's words."""
    if not exchange.id or exchange.companion == companion or not exchange.reply:
        return [exchange]
    other = Person(exchange.companion, exchange.companion)
    words = replace(exchange, id=0, person=other, said=exchange.reply, reply="")
    return [replace(exchange, reply=""), words] if exchange.said else [words]
