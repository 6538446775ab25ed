"""Turns in the queue: what a companion is asked, what of the place it is shown, and what becomes of its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

from ..companion import Conversation
from ..errors import BridgeError, FamiliarError, Stopped, StoreError
from ..memory.diary import Answer
from ..memory.links import Kind
from ..messages import Exchange, Generation, Person, Turn
from ..options.layers import Choices
from ..prompt import split_reasoning
from ..texts import tr
from .attachments import Attachments, Brought
from .context import Context
from .delivery import Delivery, Notice, typing
from .heard import Button, Handle, Heard
from .journal import Journal
from .tally import Tally, Timed

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

GO_ON = "(Go on where you stopped, without repeating anything.)"
NEXT = "(It is your turn to say something.)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a companion is to answer."""

    turn: Turn
    history: Sequence[Exchange]
    said: str
    """What the model is asked, with whatever of files belongs to it; the diary gets what the turn says."""
    prefix: str = ""
    """What stands before the reply, where it goes on from that."""
    notes: tuple[str, ...] = ()
    """What the person is told beside the reply."""

    def whole(self, raw: str) -> str:
        """Return the reply with what stands before it, a space between words."""
        reply = split_reasoning(raw)[1]
        gap = " " if self.prefix and not self.prefix[-1].isspace() and reply[:1].isalnum() else ""
        return f"{self.prefix}{gap}{reply}".strip()


@dataclass(frozen=True)
class Turns:
    """Runs turns of the places of a platform."""

    app: App
    context: Context
    journal: Journal
    buttons: Callable[[int], tuple[Button, ...]]
    """The buttons below the reply of an exchange."""
    tally: Tally

    def answer(self, messages: Sequence[Heard], handle: Handle, companion: str, delivery: Delivery, stop: Event) -> int | None:
        """Answer what one person said, and return the exchange. Raises FamiliarError where there is no answer."""
        last = messages[-1]
        choices = self.app.choices(last.spot)
        brought = Attachments(self.app).read(messages, companion, stop.is_set, keep=choices["keep-attachments"])
        said = brought.said("\n".join(each.text.strip() for each in messages if each.text.strip()))
        if not said:
            raise BridgeError(" ".join(brought.problems) or tr("There is nothing in this message to answer."))
        turn = replace(self.app.turn(said, last.place, companion, last.person, self._row(messages)), when=messages[0].when)
        asked = Asked(turn, self._history(messages[0], handle, companion, choices, brought), said, notes=brought.problems)
        return self._speak(asked, handle, delivery, stop, choices, [each.id for each in messages])

    def again(self, exchange: Exchange, first: Heard, handle: Handle, delivery: Delivery, stop: Event, by: Person) -> int | None:
        """Answer an exchange anew; the answer there was is kept. Raises FamiliarError."""
        choices = self.app.choices(first.spot)
        kept = self.app.memories.former.keep(exchange, by)
        asked = Asked(turn_of(exchange), self._history(first, handle, exchange.companion, choices, Brought(), exchange), exchange.said)
        try:
            return self._speak(asked, handle, delivery, stop, choices, ())
        except FamiliarError:
            if kept is not None:
                self.app.memories.former.drop(kept)  # it stands there still
            raise

    def further(self, exchange: Exchange, first: Heard, handle: Handle, delivery: Delivery, stop: Event) -> int | None:
        """Let a companion go on with a reply. Raises FamiliarError."""
        choices = self.app.choices(first.spot)
        history = [*self._history(first, handle, exchange.companion, choices, Brought(), exchange), exchange]
        asked = Asked(turn_of(exchange), history, GO_ON, exchange.reply)
        return self._speak(asked, handle, delivery, stop, choices, ())

    def deliver(self, exchange: Exchange, delivery: Delivery) -> int:
        """Send the reply that an exchange has. Raises BridgeError."""
        links = self.app.memories.links
        delivery.finish(exchange.reply, self.buttons(exchange.id), lambda ids: links.note(exchange.place.id, ids, "reply", exchange.id))
        return exchange.id

    def next(self, heard: Heard, handle: Handle, companion: str, delivery: Delivery, stop: Event) -> int | None:
        """Let a companion speak without having been asked. Raises FamiliarError."""
        choices = self.app.choices(heard.spot)
        turn = self.app.turn("", heard.place, companion, heard.person)
        latest = replace(heard, id="", reply_to="")
        asked = Asked(turn, self.context.rows(latest, handle, companion, _most(choices)), NEXT)
        return self._speak(asked, handle, delivery, stop, choices, ())

    def shown(self, heard: Heard, handle: Handle, companion: str, said: str) -> Conversation:
        """Return the conversation that saying something now would be, not begun. Raises FamiliarError."""
        choices = self.app.choices(heard.spot)
        turn = Turn(heard.person, heard.place, companion, said, 0, heard.when)
        asked = Asked(turn, self._history(heard, handle, companion, choices, Brought()), said)
        return self._conversation(asked, choices, Event())

    def _history(
        self, first: Heard, handle: Handle, companion: str, choices: Choices, brought: Brought, without: Exchange | None = None
    ) -> list[Exchange]:
        rows = self.context.rows(first, handle, companion, _most(choices))
        found = [each for each in rows if without is None or each.id != without.id]
        if brought.shown:
            found.append(Exchange(0, Person(first.person.id, "Attached"), first.place, "", 0, "", brought.shown, "", first.when))
        return found

    def _row(self, messages: Sequence[Heard]) -> int | None:
        """Return the row of what was heard before, as before an edit or a kill, or the one it has from now on; None where that fails."""
        place, ids = messages[0].place.id, [each.id for each in messages]
        links = self.app.memories.links.of(place, ids)
        numbers = [link.exchange for link in links.values() if link.kind == "question" and link.exchange]
        found = self.app.memories.diary.get(numbers)
        return found[0].row if found else self.journal.row(place, ids)

    def _conversation(self, asked: Asked, choices: Choices, stop: Event) -> Conversation:
        app, turn = self.app, asked.turn
        character = app.character(turn.companion)
        chosen, told = app.host_for(character.expert)
        generation: Generation = choices.answering(character.expert.generation(app.generation), turn.said)
        attention = character.expert.attention(app.attention)
        several = turn.place.shared or any(not each.id and each.person.id != turn.person.id for each in asked.history)
        put = turn if asked.said == turn.said else replace(turn, said=asked.said, recorded=False)
        host = Timed(chosen, stop, self.tally)
        context = choices.context(character.context, turn.said)
        return app.companion.converse(put, asked.history, host, generation, attention, context, told, several)

    def _speak(
        self, asked: Asked, handle: Handle, delivery: Delivery, stop: Event, choices: Choices, questions: Sequence[str]
    ) -> int | None:
        delivery.streaming = delivery.streaming and bool(choices["streaming"])
        conversation = self._conversation(asked, choices, stop)
        notes = asked.notes
        try:
            self._stream(asked, conversation, delivery, questions)
        except FamiliarError as exc:
            if not conversation.answer.reply:
                raise
            notes = (*notes, str(exc))
        number = self._kept(asked, conversation) or conversation.id
        if not conversation.answer.reply:
            if stop.is_set():
                raise Stopped(tr("Stopped before the first word."))
            raise BridgeError(tr("The model answered nothing. Say it again, or try another model."))
        text = "\n".join((asked.whole(conversation.raw), *(f"({note})" for note in notes)))
        delivery.finish(text, self.buttons(number) if number else (), lambda messages: self._link(asked, messages, "reply", number))
        self.tally.ended(well=True)
        return number

    def _stream(self, asked: Asked, conversation: Conversation, delivery: Delivery, questions: Sequence[str]) -> None:
        if questions:  # from now on an edit or a deletion finds it, however long the model takes to its first word
            self._link(asked, questions, "question", self.app.companion.hear(asked.turn))
        for _ in conversation:
            delivery.show(asked.whole(conversation.raw))

    def _kept(self, asked: Asked, conversation: Conversation) -> int | None:
        """Write an exchange that the model was not asked in the words of its turn; None where it writes itself, or said nothing."""
        if asked.said == asked.turn.said or not conversation.raw:
            return None
        answer = conversation.answer
        if not answer.reply:
            return None
        return self.app.companion.remember(
            asked.turn, Answer(asked.whole(conversation.raw), answer.reasoning, answer.model, answer.adapter)
        )

    def _link(self, asked: Asked, messages: Sequence[str], kind: Kind, number: int | None) -> None:
        if messages and number:
            try:
                self.app.memories.links.note(asked.turn.place.id, messages, kind, number)
            except StoreError as exc:
                log.warning("Which messages belong to an exchange could not be kept: %s", exc)


def _most(choices: Choices) -> int | None:
    """Return how many messages are shown before the question, None for as many as fit."""
    chosen = choices["input-buffer-size"]
    return None if chosen is None else int(chosen) - 1


def turn_of(exchange: Exchange) -> Turn:
    """Return the turn that an exchange was."""
    return Turn(exchange.person, exchange.place, exchange.companion, exchange.said, exchange.row, exchange.when, exchange.branch)


@dataclass(eq=False)
class Work:
    """A turn in the queue: whose, where, and what is done. `key` is the message it answers, or of the exchange it changes."""

    person: str
    place: str
    key: str
    handle: Handle
    delivery: Callable[[], Delivery]
    do: Callable[[Delivery, Event], object]
    notice: Notice
    tally: Tally
    told: Callable[[Work, Sequence[str]], None]
    """Is given the messages that say why there is no reply."""
    open: list[str]
    """What the journal keeps until it is done."""
    journal: Journal
    closing: Event
    """Set once the program ends: what is not answered by then is left to the next one."""
    by_itself: bool = False
    """Whether nobody asked for it: companions among each other."""
    quiet: bool = False
    """Whether nothing is said when it is stopped, since something else takes its place."""

    def run(self, stop: Event) -> None:
        """Do it, showing that we are writing, and say in a sentence why there is nothing where that is so."""
        delivery = self.delivery()
        try:
            with typing(self.handle):
                self._do(delivery, stop)
        finally:
            if delivery.over or not self.closing.is_set():
                self.journal.end(self.place, self.open)

    def _do(self, delivery: Delivery, stop: Event) -> None:
        try:
            self.do(delivery, stop)
        except Stopped as exc:
            if not self.closing.is_set():
                self._stopped(delivery, str(exc))
            raise
        except FamiliarError as exc:
            log.warning("There is no reply: %s", type(exc).__name__)
            self.tally.ended(well=False)
            self._say(delivery, str(exc))
        except Exception as exc:
            log.exception("A reply failed")
            self.tally.ended(well=False)
            self._say(delivery, tr("The reply failed ({kind}). Try again; the log has the details.", kind=type(exc).__name__))

    def _stopped(self, delivery: Delivery, why: str) -> None:
        if not self.quiet:
            self._say(delivery, why)
        elif not delivery.replied:
            delivery.withdraw()

    def _say(self, delivery: Delivery, why: str) -> None:
        replied, said = delivery.replied, delivery.say(why)
        if said and not replied:
            self.told(self, [said])
