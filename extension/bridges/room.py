"""The conversation core: everything that is heard on a platform comes in here, and is answered, obeyed, or left with a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex
from threading import Event
from typing import TYPE_CHECKING

from ..commands.running import Given, Running, misspelt
from ..commands.written import Misspelt
from ..errors import BridgeError, CommandRefused, Denied, QueueFull, StoreError
from ..memory.links import Kind
from ..messages import Exchange, Place
from ..texts import tr
from .bursts import After, Burst, Bursts, after
from .commanding import NO, YES, Commanding
from .context import Context, to_another
from .deciding import Answer, Silence, Silences, addressed_by_name, decide, refused
from .delivery import Delivery, Notice, Outgoing
from .finding import Finding, companion_of, companions_of, message_of
from .gateway import Gateway
from .heard import Button, Handle, Heard, Post, Pressed, Reacted
from .journal import Journal
from .queue import CLOSING_TIME, Queue, Ticket
from .recovery import BY_ITSELF, Recovery
from .stage import MOST_TURNS, Program, Stage
from .tree import Tree, buttons_of
from .turn import Turns, Work

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)


class Room:
    """All places of one platform. Its methods may take as long as a command takes: call them from threads, from several at once if need be.

    None of them raises but for mistakes of ours.
    """

    def __init__(
        self,
        app: App,
        running: Running,
        door: str,
        *,
        queue: Queue | None = None,
        timer: After = after,
    ) -> None:
        """`door` names the platform in the record."""
        chosen = app.settings
        self.app, self.running, self.door = app, running, door
        self.queue = queue or Queue(chosen.slots, chosen.queue_longest, chosen.queue_each)
        self.program: Program | None = None
        """What can be restarted and ended from here."""
        self.silences = Silences()
        self.context = Context(app, running)
        self.journal = Journal(app.memories.unfinished, door)
        self.turns = Turns(app, self.context, self.journal, buttons_of, self.queue.tally)
        self.commanding = Commanding(running, chosen.most_parts)
        self.tree = Tree(self)
        self.finding = Finding(app, self.context, self.journal.known)
        self.recovery = Recovery(self)
        self.closing = Event()
        self._bursts = Bursts(lambda: app.settings.burst_pause, self._ready, timer)

    def hear(self, heard: Heard, handle: Handle, *, reacted: bool = False) -> Answer | Silence | None:
        """Take up a message, and return whether it is answered; None for a command."""
        facts = self.finding.facts(heard, handle, reacted=reacted)
        if refusal := refused(heard, facts):
            return self._silent(heard, refusal)
        worded, companion = self.worded(heard)
        questions = self.running.questions
        if found := questions.answered(worded.asker, worded.text) or self.running.find(worded.text):
            self._give(found, worded, handle, companion)
            return None
        decision = decide(heard, facts)
        if facts.speaking and self._bursts.join(worded, addressed=isinstance(decision, Answer)):
            self.journal.take(heard.place.id, heard.id)
            return decision if isinstance(decision, Answer) else Answer("it goes on with what was just said")
        if isinstance(decision, Silence):
            return self._silent(heard, decision)
        meant = None if questions.insisted(worded.asker, worded.text) else self.running.meant(worded.text, companion)
        if meant is not None:
            self._give(meant, worded, handle, companion)
            return None
        return self._take_up(worded, handle, companion, decision)

    def worded(self, heard: Heard) -> tuple[Heard, str]:
        """Return a message without the name it calls somebody by, and the companion it is for."""
        choices = self.app.choices(heard.spot)
        companion, text = to_another(heard.text, companions_of(self.app, choices)) or (companion_of(self.app, choices), heard.text)
        name = addressed_by_name(text, (companion, self.app.settings.companion), choices["alias"])
        return replace(heard, text=text[name:] or text), companion

    def edited(self, heard: Heard, handle: Handle) -> None:
        """Take up that a message was edited: an answered one is answered anew."""
        if not heard.is_own and not self._bursts.edit(heard):
            self.tree.edited(heard, handle)

    def connected(self, gateway: Gateway) -> None:
        """Take up that a gateway hears again, perhaps for the first time: what was left unanswered or missed is answered."""
        self.recovery.connected(gateway)

    def resume(self, messages: Sequence[Heard], handle: Handle, *, begun: bool) -> None:
        """Answer messages of one person that an earlier process took up, together if it had `begun` with that. Raises QueueFull."""
        place = messages[0].place.id
        if not self._may(messages[0]):
            self.journal.end(place, [each.id for each in messages])
            return
        left = [each for each in messages if self.journal.take(place, each.id)]
        worded, companion = [self.worded(each)[0] for each in left], self.worded(messages[0])[1]
        if begun and left:
            self._submit(Burst(handle, companion, worded, accepted=True), [each.id for each in left])
            return
        for each in worded:
            if not self._bursts.join(each, addressed=True):
                self._bursts.open(each, handle, companion, accepted=True)

    def deliver(self, exchange: Exchange, messages: Sequence[Heard], handle: Handle) -> None:
        """Send the reply to messages that an earlier process may not have sent to its end. Raises QueueFull."""
        for each in messages:
            self.journal.take(each.place.id, each.id)
        self.submit(
            messages[-1],
            handle,
            exchange.companion,
            lambda delivery, stop: self.turns.deliver(exchange, delivery),
            instead_of=partial(self.app.memories.links.messages, exchange.id, "reply"),
            asked=[each.id for each in messages],
            accepted=True,
        )

    def deleted(self, place: Place, message: str, handle: Handle) -> None:
        """Take up that a message was deleted: it leaves what the model sees, and memory."""
        if self._bursts.remove(place.id, message):
            self.journal.end(place.id, [message])
        else:
            self.tree.deleted(place, message, handle)

    def reacted(self, reaction: Reacted, handle: Handle) -> None:
        """Take up a reaction: it acts on a reply as a button does, and asks for one where only reactions do."""
        by = reaction.by
        if by.is_own or by.is_bot or self.tree.reacted(reaction, handle) or not reaction.added:
            return
        message = message_of(handle, reaction.message)
        if message is not None and self.app.choices(message.spot)["by-reaction"] and self._may(by):
            self.hear(message, handle, reacted=True)

    def pressed(self, pressed: Pressed, handle: Handle) -> None:
        """Take up that a button was pressed."""
        by = pressed.by
        if by.is_own or by.is_bot or not self._may(by):
            return
        if pressed.button.startswith((YES, NO)):
            self.commanding.confirm(pressed.button, by, self.stage(by, handle))
        else:
            self.tree.pressed(pressed, handle)

    def stage(self, heard: Heard, handle: Handle, message: int | None = None) -> Stage:
        """Return a place as commands find it, for slash commands, completion and menus, too."""
        companion = companion_of(self.app, self.app.choices(heard.spot))
        return Stage(
            asker=heard.asker,
            companion=companion,
            spot=heard.spot,
            door=self.door,
            message=message,
            room=self,
            heard=heard,
            handle=handle,
        )

    def companion_named(self, name: str) -> str:
        """Return the companion that somebody means. Raises CommandRefused."""
        names, wanted = self.app.companions(), name.strip().casefold()
        found = [each for each in names if each.casefold() == wanted]
        found = found or [each for each in names if wanted and each.casefold().startswith(wanted)]
        if len(found) != 1:
            there = ", ".join((found or names)[:20])
            if not found:
                raise CommandRefused(tr("There is no companion {name}. There are {there}.", name=name[:60], there=there))
            raise CommandRefused(tr("Several companions' names begin with {name}. There are {there}.", name=name[:60], there=there))
        return found[0]

    def go_on(self, heard: Heard, handle: Handle, companions: Sequence[str]) -> None:
        """Let companions speak next, in this order. Raises QueueFull."""
        for name in companions:
            self.submit(heard, handle, name, partial(self.turns.next, heard, handle, name), by_itself=True)

    def submit(
        self,
        heard: Heard,
        handle: Handle,
        companion: str,
        do: Callable[[Delivery, Event], object],
        *,
        instead_of: Callable[[], Sequence[str]] = tuple,
        asked: list[str] | None = None,
        by_itself: bool = False,
        accepted: bool = False,
    ) -> None:
        """Put a turn into the queue; its reply takes the place of the messages there are when it begins. Raises QueueFull.

        `asked` are the messages it answers, which are in the journal; more may be added to them while it waits. What was `accepted` by
        an earlier process is taken however full the queue is.
        """
        stop = Button(f"familiar:stop:{heard.id}", tr("Stop"))
        reply_to = heard.id if heard.place.shared and not by_itself else ""
        place, name = heard.place.id, f"{BY_ITSELF}{token_hex(8)}" if by_itself else heard.id
        outgoing = Outgoing(self.journal, place, name, f"{place}:{asked[0]}" if asked else "")
        if asked is not None:
            outgoing.claims = partial(self.recovery.claims, place, asked)
        notice = Notice(handle, reply_to, stop, outgoing, lambda: self.recovery.left_by(place, asked or ()))
        speaker = companion if companion != self.app.settings.companion else ""

        def delivery() -> Delivery:
            replies, before = instead_of(), self.recovery.sent_before(place, asked or ())
            outgoing.doubtful = before is not None
            return Delivery(
                handle,
                () if by_itself else (heard.person.id,),
                reply_to,
                speaker,
                most_parts=self.app.settings.most_parts,
                stop=stop,
                messages=list(dict.fromkeys([*replies, *(before or ()), *notice.take()])),
                replied=bool(replies),
                outgoing=outgoing,
            )

        def moved(position: int) -> None:
            if self.queue.running or position > 1:
                notice.moved(position)

        if asked is None:
            self.journal.open(place, name)
        left = [name] if asked is None else asked
        whose, tally = (heard.person.id, place, heard.id), self.queue.tally
        work = Work(*whose, handle, delivery, do, notice, tally, self._told, left, self.journal, self.closing, by_itself)
        try:
            self.queue.submit(work, None if by_itself else moved, accepted=accepted)
        except QueueFull:
            if not self.closing.is_set():
                self.journal.end(place, work.open)
            raise

    def cancel(self, chosen: Callable[[Ticket], bool], *, quiet: bool = False) -> list[Ticket]:
        """Take out of the queue what is chosen, and tell what runs of it to stop, `quiet` without a word about it; return both."""
        found: list[Ticket] = []

        def noted(ticket: Ticket) -> bool:
            if not chosen(ticket):
                return False
            if isinstance(ticket.job, Work):
                ticket.job.quiet = quiet
            found.append(ticket)
            return True

        self.queue.stop(noted)
        for ticket in found:
            if ticket.wait(0) and isinstance(ticket.job, Work):
                ticket.job.notice.withdraw()
                self.journal.end(ticket.place, ticket.job.open)
        return found

    def tell(self, heard: Heard, handle: Handle, text: str) -> None:
        """Say a sentence to somebody. Never raises."""
        try:
            handle.post(Post(text, (heard.person.id,), heard.id, private=handle.capabilities.private))
        except BridgeError as exc:
            log.warning("Somebody could not be told something: %s", exc)

    def note(self, place: str, messages: Sequence[str], kind: Kind) -> None:
        """Keep what messages are. Never raises."""
        try:
            self.app.memories.links.note(place, messages, kind)
        except StoreError as exc:
            log.warning("What a message is could not be kept: %s", exc)

    def close(self, seconds: float = CLOSING_TIME) -> None:
        """Stop everything, once what is being written had so many seconds to end. What waits is answered by the next process."""
        self.closing.set()
        self._bursts.close()
        self.queue.close(seconds)

    def _silent(self, heard: Heard, silence: Silence) -> Silence:
        if not heard.is_own:
            self.silences.note(heard, silence.reason)
        if silence.hides:
            self.note(heard.place.id, [heard.id], "hidden")
        return silence

    def _give(self, found: Given | Misspelt, heard: Heard, handle: Handle, companion: str) -> None:
        if not self.journal.take(heard.place.id, heard.id):
            return
        self.note(heard.place.id, [heard.id], "command")
        if isinstance(found, Misspelt):
            self.commanding.show(misspelt(found), heard, handle)
        else:
            self.commanding.run(found, replace(self.stage(heard, handle), companion=companion))
        self.journal.end(heard.place.id, [heard.id])

    def _take_up(self, heard: Heard, handle: Handle, companion: str, decision: Answer) -> Answer | Silence:
        try:
            level = self.app.authorizer.level(heard.asker)
            self.app.authorizer.require_budget(heard.asker, level, self.running.spending)
        except (Denied, StoreError) as exc:
            self.tell(heard, handle, str(exc))
            self.note(heard.place.id, [heard.id], "told")
            return self._silent(heard, Silence(str(exc)))
        if not self.journal.take(heard.place.id, heard.id):
            return self._silent(heard, Silence("it was taken up before"))
        self.cancel(lambda ticket: ticket.place == heard.place.id and getattr(ticket.job, "by_itself", False))
        self._bursts.open(heard, handle, companion)
        return decision

    def _ready(self, burst: Burst) -> None:
        """Put a burst into the queue; whoever has no more room there is told so."""
        heard, handle = burst.messages[-1], burst.handle
        if handle.capabilities.receipts:
            self._receipt(heard, handle)
        asked = [each.id for each in burst.messages]
        try:
            self._submit(burst, asked)
        except QueueFull as exc:
            if self.closing.is_set():  # the next process answers
                return
            self._bursts.take(burst)
            self._silent(heard, Silence(str(exc)))
            self.tell(heard, handle, str(exc))
            self.note(heard.place.id, asked, "told")

    def _submit(self, burst: Burst, asked: list[str]) -> None:
        def answer(delivery: Delivery, stop: Event) -> None:
            self._answer(burst, asked, delivery, stop)

        self.submit(burst.messages[-1], burst.handle, burst.companion, answer, asked=asked, accepted=burst.accepted)

    def _told(self, work: Work, ours: Sequence[str]) -> None:
        """Keep that somebody was told why there is no reply: what they said is answered by that."""
        links = self.app.memories.links
        try:
            known = links.of(work.place, work.open).values()
            numbers = {link.exchange for link in known if link.kind == "question" and link.exchange}
            for number in numbers:
                if not links.messages(number, "reply"):
                    links.note(work.place, ours, "reply", number)
            if not numbers and not work.by_itself:
                links.note(work.place, work.open, "told")
        except StoreError as exc:
            log.warning("That somebody was told why there is no reply could not be kept: %s", exc)

    def _answer(self, burst: Burst, asked: list[str], delivery: Delivery, stop: Event) -> None:
        messages = self._bursts.take(burst)
        if not messages:
            delivery.withdraw()
            return
        joined = [each.id for each in messages if each.id not in asked]
        asked.extend(joined)
        delivery.messages.extend(self.recovery.sent_before(messages[0].place.id, joined) or ())
        self.turns.answer(messages, burst.handle, burst.companion, delivery, stop)
        choices = self.app.choices(messages[-1].spot)
        if (turns := min(choices["banter"], MOST_TURNS)) and not stop.is_set():
            others = [each for each in companions_of(self.app, choices) if each != burst.companion] or [burst.companion]
            line = [*others, burst.companion]
            try:
                self.go_on(messages[-1], burst.handle, [line[number % len(line)] for number in range(turns)])
            except QueueFull as exc:
                log.info("Companions do not go on by themselves: %s", exc)

    def _receipt(self, heard: Heard, handle: Handle) -> None:
        try:
            handle.seen(heard.id)
        except BridgeError as exc:
            log.info("That a message was read was not told: %s", exc)

    def _may(self, by: Heard) -> bool:
        return self.app.authorizer.level(by.asker) > 0
