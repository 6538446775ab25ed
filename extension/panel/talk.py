"""The middle of the standalone page: the chat itself, and what a person does in it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import FamiliarError
from .cards import note
from .chat import Chat, feedback, messages, spot, typed
from .chats import Chats, Still
from .views import Views, this_session
from .why import Why

log = logging.getLogger(__name__)

FORGET = "Forget this exchange"
THUMBS = ("Like", "Dislike", FORGET)
HINTS = ("What do you remember about me?", "My name is …", "Last time we talked about …")
EMPTY = """
## What is on your mind?
Tell it something about you, and ask again next week, in another chat.
What it remembers, and why it answered so, is shown under Memory.
"""

Start = Callable[[Still], Iterable[Chat]]
"""Starts a reply and yields pictures of it as long as its argument says yes."""


class Talk:
    """The chat as components, and what they do. Made inside an open Blocks context."""

    def __init__(self, chats: Chats, chat: Any, explain: Callable[[Chat], str], around: Callable[[Chat], list[Any]]) -> None:
        import gradio as gr

        self._chats = chats
        self._views = Views()
        self._explain = explain
        self._around = around
        self.chat = chat
        self.chatbot = gr.Chatbot(
            elem_id="chatbot",
            label="Conversation",
            show_label=False,
            container=False,
            height="100%",
            layout="bubble",
            editable="all",
            buttons=["copy"],
            feedback_options=THUMBS,
            like_user_message=False,
            group_consecutive_messages=False,
            allow_tags=False,
            placeholder=EMPTY,
            examples=[{"text": hint} for hint in HINTS],
        )
        self.note = gr.HTML(elem_id="talk-note")
        self.box = gr.Textbox(
            elem_id="box",
            label="Your message",
            show_label=False,
            container=False,
            placeholder="Write a message …",
            lines=1,
            max_lines=8,
            autofocus=True,
            submit_btn=True,
            stop_btn=False,
        )

    @property
    def shown(self) -> list[Any]:
        """The components `picture` fills."""
        return [self.chat, self.chatbot, self.note]

    def connect(self, why: Any, around: list[Any]) -> list[Any]:
        """Wire the events. `why` is where the panel shows what was recalled, `around` what shows the list of chats.

        Returns the events that generate a reply.
        """
        import gradio as gr

        self.watched = outputs = [self.box, *self.shown, why, *around]
        self._others = len(around)
        looks = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
        events = [
            self.box.submit(self.send, [self.box, self.chat], outputs, **looks),
            self.chatbot.retry(event(gr.RetryData, self.again), self.chat, outputs, **looks),
            self.chatbot.edit(event(gr.EditData, self.edit), self.chat, outputs, **looks),
            self.chatbot.option_select(event(gr.SelectData, self.confirm), self.chat, outputs, **looks),
        ]
        self.box.stop(self.stop, self.chat, None, **looks)
        self.rated = self.chatbot.like(event(gr.LikeData, self.rate), self.chat, self.shown, **looks)
        self.chatbot.example_select(event(gr.SelectData, self.hint), self.chat, self.box, **looks)
        return events

    def send(self, said: str, chat: Chat) -> Iterator[list[Any]]:
        """Say something; the box is empty at once, and gives its words back if they could not be said."""
        chat = self._views.turned(this_session(), chat)
        yield from self._pictures(chat, lambda still: self._chats.say(chat, said, still) if said.strip() else iter(()), emptied=True)

    def again(self, chat: Chat, data: Any) -> Iterator[list[Any]]:
        """Answer a message anew."""
        line, _ = spot(chat, data.index)
        if line is not None:
            yield from self._pictures(chat, lambda still: self._chats.again(chat, line.row, still))

    def edit(self, chat: Chat, data: Any) -> Iterator[list[Any]]:
        """Put other words in place of a message and answer it anew, or in place of a reply."""
        line, part = spot(chat, data.index)
        if line is None or part not in ("said", "reply"):
            yield from self._pictures(chat, lambda still: iter([chat]))
        elif part == "said":
            yield from self._pictures(chat, lambda still: self._chats.rewrite(chat, line.row, typed(str(data.value)), still))
        else:
            yield from self._pictures(chat, lambda still: iter([self._chats.correct(chat, line.row, typed(str(data.value)))]))

    def confirm(self, chat: Chat, data: Any) -> Iterator[list[Any]]:
        """Answer the question whether a sentence was meant as a command."""
        value = data.value.get("value") if isinstance(data.value, dict) else data.value
        yield from self._pictures(chat, lambda still: self._chats.confirm(chat, value == "yes", still))

    def watch(self, chat: Chat) -> Iterator[list[Any]]:
        """Show a reply that is under way in the chat that was opened."""
        yield from self._pictures(chat, lambda still: self._chats.watch(chat, still))

    def rate(self, chat: Chat, data: Any) -> list[Any]:
        """Keep a thumb, or forget an exchange."""
        line, _ = spot(chat, data.index if isinstance(data.index, int) else data.index[0])
        if line is None:
            return self.picture(chat)
        if data.liked == FORGET:
            return self.tried(chat, lambda: self._chats.forget(chat, line.row), "Forgotten.")
        thumb = {True: 1, "Like": 1, False: -1, "Dislike": -1}.get(data.liked, 0)
        return self.tried(chat, lambda: self._chats.rate(chat, line.row, 0 if thumb == line.feedback else thumb))

    def stop(self, chat: Chat) -> None:
        """End the reply under way; what was said so far stays."""
        self._chats.stop(chat.place.id)

    def hint(self, chat: Chat, data: Any) -> str:
        """Put one of the hints into the box."""
        return str(data.value["text"])

    def picture(self, chat: Chat, told: str = "", kind: str = "quiet") -> list[Any]:
        """Return what fills `shown`."""
        import gradio as gr

        return [chat, gr.update(value=messages(chat), feedback_value=feedback(chat)), note(told, kind)]

    def turn_to(self, chat: Chat) -> Chat:
        """Return the chat, from now on the one this page shows: no reply in another one is painted over it."""
        self._views.show(this_session(), chat)
        return chat

    def tried(self, chat: Chat, change: Callable[[], Chat], done: str = "") -> list[Any]:
        """Return the picture of the changed chat, or of the chat as it was with a sentence on what went wrong."""
        try:
            return self.picture(self.turn_to(change()), done, "good")
        except FamiliarError as exc:
            return self.picture(chat, str(exc), "bad")
        except Exception as exc:
            log.exception("A chat could not be changed")
            return self.picture(chat, _unexpected(exc), "bad")

    def _pictures(self, chat: Chat, start: Start, *, emptied: bool = False) -> Iterator[list[Any]]:
        """Yield what fills `watched` while a reply is written, until the page is turned to another chat."""
        import gradio as gr

        session, place = this_session(), chat.place.id
        box = gr.update(submit_btn=False, stop_btn=True, **({"value": ""} if emptied else {}))
        seen, told = self._last_why(chat), ""
        with self._views.painting(session, place):
            try:
                for number, chat in enumerate(start(lambda: self._views.shows(session, place))):
                    now = self._last_why(chat)
                    around = [gr.skip()] * self._others if number else self._around(chat)
                    yield [box, *self.picture(chat), gr.skip() if now is seen else self._explain(chat), *around]
                    box, seen = gr.skip(), now
            except FamiliarError as exc:
                told = str(exc)
            except Exception as exc:
                log.exception("A message could not be answered")
                told = _unexpected(exc)
            if self._views.shows(session, place):
                done = gr.update(submit_btn=True, stop_btn=False)
                yield [done, *self.picture(chat, told, "bad"), self._explain(chat), *self._around(chat)]

    def _last_why(self, chat: Chat) -> Why | None:
        return self._chats.whys.last(self._chats.person.id, chat.place.id)


def event(kind: type, action: Callable[[Chat, Any], Any]) -> Callable[..., Any]:
    """Return `action` as Gradio wants it: it hands over what happened where a parameter is annotated with its class."""
    import inspect

    if inspect.isgeneratorfunction(action):

        def handler(chat: Any, data: Any) -> Any:
            yield from action(chat, data)
    else:

        def handler(chat: Any, data: Any) -> Any:
            return action(chat, data)

    handler.__annotations__ = {"data": kind}
    return handler


def _unexpected(exc: Exception) -> str:
    return f"This did not work ({type(exc).__name__}). Try again; the log has the details."
