"""The standalone page: chats on the left, the talk in the middle, the panel on the right; and the server for it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from threading import Thread
from typing import Any

from ..app import App
from .backend import Backend
from .chat import Chat
from .chats import Chats
from .door import Door, Here
from .expert import ExpertForm
from .panel import build_panel
from .reasons import reasons
from .server import run
from .sidebar import Sidebar
from .talk import Talk

BRAND = '<h1 id="brand"><span aria-hidden="true">◐</span> Familiar</h1>'
LEFT = '<button type="button" data-side="chats" aria-controls="chats" aria-expanded="true">Chats</button>'
RIGHT = """<button type="button" data-light aria-label="Switch between light and dark"><span aria-hidden="true">◐</span></button>
<button type="button" data-side="memory" aria-controls="memory" aria-expanded="true">Memory</button>"""
LOOKS: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}


def build_chat(app: App) -> Any:
    """Return the page as gr.Blocks, ready to be launched. Opens no store and loads no model: that happens when a page loads."""
    return _blocks(Chats(app))


def serve(app: App, open_browser: bool = False) -> None:
    """Serve the page until interrupted, on the settings' `listen` and `port`.

    Raises SettingsError for an address beyond this machine without a password, and for one that cannot be listened on.
    """
    chats = Chats(app)
    Thread(target=chats.bridges.begin, name="familiar-bridges", daemon=True).start()
    try:
        run(app, lambda: _blocks(chats), open_browser)
    finally:
        chats.stop()


def _blocks(chats: Chats) -> Any:
    import gradio as gr

    with gr.Blocks(title="Familiar", analytics_enabled=False, fill_width=True, fill_height=True) as blocks:
        Page(chats, blocks)
    return blocks


def door(chats: Chats, chat: Any) -> Door:
    """Return the way into the panel from here; `chat` is the component that holds the open chat."""
    app = chats.app

    def here(open_chat: Chat | None) -> Here:
        return Here(open_chat.companion, open_chat.place.id) if open_chat else Here(app.settings.companion, "")

    ways = (lambda: app, lambda: chats.person, here, lambda: app.attention, chats.keep)
    return Door(*ways, chats.whys, (chat,), shelf=app.shelf_of, bridges=chats.bridges)


class Page:
    """All of the page as components, wired together. Made inside an open Blocks context."""

    def __init__(self, chats: Chats, blocks: Any) -> None:
        import gradio as gr

        self._chats = chats
        self.chat = gr.State()
        way_in = door(chats, self.chat)
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="chats"):
                gr.HTML(BRAND)
                self.sidebar = Sidebar(chats)
                with gr.Accordion("Companion", open=False, elem_id="expert"):
                    self.expert = ExpertForm(chats.app)
                with gr.Accordion("Model", open=False, elem_id="model"):
                    self.backend = Backend(chats)
            with gr.Column(elem_id="talk"):
                with gr.Row(elem_id="top"):
                    gr.HTML(LEFT)
                    self.title = gr.HTML(elem_id="title")
                    gr.HTML(RIGHT)
                self.talk = Talk(chats, self.chat, lambda chat: reasons(way_in, way_in.here(chat)), self._around)
            with gr.Column(elem_id="memory"):
                self.panel = build_panel(way_in)
        self._connect(blocks)

    def _connect(self, blocks: Any) -> None:
        sidebar, talk, chat = self.sidebar, self.talk, self.chat
        around = [*sidebar.shown, self.title]
        everything = [talk.box, *talk.shown, *around]
        blocks.load(self._load, None, [*everything, *self.backend.components, *self.expert.components], **LOOKS)
        for each in (self.expert.saved, self.expert.removed):
            each.then(self._around, chat, around, **LOOKS)
        replies = talk.connect(self.panel.why, around)
        for each in replies:
            each.then(**self.panel.look_again)
        openings = [
            sidebar.new.click(self._new, chat, everything, **LOOKS),
            sidebar.list.input(self._open, [sidebar.list, chat], everything, **LOOKS),
            sidebar.companion.input(self._choose, [sidebar.companion, chat], everything, **LOOKS),
            sidebar.yes.click(self._delete, chat, everything, **LOOKS),
        ]
        for each in openings:
            each.then(talk.watch, chat, talk.watched, **LOOKS)
            each.then(**self.panel.look_again)
        sidebar.title.submit(self._rename, [sidebar.title, chat], everything, **LOOKS)
        for each in self.panel.changed:
            each.then(self._refresh, chat, everything, **LOOKS)
        talk.rated.then(self._around, chat, around, **LOOKS).then(**self.panel.look_again)

    def _load(self) -> list[Any]:
        return [*self._everything(None, self._chats.new), *self.backend.load(), *self.expert.load()]

    def _new(self, chat: Chat) -> list[Any]:
        return self._everything(chat, lambda: self._chats.new(chat.companion))

    def _open(self, place: str, chat: Chat) -> list[Any]:
        return self._everything(chat, lambda: self._chats.open(place))

    def _choose(self, companion: str, chat: Chat) -> list[Any]:
        same = not companion or companion == chat.companion
        return self._everything(chat, lambda: chat if same else self._chats.new(companion))

    def _rename(self, title: str, chat: Chat) -> list[Any]:
        return self._everything(chat, lambda: self._chats.rename(chat, title))

    def _refresh(self, chat: Chat) -> list[Any]:
        return self._everything(chat, lambda: self._chats.fresh(chat))

    def _delete(self, chat: Chat) -> list[Any]:
        def delete() -> Chat:
            self._chats.delete(chat)
            return self._chats.new(chat.companion)

        return self._everything(chat, delete)

    def _around(self, chat: Chat) -> list[Any]:
        return [*self.sidebar.picture(chat), _title(chat)]

    def _everything(self, chat: Chat | None, change: Callable[[], Chat]) -> list[Any]:
        """Return what fills the box, the talk, the sidebar and the title, after a change that may fail."""
        import gradio as gr

        shown = self.talk.tried(chat or self._chats.blank(), change)
        return [gr.update(submit_btn=True, stop_btn=False), *shown, *self._around(shown[0])]


def _title(chat: Chat) -> str:
    return f"<strong>{escape(chat.title)}</strong> <span>with {escape(chat.companion)}</span>"
