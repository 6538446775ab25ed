"""What a platform tells the conversation core, and how the core answers: the one seam between them. No platform is named in here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ..commands.command import File
from ..messages import Person, Place
from ..options.layers import Spot
from ..permissions.authorizer import Asker
from .splitter import LIMIT, Measure, utf16

_PINGS = re.compile(r"@(?=(?:everyone|here|room|channel|all)\b)|(?<=<@)(?=&\d)", re.IGNORECASE)
_UNSEEN = "\u200b"


def defused(text: str) -> str:
    """Return a text that reads the same and calls nobody: `@everyone`, `@here`, `@room` and mentions of roles are no such thing in it.

    Whoever else is mentioned in it is called only where `Post.mentions` says so.
    """
    return _PINGS.sub(lambda found: f"{found.group()}{_UNSEEN}", text)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a message."""

    name: str
    size: int
    """Bytes, as the platform says."""
    read: Callable[[], bytes]
    """Fetches its content. Raises FamiliarError."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message on a platform."""

    id: str
    person: Person
    place: Place
    text: str
    """What it says, without a mention of us at its beginning."""
    when: datetime
    server: str = ""
    category: str = ""
    channel: str = ""
    """Id of the channel, of a thread that of the channel it lies in."""
    thread: str = ""
    names: tuple[str, ...] = ()
    """What the channel and its category are called."""
    roles: tuple[str, ...] = ()
    is_bot: bool = False
    is_own: bool = False
    """Whether we sent it."""
    mentioned: bool = False
    """Whether it mentions us."""
    reply_to: str = ""
    """Id of the message it replies to, '' for none."""
    attachments: tuple[Attached, ...] = ()
    direct: bool = False
    """Whether it is said to us in private."""
    alone: bool = False
    """Whether nobody else is in the place."""
    own_thread: bool = False
    """Whether the place is a thread that was made for talking with us."""

    @property
    def asker(self) -> Asker:
        """Who says it, as the authorizer asks."""
        around = tuple(filter(None, (self.channel, self.category, self.thread)))
        return Asker(self.person, self.place, self.server, around, self.roles)

    @property
    def spot(self) -> Spot:
        """Where things are chosen, and for whom."""
        return Spot(self.server, self.channel or self.place.id, self.thread, self.person.id)


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message. Its id stays good after a restart."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Post:
    """A message to be sent."""

    text: str = ""
    mentions: tuple[str, ...] = ()
    """Ids of the people it may call; nobody else is called, whatever the text says."""
    reply_to: str = ""
    buttons: tuple[Button, ...] = ()
    file: File | None = None
    speaker: str = ""
    """The name under which it is shown, where the platform can; '' for our own."""
    private: bool = False
    """Whether only who asked may see it. Only sent where the platform can do that."""
    key: str = ""
    """Names the post among all of ours: given again under the same key, also after a restart, it is the message that was sent
    first, as far as the platform can tell; '' for none."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do."""

    limit: int = LIMIT
    """The most that a message holds."""
    measure: Measure = utf16
    edits: bool = True
    buttons: bool = True
    reactions: bool = True
    threads: bool = True
    names: bool = False
    """Whether a message can be sent under another name."""
    files: bool = True
    private: bool = False
    """Whether an answer can be shown to who asked alone."""
    typing: float = 0.0
    """Seconds after which typing has to be told again; 0 where it cannot be told."""
    receipts: bool = False
    pace: float = 1.0
    """Least seconds between two edits while a reply is being written; more where the platform answers slowly."""
    most_edits: int = 60
    """Edits of one message while it is being written, at most."""


class Handle(Protocol):
    """How the core answers in one place. What the platform refuses is raised as BridgeError; methods wait until it is done."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here."""

    def post(self, post: Post) -> str:
        """Send a message and return its id."""

    def edit(self, message: str, text: str, buttons: Sequence[Button] = (), *, passing: bool = False) -> None:
        """Put another text and other buttons in the place of those of a message of ours.

        `passing` says that another edit follows: where the platform asks for patience, it raises Throttled and does not wait.
        """

    def delete(self, message: str) -> None:
        """Remove a message of ours."""

    def react(self, message: str, emoji: str) -> None:
        """React to a message."""

    def typing(self, on: bool) -> None:
        """Show that we are writing, or that we are not any more."""

    def seen(self, message: str) -> None:
        """Tell that a message was read."""

    def make_thread(self, name: str, message: str = "") -> str:
        """Make a thread to talk in, at a message or at none, and return how it is shown as a link."""

    def history(self, before: str, limit: int) -> Sequence[Heard]:
        """Return messages of this place as they are now, the newest first: those before a message, or the last ones for ''."""

    def message(self, message: str) -> Heard | None:
        """Return a message of this place as it is now, None where there is none."""

    def starter(self) -> Heard | None:
        """Return the message that this thread was made at, as it is in its own place; None for a place that is no such thread."""

    def people(self) -> Sequence[Person]:
        """Return who can be spoken of here."""

    def roles(self, person: Person) -> tuple[str, ...]:
        """Return the ids of somebody's roles on this server."""

    def direct(self, person: Person) -> Handle | None:
        """Return where somebody can be answered in private, None where they cannot."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody's reaction to a message, or that they took it back."""

    message: str
    emoji: str
    by: Heard
    """Who, and from where; its id and text count for nothing."""
    added: bool = True


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed, and on which message."""

    button: str
    message: str
    by: Heard
    """Who, and from where; its id and text count for nothing."""
    values: dict[str, str] = field(default_factory=dict)
    """What they typed with it, where a form was shown."""
