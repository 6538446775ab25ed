"""What Matrix sends, as it is looked at: events whose every field was checked, since anybody may send anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

Content = Mapping[str, Any]

TEXTS = frozenset({"m.text", "m.emote", "m.notice"})
FILES = frozenset({"m.image", "m.file", "m.audio", "m.video"})
AUTOMATED = ("m.automated", "org.matrix.msc1767.automated")
"""Marks of what a program says (MSC3955)."""
LONGEST_ID = 255
_QUOTED = re.compile(r"> (?:\* )?<@[^>\n]{1,255}>")


@dataclass(frozen=True, slots=True)
class Relation:
    """How an event relates to others."""

    kind: str = ""
    """`m.replace`, `m.annotation`, `m.thread`, …"""
    event: str = ""
    """The event it relates to by that."""
    key: str = ""
    """The emoji of a reaction."""
    reply_to: str = ""
    """The message it replies to, '' for none; what only stands there for programs that know no threads is none."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a room."""

    id: str
    sender: str
    type: str
    when: datetime
    content: Content
    relation: Relation = Relation()
    redacts: str = ""
    ours: bool = False
    """Whether this device sent it."""
    redacted: bool = False
    edit: Content | None = None
    """The newest edit of it that the server knows of, as an event that was not looked at yet."""
    is_edited: bool = False
    """Whether its content is that of an edit."""
    latest: str = ""
    """Of a thread's first message: the newest message in the thread."""

    @property
    def root(self) -> str:
        """The first message of the thread it lies in, '' for none."""
        return self.relation.event if self.relation.kind == "m.thread" else ""

    @property
    def replaces(self) -> str:
        """The message that it is an edit of, '' for none."""
        return self.relation.event if self.relation.kind == "m.replace" else ""

    @property
    def is_message(self) -> bool:
        """Whether it says something or brings a file."""
        return self.type == "m.room.message" and not self.redacted and text_at(self.content, "msgtype") in TEXTS | FILES

    def edited(self, by: Event) -> Event:
        """Return it with the content of an edit; as it is where that is no edit of it by its own sender."""
        new = mapping_at(by.content, "m.new_content")
        valid = by.replaces == self.id and by.sender == self.sender and by.type == self.type and not self.replaces and not by.redacted
        return replace(self, content=new, is_edited=True) if valid and new else self


def event_of(given: Any) -> Event | None:
    """Return an event as a server sent it, or as it was decrypted; None for what is none."""
    if not isinstance(given, Mapping):
        return None
    content, unsigned = mapping_at(given, "content"), mapping_at(given, "unsigned")
    event, sender, kind = (text_at(given, name) for name in ("event_id", "sender", "type"))
    if not (is_event(event) and is_user(sender) and kind):
        return None
    together = mapping_at(unsigned, "m.relations")
    return Event(
        event,
        sender,
        kind,
        moment(given.get("origin_server_ts")),
        content,
        relation_of(content),
        redacts=text_at(given, "redacts") or text_at(content, "redacts"),
        ours=bool(text_at(unsigned, "transaction_id")),
        redacted=is_removed(given),
        edit=mapping_at(together, "m.replace") or None,
        latest=text_at(mapping_at(mapping_at(together, "m.thread"), "latest_event"), "event_id"),
    )


def relation_of(content: Content) -> Relation:
    """Return how an event of some content relates to others."""
    given = mapping_at(content, "m.relates_to")
    kind, event = text_at(given, "rel_type"), text_at(given, "event_id")
    reply_to = text_at(mapping_at(given, "m.in_reply_to"), "event_id")
    if kind == "m.thread" and given.get("is_falling_back") is True:
        reply_to = ""
    known = kind if is_event(event) else ""
    return Relation(known, event if known else "", text_at(given, "key"), reply_to if is_event(reply_to) else "")


def said(event: Event) -> str:
    """Return the words of a message: the caption of a file, and without what it quotes of the message it replies to."""
    content, body = event.content, text_at(event.content, "body")
    if text_at(content, "msgtype") in FILES:
        name = text_at(content, "filename")
        return body if name and body != name else ""
    if event.relation.reply_to and _QUOTED.match(body):
        lines = body.split("\n")
        first = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
        return "\n".join(lines[first:]).removeprefix("\n")
    return body


def is_automated(event: Event) -> bool:
    """Return whether a program says it: those answer nobody."""
    return text_at(event.content, "msgtype") == "m.notice" or any(event.content.get(name) is True for name in AUTOMATED)


def mentioned(event: Event, user: str) -> bool:
    """Return whether a message mentions somebody: as it says itself, or, where it says nothing of that, by its words."""
    given = event.content.get("m.mentions")
    if isinstance(given, Mapping):
        users = given.get("user_ids")
        return isinstance(users, list) and user in users
    formatted = text_at(event.content, "formatted_body")
    return user in text_at(event.content, "body") or f"https://matrix.to/#/{user}" in formatted


def without_mention(text: str, names: tuple[str, ...]) -> str:
    """Return a text without one of these names at its beginning, however it is written there."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        found = re.match(rf"\s*(?:\[@?{re.escape(name)}\]\([^)\s]*\)|@?{re.escape(name)})(?!\w)\s*[:,]?\s*", text, re.IGNORECASE)
        if found and found.end():
            return text[found.end() :]
    return text


def mapping_at(given: Content, name: str) -> Content:
    """Return the mapping of a name, empty where there is none."""
    found = given.get(name)
    return found if isinstance(found, Mapping) else {}


def mappings_at(given: Content, name: str) -> list[Content]:
    """Return the mappings in the list of a name, none where there is no list."""
    found = given.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def text_at(given: Content, name: str) -> str:
    """Return the text of a name, '' where there is none."""
    found = given.get(name)
    return found if isinstance(found, str) else ""


def number_at(given: Content, name: str) -> int:
    """Return the whole number of a name, 0 where there is none that makes sense."""
    found = given.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 53 else 0


def is_removed(given: Content) -> bool:
    """Return whether an event was removed, as a server says of it."""
    return "redacted_because" in mapping_at(given, "unsigned")


def is_event(text: str) -> bool:
    """Return whether a text can be the id of an event."""
    return text.startswith("$") and 1 < len(text) <= LONGEST_ID and text.isprintable()


def is_room(text: str) -> bool:
    """Return whether a text can be the id of a room."""
    return text.startswith("!") and 1 < len(text) <= LONGEST_ID and text.isprintable()


def is_user(text: str) -> bool:
    """Return whether a text can be the id of a person."""
    return text.startswith("@") and ":" in text and len(text) <= LONGEST_ID and text.isprintable()


def server_of(user: str) -> str:
    """Return the server that a person has their account on."""
    return user.partition(":")[2]


def moment(milliseconds: Any) -> datetime:
    """Return when something was sent: what a server says, which is never later than now."""
    now = datetime.now(UTC)
    if not isinstance(milliseconds, int) or milliseconds < 0 or milliseconds >= now.timestamp() * 1000:
        return now
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
