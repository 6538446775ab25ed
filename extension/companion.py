"""One turn: what is said is written, a briefing is made, the model answers, and the exchange is remembered.

Nothing in here may cost a person their answer: a failure of memory is logged and noted, and the turn goes on without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from .context.attached import unseen
from .context.library import Library
from .errors import FamiliarError, HostError, StoreError
from .memory.diary import Answer
from .memory.enrichment import Enrichment
from .memory.idle import Idle
from .memory.memories import Memories
from .messages import Attention, Briefing, Exchange, Generation, Message, Person, Sight, Summary, Turn, digest, transcript
from .ports import Host
from .prompt import Count, fit_rows, joined, pack, pack_documents, quoted, split_reasoning

log = logging.getLogger(__name__)

NOTHING_HIDDEN = Sight(1)
"""A chat of which the model sees everything."""
LONGEST_NAME = 60
RESERVE = 64
"""Tokens kept free for what the chat template adds."""


class Companion:
    """Runs turns over one memory. Safe to use from several threads."""

    def __init__(
        self,
        memories: Memories,
        idle: Idle | None = None,
        enrichment: Callable[[], Enrichment | None] = lambda: None,
        library: Library | None = None,
    ) -> None:
        """`enrichment` says what puts memory into questions now, if anything does; `library` holds documents, if there are any."""
        self.memories = memories
        self._library = library
        self._enrichment = enrichment
        self.idle = idle or Idle()
        """What is done between turns, and stops while there is one."""

    def briefing(
        self,
        turn: Turn,
        attention: Attention,
        count: Count,
        room: int | None = None,
        own: int | None = None,
        visible: Collection[str] = (),
        sight: Sight = NOTHING_HIDDEN,
        attached: Sequence[str] = (),
    ) -> Briefing:
        """Return the briefing of a turn: empty when nothing bears on it, or when recall failed (`note` says why).

        `room` is how many tokens are left in the prompt, `own` the exchange of this turn, and `visible` are the digests
        of exchanges the model sees anyway; `sight` is how much of the chat that is, and `attached` are texts of documents that the
        model sees anyway. Documents get theirs first, half of the room at most. Never raises.
        """
        budget = attention.library if room is None else min(attention.library, room // 2)
        consulted = self._consulted(turn, attention, count, budget, attached)
        left = None if room is None else room - consulted.tokens
        recalled = self._recalled(turn, attention, count, left, own, visible, sight)
        text = "\n\n".join(filter(None, (consulted.text, recalled.text)))
        tokens = count(text) if consulted.text else recalled.tokens
        most = attention.budget + (attention.library if consulted.text else 0)
        most = most if room is None else min(most, room)
        joined = replace(recalled, text=text, tokens=tokens, excerpts=consulted.excerpts).noting(consulted.note)
        return self._enriched(turn.said, joined, count, most)

    def needed(self, attention: Attention) -> int:
        """Return how many tokens a briefing may take. Never raises."""
        if self._library is None or not attention.passages.total:
            return attention.budget
        try:
            return attention.budget + (attention.library if self._library.was_used() else 0)
        except FamiliarError as exc:
            log.warning("It is not known now whether there are documents: %s", exc)
            return attention.budget + attention.library

    def _consulted(self, turn: Turn, attention: Attention, count: Count, budget: int, attached: Sequence[str]) -> Briefing:
        """Return a briefing of what the library has on a turn, empty when that failed."""
        if self._library is None or not turn.recorded or not attention.passages.total or budget <= 0:
            return Briefing()
        try:
            found = unseen(self._library.about(turn, attention, dense=self.memories.semantic.ready), attached)
            return pack_documents(found, count, budget)
        except FamiliarError as exc:
            log.warning("This turn goes on without documents: %s", exc)
            return Briefing(note=f"Documents could not be looked through: {exc}")
        except Exception as exc:
            log.exception("This turn goes on without documents")
            return Briefing(note=f"Documents could not be looked through ({type(exc).__name__}); the log has the details.")

    def _recalled(
        self,
        turn: Turn,
        attention: Attention,
        count: Count,
        room: int | None,
        own: int | None,
        visible: Collection[str],
        sight: Sight,
    ) -> Briefing:
        budget = attention.budget if room is None else min(attention.budget, room)
        if not attention.enabled or not turn.recorded or not attention.memories or budget <= 0:
            return Briefing()
        try:
            found = self.memories.about(turn, attention, own, visible)
            briefing = pack(found, count, budget, summaries=self._summaries(turn, attention, sight))
            trouble = self.memories.catch_up.trouble or ("" if self.memories.semantic.ready else "the embedding model is still loading.")
            return replace(briefing, note=_note(len(found), len(briefing.memories), trouble))
        except FamiliarError as exc:
            log.warning("This turn goes on without memories: %s", exc)
            return Briefing(note=str(exc))
        except Exception as exc:
            log.exception("This turn goes on without memories")
            return Briefing(note=f"Recall failed ({type(exc).__name__}); the log has the details.")

    def _enriched(self, said: str, briefing: Briefing, count: Count, most: int) -> Briefing:
        """Return the briefing with the question as it is better asked; as it was when that fails or takes more than `most` tokens."""
        try:
            enrichment = self._enrichment() if briefing.text else None
            question, model = enrichment.rewritten(said, briefing.text) if enrichment else ("", "")
        except FamiliarError as exc:
            log.warning("The question is asked as it is: %s", exc)
            return briefing.noting(f"The question was asked as it is: {exc}")
        except Exception as exc:
            log.exception("The question is asked as it is")
            return briefing.noting(f"The question was asked as it is ({type(exc).__name__}); the log has the details.")
        if not question or briefing.tokens + count(question) - count(said) > most:
            return briefing
        return replace(briefing, question=question, rewritten_by=model)

    def _summaries(self, turn: Turn, attention: Attention, sight: Sight) -> list[Summary]:
        if not attention.summaries:
            return []
        try:
            return self.memories.summaries.shown(turn, attention, sight)
        except StoreError as exc:
            log.warning("This turn goes on without summaries: %s", exc)
            return []

    def hear(self, turn: Turn) -> int | None:
        """Write what was said, before there is a reply. Never raises; None when nothing was written."""
        try:
            return self.memories.hear(turn)
        except Exception:
            log.exception("What was said could not be written")
            return None

    def remember(self, turn: Turn, answer: Answer) -> int | None:
        """Write the exchange. Never raises; None when it was not recorded, or kept aside."""
        try:
            number = self.memories.remember(turn, answer)
            if number is not None:
                self.memories.chat_logs.append(turn, answer, number)
            return number
        except Exception:
            log.exception("An exchange could not be written")
            return None

    def converse(
        self,
        turn: Turn,
        history: Sequence[Exchange],
        host: Host,
        generation: Generation,
        attention: Attention,
        context: str = "",
        note: str = "",
        several: bool = False,
    ) -> Conversation:
        """Return a conversation that streams the reply to one turn and remembers it at the end, however it ends.

        `note` is what the person should know of the turn beside what its briefing says. Where `several` people talk, the model is shown
        their names before what they said.
        """
        return Conversation(self, turn, history, host, generation, attention, context, note, several)


class Conversation:
    """One turn under way: iterate over it for the pieces of the reply.

    The exchange is written when the iteration ends, is closed (stopped) or fails, with what there is of the reply by
    then. Raises HostError while iterating when the model's host fails.
    """

    def __init__(
        self,
        companion: Companion,
        turn: Turn,
        history: Sequence[Exchange],
        host: Host,
        generation: Generation,
        attention: Attention,
        context: str,
        note: str = "",
        several: bool = False,
    ) -> None:
        self._companion, self._turn, self._history = companion, turn, history
        self._host, self._generation, self._attention, self._context = host, generation, attention, context
        self._note, self._several = note, several
        self.briefing = Briefing(note=note)
        self.prompt_tokens = 0
        self.raw = ""
        self.id: int | None = None

    @property
    def answer(self) -> Answer:
        """The reply so far, reasoning apart."""
        reasoning, reply = split_reasoning(self.raw)
        shown = self.briefing
        return Answer(reply.strip(), reasoning, self._asked("model"), self._asked("adapter"), shown.memory_ids, shown.passage_ids)

    def __iter__(self) -> Iterator[str]:
        with self._companion.idle.turn(str(id(self))):
            yield from self._reply()

    def _reply(self) -> Iterator[str]:
        self.id = self._companion.hear(self._turn)
        pieces: Iterator[str] = iter(())
        try:
            messages = self.messages()
            pieces = self._host.generate(messages, self._generation)
            for piece in pieces:
                self.raw += piece
                yield piece
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
            if self.raw:
                self.id = self._companion.remember(self._turn, self.answer) or self.id

    def _asked(self, name: str) -> str:
        try:
            return str(getattr(self._host, name))
        except HostError:  # a server that went away in the middle cannot be asked, and what it said is kept all the same
            return ""

    def messages(self) -> list[Message]:
        """Return what the model is shown, which is what it would be shown where the turn was not begun. Raises HostError."""
        count = self._host.count
        system = [Message("system", self._context)] if self._context else []
        said = self._named(self._turn.person, self._turn.said)
        room = self._host.context_length - self._generation.max_new_tokens - RESERVE - count(self._context) - count(said)
        if room < 0:
            raise HostError(
                f"The message is too long for {self._host.model}: it sees {self._host.context_length} tokens at once. "
                "Shorten the message, lower max_new_tokens, or use a model with a longer context."
            )
        # The briefing may take up to half of the room, so that a long chat cannot starve memory, nor memory the chat.
        rows = [(self._named(exchange.person, exchange.said), exchange.reply) for exchange in self._history]
        needed = self._companion.needed(self._attention) if self._turn.recorded else 0
        seen = shown_rows(rows, count, room - min(needed, room // 2), self._attention.messages)
        self.briefing = self._companion.briefing(
            self._turn,
            self._attention,
            count,
            room // 2,
            own=self.id,
            visible={digest(each.said, each.reply) for each in self._history[len(rows) - len(seen) :]},
            sight=Sight(len(rows), len(rows) - len(seen)),
        ).noting(self._note)
        asked = self.briefing.before(said)
        messages = [*system, *joined([*transcript(seen), *([Message("user", asked)] if asked else [])])]
        self.prompt_tokens = sum(count(message.content) for message in messages)
        return messages

    def _named(self, person: Person, said: str) -> str:
        return f"{quoted(person.shown, LONGEST_NAME)}: {said}" if self._several and said else said


def shown_rows(rows: Sequence[tuple[str, str]], count: Count, room: int, messages: int) -> list[tuple[str, str]]:
    """Return the rows of a chat that the model is shown before the question: the latest that fit into so many tokens.

    With `messages` above 0 no more than that many messages are shown, the question among them; a row may lose what was said in it.
    """
    seen = fit_rows(rows, count, room)
    if not messages:
        return list(seen)
    whole, half = divmod(messages - 1, 2)
    kept = list(seen[-whole:]) if whole else []
    before = seen[-whole - 1 : -whole or None][:1] if half else []
    return [*(("", reply) for _, reply in before), *kept]


def _note(found: int, shown: int, trouble: str) -> str:
    if trouble:
        return f"Recall by meaning is not available, words alone decided: {trouble}"
    if shown < found:
        return f"{found - shown} more would not fit into the token budget."
    return ""
