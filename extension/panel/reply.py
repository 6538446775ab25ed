"""One reply under way: it goes on in a thread of its own, whether or not a page is watching."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Condition, Thread
from time import monotonic

from ..app import App
from ..companion import Conversation
from ..errors import FamiliarError
from ..hosts.stoppable import Stoppable
from ..messages import Exchange, Turn
from ..ports import Host
from .chat import Line
from .why import Whys

log = logging.getLogger(__name__)

BLINK = 0.06
"""Seconds between two pictures of a reply that is being written."""
GLANCE = 0.2
"""Seconds between two looks at whether anybody is still watching."""
PATIENCE = 2.0
"""Seconds that a stopped reply is given to be written, before the page goes on."""
STOPPED = "Stopped before the first word."


class Reply:
    """Runs one turn. What there is of the reply at the end, at a stop or at a failure, is in the diary afterwards."""

    def __init__(self, app: App, whys: Whys, turn: Turn, history: Sequence[Exchange], line: Line, ended: Callable[[Reply], None]) -> None:
        self._app = app
        self._whys = whys
        self._turn = turn
        self._history = history
        self._line = line
        self._ended = ended
        self._host: Stoppable | None = None
        self._asked: Host | None = None
        self._stopping = False
        self._done = False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name="familiar-reply", daemon=True)

    @property
    def place(self) -> str:
        """Id of the chat this is a reply in."""
        return self._turn.place.id

    @property
    def line(self) -> Line:
        """What there is of it now."""
        return self._line

    @property
    def answered_by(self) -> Host | None:
        """The host whose first piece has come; None before that."""
        return self._asked

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the reply with what there is of it. Returns at once."""
        with self._changed:
            self._stopping = True
            if self._host is not None:
                self._host.stop()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until everything is written; False when the time ran out."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def watch(self, still: Callable[[], bool]) -> Iterator[Line]:
        """Yield pictures of the line, the last one when the reply has ended; end early when `still` says no."""
        seen: Line | None = None
        while still():
            with self._changed:
                if self._line is seen and not self._over:
                    self._changed.wait(GLANCE)
                now, done, stopping = self._line, self._done, self._stopping
            if stopping and not done and self.wait(PATIENCE):
                continue
            if done or stopping:
                yield now if done else replace(now, waiting="", trouble="" if now.reply else STOPPED)
                return
            if now is not seen:
                yield now
            seen = now
            with self._changed:
                self._changed.wait_for(lambda: self._over, BLINK)

    @property
    def _over(self) -> bool:
        return self._done or self._stopping

    def _work(self) -> None:
        trouble = ""
        try:
            self._converse()
        except FamiliarError as exc:
            trouble = str(exc)
        except Exception as exc:
            log.exception("A reply failed")
            trouble = f"The reply failed ({type(exc).__name__}). Try again; the log has the details."
        with self._changed:
            stopped = STOPPED if self._stopping and not self._line.reply else ""
            self._line = replace(self._line, waiting="", trouble=trouble or stopped)
            self._done = True
            self._changed.notify_all()
        self._ended(self)

    def _converse(self) -> None:
        app, turn = self._app, self._turn
        character = app.character(turn.companion)
        chosen, told = app.host_for(character.expert)
        host = Stoppable(chosen)
        with self._changed:
            self._host = host
            if self._stopping:
                host.stop()
        manner = app.manner(character, character.expert, turn)
        conversation = app.companion.converse(turn, self._history, host, *manner, told)
        try:
            last = 0.0
            for _ in conversation:
                self._asked = chosen
                if not last:
                    self._whys.keep(turn, conversation.briefing)
                if monotonic() - last >= BLINK:
                    last = monotonic()
                    self._picture(conversation)
        finally:
            self._whys.keep(turn, conversation.briefing)
            self._picture(conversation)

    def _picture(self, conversation: Conversation) -> None:
        answer = conversation.answer if conversation.raw else None
        with self._changed:
            if answer is not None:
                self._line = replace(self._line, reply=answer.reply, reasoning=answer.reasoning, id=conversation.id)
            self._changed.notify_all()
