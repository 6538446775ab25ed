"""The conversation core: everything that is heard on a platform comes in here, and is answered, obeyed, or left with a reason."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING

from ..commands.running import Given, Running, misspelt
from ..commands.written import Misspelt
from ..errors import BridgeError, CommandRefused, Denied, FamiliarError, QueueFull, StoreError
from ..memory.links import Kind, Link
from ..messages import Place
from ..options.layers import Choices
from .bursts import After, Burst, Bursts, after
from .commanding import NO, YES, Commanding
from .context import Context, to_another
from .deciding import Answer, Facts, Silence, Silences, addressed_by_name, decide, refused
from .delivery import Delivery, Notice
from .heard import Button, Handle, Heard, Post, Pressed, Reacted
from .lurking import likelihood
from .queue import Queue, Ticket
from .stage import MOST_TURNS, Program, Stage
from .tree import Tree, buttons_of
from .turn import Turns, Work

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

REMEMBERED = 5_000
"""Messages that are known in this process to have been taken up."""


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
        self.turns = Turns(app, self.context, buttons_of, self.queue.tally)
        self.commanding = Commanding(running, chosen.most_parts)
        self.tree = Tree(self)
        self._bursts = Bursts(lambda: app.settings.burst_pause, self._ready, timer)
        self._taken: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = Lock()

    def hear(self, heard: Heard, handle: Handle, *, reacted: bool = False) -> Answer | Silence | None:
        """Take up a message, and return whether it is answered; None for a command."""
        facts = self._facts(heard, handle, reacted=reacted)
        if refusal := refused(heard, facts):
            return self._silent(heard, refusal)
        worded, companion = self.worded(heard)
        questions = self.running.questions
        if found := questions.answered(worded.asker, worded.text) or self.running.find(worded.text):
            self._give(found, worded, handle, companion)
            return None
        decision = decide(heard, facts)
        if facts.speaking and self._bursts.join(worded, addressed=isinstance(decision, Answer)):
            self._take(heard)
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
        companion, text = to_another(heard.text, self._companions(choices)) or (self._companion(choices), heard.text)
        name = addressed_by_name(text, (companion, self.app.settings.companion), choices["alias"])
        return replace(heard, text=text[name:] or text), companion

    def edited(self, heard: Heard, handle: Handle) -> None:
        """Take up that a message was edited: an answered one is answered anew."""
        if not heard.is_own and not self._bursts.edit(heard):
            self.tree.edited(heard, handle)

    def deleted(self, place: Place, message: str, handle: Handle) -> None:
        """Take up that a message was deleted: it leaves what the model sees, and memory."""
        if not self._bursts.remove(place.id, message):
            self.tree.deleted(place, message, handle)

    def reacted(self, reaction: Reacted, handle: Handle) -> None:
        """Take up a reaction: it acts on a reply as a button does, and asks for one where only reactions do."""
        by = reaction.by
        if by.is_own or by.is_bot or self.tree.reacted(reaction, handle) or not reaction.added:
            return
        message = _message(handle, reaction.message)
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
        companion = self._companion(self.app.choices(heard.spot))
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
            which = "There is no companion" if not found else "Several companions' names begin with"
            raise CommandRefused(f"{which} {name[:60]}. There are {', '.join((found or names)[:20])}.")
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
        by_itself: bool = False,
    ) -> None:
        """Put a turn into the queue; its reply takes the place of the messages there are when it begins. Raises QueueFull."""
        stop = Button(f"familiar:stop:{heard.id}", "Stop")
        reply_to = heard.id if heard.place.shared and not by_itself else ""
        notice = Notice(handle, reply_to, stop)
        speaker = companion if companion != self.app.settings.companion else ""

        def delivery() -> Delivery:
            replies = instead_of()
            taken = [*replies, *notice.take()]
            mentions = () if by_itself else (heard.person.id,)
            return Delivery(
                handle,
                mentions,
                reply_to,
                speaker,
                most_parts=self.app.settings.most_parts,
                stop=stop,
                messages=taken,
                replied=bool(replies),
            )

        def moved(position: int) -> None:
            if self.queue.running or position > 1:
                notice.moved(position)

        work = Work(heard.person.id, heard.place.id, heard.id, handle, delivery, do, notice, self.queue.tally, by_itself)
        self.queue.submit(work, None if by_itself else moved)

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

    def close(self) -> None:
        """Stop everything."""
        self.queue.close()

    def _facts(self, heard: Heard, handle: Handle, *, reacted: bool) -> Facts:
        choices, links = self.app.choices(heard.spot), self._links(heard)
        before, lurk, companion = links.get(heard.reply_to), choices["lurk"], self._companion(choices)
        return Facts(
            level=self.app.authorizer.level(heard.asker),
            names=(companion, self.app.settings.companion),
            aliases=choices["alias"],
            prefix=self.app.settings.direct_prefix,
            speaking=choices["speaking"],
            autoreply=choices["autoreply"],
            by_reaction=choices["by-reaction"],
            lurk=None if lurk == "off" else float(lurk),
            likelihood=lambda: self._likelihood(heard, handle, companion),
            replied_to_us=(before is not None and before.kind == "reply") or self._is_ours(heard, handle, before),
            replied_to_hidden=self._is_hidden(heard, handle, before),
            known=self._known(heard, links.get(heard.id)),
            reacted=reacted,
            to_another=to_another(heard.text, self._companions(choices)) is not None,
        )

    def _links(self, heard: Heard) -> dict[str, Link]:
        try:
            return self.app.memories.links.of(heard.place.id, filter(None, (heard.id, heard.reply_to)))
        except StoreError as exc:
            log.warning("What was answered before is not known now: %s", exc)
            return {}

    def _known(self, heard: Heard, link: Link | None) -> bool:
        with self._lock:
            if (heard.place.id, heard.id) in self._taken:
                return True
        if link is None:
            return False
        if link.kind != "question" or not link.exchange:
            return True
        try:
            found = self.app.memories.diary.get([link.exchange])
        except StoreError as exc:
            log.warning("Whether a message was answered is not known now, so it is not answered again: %s", exc)
            return True
        return bool(found and found[0].reply)

    def _is_ours(self, heard: Heard, handle: Handle, link: Link | None) -> bool:
        if not heard.reply_to or link is not None:
            return False
        before = _message(handle, heard.reply_to)
        return before is not None and before.is_own

    def _is_hidden(self, heard: Heard, handle: Handle, link: Link | None) -> bool:
        if not heard.reply_to or (link is not None and link.kind in ("question", "reply")):
            return False
        if link is not None and link.kind == "hidden":
            return True
        before = _message(handle, heard.reply_to)
        return before is not None and not before.is_own and before.text.lstrip().startswith("!")

    def _silent(self, heard: Heard, silence: Silence) -> Silence:
        if not heard.is_own:
            self.silences.note(heard, silence.reason)
        if silence.hides:
            self.note(heard.place.id, [heard.id], "hidden")
        return silence

    def _give(self, found: Given | Misspelt, heard: Heard, handle: Handle, companion: str) -> None:
        self._take(heard)
        self.note(heard.place.id, [heard.id], "command")
        if isinstance(found, Misspelt):
            self.commanding.show(misspelt(found), heard, handle)
        else:
            self.commanding.run(found, replace(self.stage(heard, handle), companion=companion))

    def _take_up(self, heard: Heard, handle: Handle, companion: str, decision: Answer) -> Answer | Silence:
        try:
            level = self.app.authorizer.level(heard.asker)
            self.app.authorizer.require_budget(heard.asker, level, self.running.spending)
        except (Denied, StoreError) as exc:
            self.tell(heard, handle, str(exc))
            return self._silent(heard, Silence(str(exc)))
        self._take(heard)
        self.cancel(lambda ticket: ticket.place == heard.place.id and getattr(ticket.job, "by_itself", False))
        self._bursts.open(heard, handle, companion)
        return decision

    def _take(self, heard: Heard) -> None:
        with self._lock:
            self._taken[(heard.place.id, heard.id)] = None
            while len(self._taken) > REMEMBERED:
                self._taken.popitem(last=False)

    def _ready(self, burst: Burst) -> None:
        """Put a burst into the queue; whoever has no more room there is told so."""
        heard, handle = burst.messages[-1], burst.handle
        if handle.capabilities.receipts:
            self._receipt(heard, handle)
        try:
            self.submit(heard, handle, burst.companion, lambda delivery, stop: self._answer(burst, delivery, stop))
        except QueueFull as exc:
            self._bursts.take(burst)
            self._silent(heard, Silence(str(exc)))
            self.tell(heard, handle, str(exc))

    def _answer(self, burst: Burst, delivery: Delivery, stop: Event) -> None:
        messages = self._bursts.take(burst)
        if not messages:
            delivery.withdraw()
            return
        self.turns.answer(messages, burst.handle, burst.companion, delivery, stop)
        choices = self.app.choices(messages[-1].spot)
        if (turns := min(choices["banter"], MOST_TURNS)) and not stop.is_set():
            others = [each for each in self._companions(choices) if each != burst.companion] or [burst.companion]
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

    def _likelihood(self, heard: Heard, handle: Handle, companion: str) -> float | None:
        try:
            rows = self.context.rows(heard, handle, companion)
            return likelihood(self.app.host_for(self.app.character(companion).expert)[0], rows, heard, companion)
        except FamiliarError as exc:
            log.warning("Whether the companion would speak next is not known: %s", exc)
            return None

    def _may(self, by: Heard) -> bool:
        return self.app.authorizer.level(by.asker) > 0

    def _companion(self, choices: Choices) -> str:
        return str(choices["companion"] or self.app.settings.companion)

    def _companions(self, choices: Choices) -> list[str]:
        return list(dict.fromkeys((*choices["companions"], self._companion(choices))))


def _message(handle: Handle, message: str) -> Heard | None:
    try:
        return handle.message(message)
    except BridgeError as exc:
        log.warning("A message could not be looked at: %s", exc)
        return None
