"""A small double of the host: its order of hooks, its shapes of state and history, its ways of loading an extension.

    with HostDouble(folder, extension) as host:
        host.say("My dog is called Biscuit.")
        host.regenerate()

The package `modules` that extensions import comes from `stand_in/`; test_contract.py proves it against the real host.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal

STAND_IN = Path(__file__).parent / "stand_in"
Residence = Literal["user", "bundled"]
RESIDENCES: dict[Residence, str] = {"user": "user_data/extensions", "bundled": "extensions"}
"""Where an extension can live in the host's folder."""

ECHO = """
tool = {"type": "function", "function": {"name": "echo", "description": "Say it back.", "parameters": {
    "type": "object", "properties": {"text": {"type": "string"}}}}}


def execute(arguments):
    return arguments["text"]
"""
"""A tool in user_data/tools."""

OWNED = ("modules", "extensions", "user_ext_")
"""Names in sys.modules that belong to a running host."""


class Words:
    """A tokenizer that counts words and marks: one token each."""

    def encode(self, text: str) -> list[int]:
        """Return one id per word or mark."""
        return [len(piece) for piece in re.findall(r"\w+|[^\w\s]", text)]


class Model:
    """Says what it was told to say, then `Reply N.`, and keeps every prompt it was given."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.replies: list[str | Exception] = []
        self.during: Callable[[int], None] = lambda piece: None
        """Called before each piece of a reply with its number, from 0: a test looks at the world here, or ends it."""

    def generate(self, question: str, state: Any) -> Iterator[str]:
        """Yield the reply so far, a word more each time. An exception among the replies is raised."""
        self.prompts.append(question)
        reply = self.replies.pop(0) if self.replies else f"Reply {len(self.prompts)}."
        if isinstance(reply, Exception):
            raise reply
        pieces = re.findall(r"\s*\S+", reply)
        for number in range(len(pieces)):
            self.during(number)
            yield "".join(pieces[: number + 1])


class HostDouble:
    """A running webui: one page, one API, one model. Entering starts it, leaving puts sys.modules, sys.path and the folder back."""

    def __init__(
        self,
        folder: Path,
        extension: Path,
        *,
        name: str = "familiar",
        lives: Residence = "user",
        mode: str = "instruct",
        settings: dict[str, Any] | None = None,
        others: Iterable[str] = (),
        draws: bool = False,
    ) -> None:
        """Make the host's folder in `folder`, with `extension` linked into it.

        `settings` are lines of the host's settings.yaml (`familiar-budget`, `max_new_tokens`). `others` are names of further active
        extensions, whose folders the caller puts under `user_data/extensions`. With `draws`, ui() is called too, which imports Gradio.
        """
        self.folder, self.name, self._draws = folder, name, draws
        self.settings = {"mode": mode, **(settings or {})}
        self.active = [name, *others]
        self.model = Model()
        self.elements: dict[str, Any] = {}
        for part in ("extensions", *(f"user_data/{each}" for each in ("extensions", "characters", "models", "cache", "tools"))):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "user_data/tools/echo.py").write_text(ECHO, encoding="utf-8")
        link = folder / RESIDENCES[lives] / name
        if not link.exists():
            link.symlink_to(extension, target_is_directory=True)

    def __enter__(self) -> HostDouble:
        self._pools = [ThreadPoolExecutor(1), ThreadPoolExecutor(1)]
        self._workers = cycle(self._pools)
        self._before = (Path.cwd(), list(sys.path), {key: sys.modules[key] for key in sys.modules if key.startswith(OWNED)})
        _forget_modules()
        os.chdir(self.folder)
        sys.path[:0] = [str(self.folder), str(STAND_IN)]
        self.shared = self._host("shared")
        self.extensions = self._host("extensions")
        self.shared.settings.update(self.settings)
        self.shared.model, self.shared.tokenizer, self.shared.model_name = self.model, Words(), "SmolLM2-135M-Instruct"
        self.shared.args.extensions = list(self.active)
        self.extensions.available_extensions = self.extensions.find_extensions()
        try:
            self._create_interface()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pool in self._pools:
            pool.shutdown()
        folder, path, modules = self._before
        _forget_modules()
        sys.modules.update(modules)
        sys.path[:] = path
        os.chdir(folder)

    def _create_interface(self) -> None:
        if self.shared.args.extensions:
            self.extensions.load_extensions()
        for kind in ("css", "js"):
            self.extensions.apply_extensions(kind)
        settings = self.shared.settings
        self.elements = {key: value for key, value in settings.items() if key not in self.shared.not_on_the_page and "familiar" not in key}
        self.elements.update(character_menu=settings["character"], user_menu=settings["user"], textbox={"text": "", "files": []})
        self.elements.update(self.shared.persistent_interface_state)
        self.elements.update(mode=settings["mode"], history={"internal": [], "visible": [], "metadata": {}}, unique_id=None, search_chat="")
        self._open_latest()
        if self._draws:
            self._draw()

    def _draw(self) -> None:
        import gradio

        with gradio.Blocks() as self.shared.gradio["interface"]:
            for key in ("interface_state", "history", "display", "Chat input"):
                self.shared.gradio[key] = gradio.State()
            with gradio.Column(elem_id="extensions"):
                for extension, _ in self.extensions.iterator():
                    if hasattr(extension, "ui"):
                        extension.ui()

    def _host(self, name: str) -> Any:
        """Return a module of the host's."""
        return importlib.import_module(f"modules.{name}")

    def _served(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call on a worker thread, another one each time, as the host's page and API do."""
        return next(self._workers).submit(function, *args, **kwargs).result()

    def _streamed(self, replies: Iterator[Any]) -> Iterator[Any]:
        """Yield from an iterator whose every step is served by another thread."""
        end = object()
        try:
            while (reply := self._served(next, replies, end)) is not end:
                yield reply
        finally:
            self._served(replies.close)  # type: ignore[attr-defined]

    def _open_latest(self) -> None:
        ids = self.chats()
        if ids:
            self.select(ids[0])
        else:
            self.new_chat()

    @property
    def extension(self) -> ModuleType:
        """The extension's script module as the host holds it now."""
        return self.extensions.state[self.name][2]

    @property
    def history(self) -> dict[str, Any]:
        """The history on the page: the very object the host works with."""
        return self.elements["history"]

    @property
    def chat(self) -> str:
        """The id of the chat on the page."""
        return self.elements["unique_id"]

    def messages(self) -> list[tuple[str, str]]:
        """Return the rows of the chat on the page as (said, reply)."""
        return [(row[0], row[1]) for row in self.history["internal"]]

    def saved(self) -> dict[str, Any] | None:
        """Return the chat on the page as it is on disk, None where it is not saved."""
        chat, path_of = self._host("chat"), self._host("chat_history").path_of
        there = path_of(self.chat, self.elements["character_menu"], self.elements["mode"]).exists()
        return chat.load_history(self.chat, self.elements["character_menu"], self.elements["mode"]) if there else None

    def chats(self) -> list[str]:
        """Return the ids of the saved chats of this mode, newest first."""
        history = self._host("chat_history")
        folder = history.path_of("x", self.elements["character_menu"], self.elements["mode"]).parent
        return [path.stem for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)]

    def state(self) -> dict[str, Any]:
        """Gather the page's values as a new `state`, which the host also keeps, by reference, for the next page load."""
        state = dict(self.elements)
        self.shared.persistent_interface_state = state
        state.pop("textbox")
        return state

    def say(self, text: str) -> str:
        """Send a message and return the reply."""
        return self._turn(text)

    def say_and_stop(self, text: str, words: int = 4) -> str:
        """Send a message, press Stop once the reply has so many words, and return what there is of it."""
        return self._turn(text, words)

    def regenerate(self) -> str:
        """Answer the last message anew and return the reply."""
        return self._turn("", regenerate=True)

    def continue_(self) -> str:
        """Let the model go on with its last reply and return all of it."""
        return self._turn("", _continue=True)

    def _turn(self, text: str, words: int | None = None, **kind: bool) -> str:
        replies = self._host("chat").generate_chat_reply_wrapper({"text": text, "files": []}, self.state(), **kind)
        for history in self._streamed(replies):
            self.elements["history"] = history
            if words is not None and len(history["internal"][-1][1].split()) >= words:
                self.shared.stop_everything = True
        return self.history["internal"][-1][1]

    def impersonate(self, text: str = "") -> str:
        """Let the model write the person's message and return it."""
        return list(self._streamed(self._host("chat").impersonate_wrapper({"text": text, "files": []}, self.state())))[-1]

    def edit(self, index: int, role: str, text: str) -> None:
        """Replace a message, `role` user or assistant."""
        self._kept(self._served(self._host("chat_history").edit, self.state(), index, role, text))

    def swipe(self, index: int, direction: str, role: str = "assistant") -> None:
        """Show the version of a message to the `left` or `right`."""
        self._kept(self._host("chat_history").swipe(self.state(), index, role, direction))

    def remove_last(self) -> str:
        """Delete the last row; return what the person had said, which goes back into the text box."""
        said, history = self._host("chat_history").remove_last_message(self.state()["history"])
        self._kept(history)
        return said

    def upload(self, history: dict[str, Any]) -> None:
        """Put an edited history in the place of this chat's, the only way the host has to delete in the middle."""
        self._served(self._host("chat").start_new_chat, self.state())
        self._kept(history)

    def new_chat(self) -> None:
        """Start a chat; outside of instruct mode it opens with a greeting."""
        history, unique_id = self._served(self._host("chat").start_new_chat, self.state())
        self.elements.update(history=history, unique_id=unique_id)

    def incognito(self) -> None:
        """Start a chat that the host never saves."""
        history = self._host("chat_history")
        started, unique_id = self._served(history.start_new_chat, self.state(), history.new_id("incognito-"))
        self.elements.update(history=started, unique_id=unique_id)

    def select(self, unique_id: str) -> None:
        """Open another saved chat."""
        loaded = self._host("chat").load_history(unique_id, self.elements["character_menu"], self.elements["mode"])
        self.elements.update(history=loaded, unique_id=unique_id)

    def branch(self, index: int = -1) -> None:
        """Start a chat that has the rows up to `index`; -1 takes all."""
        history = self._host("chat_history")
        state = self.state()
        unique_id = history.new_id("incognito-" if self.chat.startswith("incognito-") else "")
        branched = history.branched(state["history"], index)
        self.elements["unique_id"] = unique_id
        self._kept(branched)

    def rename(self, name: str) -> None:
        """Give the chat another id, which is its file's name."""
        path_of, menu, mode = self._host("chat_history").path_of, self.elements["character_menu"], self.elements["mode"]
        path_of(self.chat, menu, mode).rename(path_of(name, menu, mode))
        self.elements["unique_id"] = name

    def delete_chat(self) -> None:
        """Delete the chat's file and open the latest of the others."""
        self._host("chat_history").path_of(self.chat, self.elements["character_menu"], self.elements["mode"]).unlink(missing_ok=True)
        self._open_latest()

    def _kept(self, history: Any) -> None:
        self.elements["history"] = history
        self._host("chat").save_history(history, self.chat, self.elements["character_menu"], self.elements["mode"])

    def set_mode(self, mode: str, character: str | None = None) -> None:
        """Choose instruct, chat or chat-instruct, and perhaps another character, and open their latest chat."""
        self.elements["mode"] = mode
        if character:
            self.elements.update(character_menu=character, name2=character)
        self._open_latest()

    def use_tool(self, name: str) -> None:
        """Tick a tool, or untick it."""
        self.elements["selected_tools"] = sorted({name} ^ set(self.elements["selected_tools"]))

    def api_chat(self, messages: list[dict[str, Any]], user: str | None = None, **fields: Any) -> str:
        """POST /v1/chat/completions and return the reply's content, '' when it is a call of a tool."""
        body = {"messages": messages, "user": user, "stop_event": threading.Event(), **fields}
        return self._served(self._host("api.completions").chat_completion, body)["content"] or ""

    def api_completion(self, prompt: str, user: str | None = None) -> str:
        """POST /v1/completions and return the text."""
        return self._served(self._host("api.completions").completion, {"prompt": prompt, "user": user, "stop_event": threading.Event()})

    def notebook(self, prompt: str) -> str:
        """Press Generate in the notebook tab and return the reply."""
        replies = self._host("text_generation").generate_reply(prompt, self.state(), is_chat=False, escape_html=True)
        return list(self._streamed(replies))[-1]

    def reload(self) -> None:
        """Load the page anew: its values come from the state the host kept, with whatever an extension did to it."""
        self.elements.update(self.shared.persistent_interface_state)

    def restart(self, extensions: list[str] | None = None) -> None:
        """Press "Apply flags/extensions and restart", with these names ticked if given."""
        if extensions is not None:
            self.shared.args.extensions = list(extensions)
        self.shared.gradio.clear()
        self._create_interface()


def _forget_modules() -> None:
    for name in [name for name in sys.modules if name.startswith(OWNED)]:
        del sys.modules[name]
