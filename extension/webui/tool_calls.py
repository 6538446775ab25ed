"""The tools of the webui's model: which turn a call belongs to, and what it is answered.

The webui runs the files in user_data/tools anew at each turn, calls the hooks of the same turn on the same thread right
after, and later calls `execute` with nothing but the model's arguments. So each file takes a ticket when it is run; the next
`state_modifier` on that thread puts the turn's mark on it, and the prompt hook the turn itself. A call thus never meets
the turn of another page or person.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import FamiliarError, ToolRefused
from ..messages import Turn
from ..tools.arguments import Remember, Search, parsed
from ..tools.reach import Reach
from ..tools.shown import TIGHT

if TYPE_CHECKING:
    from .hooks import Extension

log = logging.getLogger(__name__)

Tool = Literal["search", "remember"]

MOST = 256
"""Turns with tools that are kept at once, until their prompt hook comes."""
UNTICKED = "Familiar is not switched on in this webui. The person can tick it in the Session tab."
UNKNOWN = "Nothing is remembered or looked up in this chat: it is incognito, or nobody is known to sit here."
SWITCHED_OFF = "The person has switched memories off in Familiar's panel. New things can still be remembered."


@dataclass(slots=True, eq=False)
class Ticket:
    """Stands for the turn that a tool was loaded for."""

    tool: Tool
    turn: Turn | None = None


class ToolCalls:
    """Ties the tools that are loaded to the turns they are loaded for, and answers their calls."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._loaded = threading.local()
        self._marked: OrderedDict[str, list[Ticket]] = OrderedDict()
        self._lock = threading.Lock()

    def ticket(self, tool: Tool) -> Ticket:
        """Return a ticket for the turn that begins on this thread."""
        waiting: list[Ticket] = getattr(self._loaded, "tickets", [])
        if any(each.tool == tool for each in waiting):
            waiting = []  # left by a turn that ended before it began
        ticket = Ticket(tool)
        self._loaded.tickets = [*waiting, ticket]
        return ticket

    def mark(self, mark: str) -> None:
        """Tie the tickets that were taken on this thread to the turn of a mark."""
        tickets: list[Ticket] = getattr(self._loaded, "tickets", [])
        self._loaded.tickets = []
        with self._lock:
            if tickets:
                self._marked[mark] = tickets
            while len(self._marked) > MOST:
                self._marked.popitem(last=False)

    def begin(self, mark: str, turn: Turn) -> None:
        """Let the tools of a mark know their turn."""
        with self._lock:
            tickets = self._marked.pop(mark, [])
        for ticket in tickets:
            ticket.turn = turn

    def call(self, ticket: Ticket, arguments: Any) -> str:
        """Return the answer to a call as JSON. What fails is told to the model as a sentence."""
        try:
            answer = self._answer(ticket, arguments)
        except FamiliarError as exc:
            log.info("A call of the tool %s was refused (%s)", ticket.tool, type(exc).__name__)
            answer = {"error": str(exc)}
        except Exception as exc:
            log.exception("A call of the tool %s failed", ticket.tool)
            answer = {"error": f"Something failed inside Familiar ({type(exc).__name__}); its log has the details."}
        return json.dumps(answer, ensure_ascii=False)

    def _answer(self, ticket: Ticket, arguments: Any) -> dict[str, Any]:
        turn = self._turn(ticket)
        attention = self._extension.attention(turn.companion)
        reach = Reach(self._extension.app.memories, turn.person, turn.companion, turn.place, attention.scope, TIGHT)
        if ticket.tool == "remember":
            return reach.remember(parsed(Remember, arguments).text)
        if not attention.enabled:
            raise ToolRefused(SWITCHED_OFF)
        wanted = parsed(Search, arguments)
        return reach.search(wanted.query, wanted.limit, turn)

    def _turn(self, ticket: Ticket) -> Turn:
        """Return the turn a call belongs to. Raises ToolRefused where there is none to remember or to recall for."""
        if self._extension.trouble:
            raise ToolRefused(f"Familiar is off. {self._extension.trouble}")
        if not self._extension.on:
            raise ToolRefused(UNTICKED)
        if ticket.turn is None:
            raise ToolRefused(UNKNOWN)
        return ticket.turn
