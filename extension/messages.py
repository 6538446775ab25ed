"""The values that travel through Familiar: who speaks, where, what was said, and what was recalled.

All of them are frozen: a transform returns a new value. Times are timezone-aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Scope = Literal["place", "companion", "person"]
"""How far recall may look: this chat, everything said to this companion, everything of this person."""

ShelfScope = Literal["place", "companion", "everyone"]
"""Whom a document is for: those in one chat, one companion with one person, all."""

SHELVES: tuple[ShelfScope, ...] = ("place", "companion", "everyone")

SummaryKind = Literal["place", "session", "person"]
"""A chat as far as it fell out of the model's sight, one sitting in a chat, what one person said."""

SCOPES: tuple[Scope, ...] = ("place", "companion", "person")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, as chat templates and OpenAI-compatible servers take it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks. `id` is the identity memory is kept under; `name` is how the person is shown."""

    id: str
    name: str = ""

    @property
    def shown(self) -> str:
        """The name to show, which is the id when no name is known."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was said: a webui chat, an API caller, a channel, a room, a terminal."""

    id: str
    shared: bool = False
    """False for a private place (one person and the companion), True for one that several people share."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a person to a companion, before its reply exists.

    `row` is the position of the message in its place. Where the door gives no identity to a conversation (an API
    caller sends its whole history each time), `branch` is a digest of what came before, so that two conversations
    of one caller never overwrite each other.
    """

    person: Person
    place: Place
    companion: str
    said: str
    row: int
    when: datetime
    branch: str = ""
    recorded: bool = True
    """False for an incognito chat or a caller without identity: nothing is written, and nothing is recalled."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn as remembered: what was said, the reply, and how the reply came about."""

    id: int
    person: Person
    place: Place
    companion: str
    row: int
    branch: str
    said: str
    reply: str
    when: datetime
    reasoning: str = ""
    model: str = ""
    adapter: str = ""
    memories: tuple[int, ...] = ()
    """Ids of the exchanges that were shown to the model for this reply."""
    excerpts: tuple[tuple[int, ...], ...] = ()
    """What was shown to it of documents, each as the ids of its passages; the first is what the reply calls [1]."""
    feedback: int = 0
    """-1 thumbs down, 0 none, 1 thumbs up."""
    pinned: bool = False
    realm: int = 0
    """The unit of privacy this exchange lies in (see memory.realms)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A recalled exchange with the evidence for it. All scores are in 0..1."""

    exchange: Exchange
    score: float
    lexical: float = 0.0
    """Full-text score as a part of the best one of this question."""
    dense: float = 0.0
    """Cosine similarity between the question and the closer of what was said and the reply."""
    changed: tuple[str, ...] = field(default=(), kw_only=True)
    """What holds now in place of what was said then, as notes: `Ada, home: Porto`."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a chat, a session or a person comes down to: it stands for exchanges the model does not see."""

    id: int
    kind: SummaryKind
    text: str
    since: datetime
    """When the first of the exchanges was said that it stands for."""
    until: datetime
    tokens: int
    stands_for: int
    """Tokens of the exchanges it stands for."""
    exchanges: int
    """How many they are."""
    realm: int = 0
    person: str = ""
    """Id of the person it is about, '' for a summary of a chat or a session."""
    place: str = ""
    """Id of the place it is about, '' for a summary of a person."""
    model: str = ""
    """Which model wrote it, '' for sentences chosen from what was said."""

    @property
    def saved(self) -> int:
        """Tokens that it saves."""
        return max(self.stands_for - self.tokens, 0)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document that bears on a question: a passage, or several that follow each other. Scores are in 0..1."""

    document: int
    passages: tuple[int, ...]
    """The ids of its passages."""
    scope: ShelfScope
    title: str
    """Of the document."""
    source: str
    """The path or address the document was read from, or what it was called."""
    text: str
    titles: tuple[str, ...] = ()
    """The headings it stands under, outermost first."""
    page: int | None = None
    last_page: int | None = None
    score: float = 0.0
    lexical: float = 0.0
    """Strength of the words it shares with the question."""
    dense: float = 0.0
    """Cosine similarity with the question."""

    @property
    def name(self) -> str:
        """The file's name, or the address without what stands behind a question mark."""
        if self.source.startswith(("http://", "https://")):
            return self.source.partition("?")[0].partition("#")[0]
        return self.source.replace("\\", "/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Sight:
    """How much the model sees of a chat: of how many `rows` before the question how many are `hidden`, the oldest ones."""

    rows: int = 0
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Briefing:
    """The block put before the question of one turn; empty text when nothing relevant was found."""

    text: str = ""
    memories: tuple[Memory, ...] = ()
    tokens: int = 0
    note: str = ""
    """Why there is less than a person might expect, in a sentence; empty when all went well."""
    summaries: tuple[Summary, ...] = ()
    question: str = ""
    """The question as it is asked in place of the person's words; empty where these are asked (see memory.enrichment)."""
    rewritten_by: str = ""
    """The model that put it so."""
    excerpts: tuple[Excerpt, ...] = ()
    """What was shown of documents; the first is number 1."""

    @property
    def memory_ids(self) -> tuple[int, ...]:
        """The ids of the exchanges that were shown."""
        return tuple(memory.exchange.id for memory in self.memories)

    @property
    def passage_ids(self) -> tuple[tuple[int, ...], ...]:
        """The ids of the passages of each excerpt."""
        return tuple(excerpt.passages for excerpt in self.excerpts)

    @property
    def saved(self) -> int:
        """Tokens that its summaries save: those of what they stand for, less their own."""
        return sum(summary.saved for summary in self.summaries)

    def noting(self, note: str) -> Briefing:
        """Return it with one more sentence for the person."""
        return replace(self, note=" ".join(filter(None, (self.note, note))))

    def before(self, question: str) -> str:
        """Return the question with this briefing in front of it; the question is last and whole."""
        return f"{self.text}\n\n{self.question or question}" if self.text else question


@dataclass(frozen=True, slots=True)
class Shares:
    """How many passages of documents the model is shown at most, by whom they are for. 0 leaves them out."""

    place: int = 8
    companion: int = 8
    everyone: int = 8

    def of(self, scope: ShelfScope) -> int:
        """Return the number of one scope."""
        return {"place": self.place, "companion": self.companion, "everyone": self.everyone}[scope]

    @property
    def total(self) -> int:
        """All of them together."""
        return self.place + self.companion + self.everyone


@dataclass(frozen=True, slots=True)
class Attention:
    """What the person chose in the panel: whether and how far to recall, and how much of it to show to the model."""

    enabled: bool = True
    scope: Scope = "companion"
    budget: int = 800
    """Tokens."""
    memories: int = 6
    summaries: bool = True
    """Whether summaries stand for what the model does not see."""
    passages: Shares = field(default_factory=Shares)
    library: int = 2000
    """Tokens that documents may take, beside those of memories."""
    shelf: str = ""
    """The companion whose documents are shown; empty for the one that answers."""
    messages: int = 0
    """How many messages of the chat are shown, the question among them; 0 for as many as fit."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Settings of one generation. None leaves the choice to the model's host."""

    max_new_tokens: int = 256
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())
    further: tuple[tuple[str, Any], ...] = ()
    """What else was chosen, by the names of options.generation and in their order; None is without it, whatever the model's own settings
    say. Values can be hashed."""
    banned: tuple[str, ...] = ()
    """Words that are not to be said."""
    weighted: tuple[tuple[str, float], ...] = ()
    """Words that are to be likelier or less likely, each with what is added to its logit, -10 to 10."""
    whole: bool = False
    """Whether a decoding mode was chosen, so that none of the decoding settings a host keeps for itself is to remain beside it."""


def digest(*texts: str) -> str:
    """Return a 128-bit hexadecimal digest of texts, order and boundaries included (BLAKE2b)."""
    state = blake2b(digest_size=16)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


def transcript(history: Sequence[tuple[str, str]]) -> list[Message]:
    """Return the messages of (said, reply) rows in order, leaving out empty halves."""
    rows = [(("user", said), ("assistant", reply)) for said, reply in history]
    return [Message(role, text) for row in rows for role, text in row if text]  # type: ignore[arg-type]
