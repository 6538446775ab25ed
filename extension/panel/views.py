"""Which chat each open page shows, so that a reply is never painted over another chat that was opened meanwhile."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from .chat import Chat

MOST = 1000
"""Pages that are kept track of."""


class Views:
    """The open pages by their sessions. Safe to use from several threads."""

    def __init__(self, patience: float = 3.0) -> None:
        """`patience` is the seconds to wait for the last picture of a chat that is left."""
        self._patience = patience
        self._shown: OrderedDict[str, Chat] = OrderedDict()
        self._painting: Counter[tuple[str, str]] = Counter()
        self._changed = Condition()

    def show(self, session: str, chat: Chat) -> None:
        """Turn a page to a chat; returns when nothing more of another chat will be painted on it."""
        place = chat.place.id
        with self._changed:
            self._shown[session] = chat
            self._shown.move_to_end(session)
            while len(self._shown) > MOST:
                self._shown.popitem(last=False)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._others(session, place), self._patience)

    def shows(self, session: str, place: str) -> bool:
        """Return whether a page shows this chat (or is not known to show another)."""
        with self._changed:
            held = self._shown.get(session)
        return held is None or held.place.id == place

    def turned(self, session: str, chat: Chat) -> Chat:
        """Return the chat that a page was turned to last, when that is another than the one an event came from.

        Somebody who opens a chat and writes at once sends their words before the page has heard of it.
        """
        with self._changed:
            held = self._shown.get(session)
        return chat if held is None or held.place.id == chat.place.id else held

    @contextmanager
    def painting(self, session: str, place: str) -> Iterator[None]:
        """Pictures of a chat are painted on a page inside of this."""
        with self._changed:
            self._painting[session, place] += 1
        try:
            yield
        finally:
            with self._changed:
                self._painting[session, place] -= 1
                if not self._painting[session, place]:
                    del self._painting[session, place]
                self._changed.notify_all()

    def _others(self, session: str, place: str) -> bool:
        return any(who == session and where != place for who, where in self._painting)


def this_session() -> str:
    """Return the session of the page whose event runs now, '' outside of events."""
    from gradio.context import LocalContext

    request = LocalContext.request.get(None)
    return str(getattr(request, "session_hash", None) or "")
