"""What is known about a message beside itself: found out from what was chosen, from the diary, and from the platform."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BridgeError, FamiliarError, StoreError
from ..memory.links import Link
from ..options.layers import Choices
from .context import Context, to_another
from .deciding import HIDING, Facts
from .heard import Handle, Heard
from .lurking import likelihood

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)


def companion_of(app: App, choices: Choices) -> str:
    """Return who answers in a place."""
    return str(choices["companion"] or app.settings.companion)


def companions_of(app: App, choices: Choices) -> list[str]:
    """Return all who may answer in a place."""
    return list(dict.fromkeys((*choices["companions"], companion_of(app, choices))))


def message_of(handle: Handle, message: str) -> Heard | None:
    """Return a message as it is now; None where there is none, or it cannot be looked at."""
    try:
        return handle.message(message)
    except BridgeError as exc:
        log.warning("A message could not be looked at: %s", exc)
        return None


@dataclass(frozen=True)
class Finding:
    """Finds out what is known about messages. `taken` tells of a place and a message whether it was taken up."""

    app: App
    context: Context
    taken: Callable[[str, str], bool]

    def facts(self, heard: Heard, handle: Handle, *, reacted: bool) -> Facts:
        """Return what is known about a message."""
        choices, links = self.app.choices(heard.spot), self._links(heard)
        before, lurk, companion = links.get(heard.reply_to), choices["lurk"], companion_of(self.app, choices)
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
            to_another=to_another(heard.text, companions_of(self.app, choices)) is not None,
        )

    def _links(self, heard: Heard) -> dict[str, Link]:
        try:
            return self.app.memories.links.of(heard.place.id, filter(None, (heard.id, heard.reply_to)))
        except StoreError as exc:
            log.warning("What was answered before is not known now: %s", exc)
            return {}

    def _known(self, heard: Heard, link: Link | None) -> bool:
        if self.taken(heard.place.id, heard.id):
            return True
        if link is None:
            return False
        if link.kind != "question" or not link.exchange:
            return True
        try:
            memories = self.app.memories
            found = memories.diary.get([link.exchange])
            return bool((found and found[0].reply) or memories.links.messages(link.exchange, "reply"))
        except StoreError as exc:
            log.warning("Whether a message was answered is not known now, so it is not answered again: %s", exc)
            return True

    def _is_ours(self, heard: Heard, handle: Handle, link: Link | None) -> bool:
        if not heard.reply_to or link is not None:
            return False
        before = message_of(handle, heard.reply_to)
        return before is not None and before.is_own

    def _is_hidden(self, heard: Heard, handle: Handle, link: Link | None) -> bool:
        if not heard.reply_to or (link is not None and link.kind in ("question", "reply")):
            return False
        if link is not None and link.kind == "hidden":
            return True
        before = message_of(handle, heard.reply_to)
        return before is not None and not before.is_own and before.text.lstrip().startswith(HIDING)

    def _likelihood(self, heard: Heard, handle: Handle, companion: str) -> float | None:
        try:
            rows = self.context.rows(heard, handle, companion)
            return likelihood(self.app.host_for(self.app.character(companion).expert)[0], rows, heard, companion)
        except FamiliarError as exc:
            log.warning("Whether the companion would speak next is not known: %s", exc)
            return None
