"""The host's page in Debian's Chromium: what a person clicks, and what they see. It has the actions of HostDouble."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .server import LAUNCHED, HostServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"

EVENTS = Path(__file__).with_name("events.js")
"""Put into the page before its own scripts, so that we know when the server is done with what a click began."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium, which knows no other host than this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class HostPage:
    """The page of a running server. `row` counts from 0 and `role` is user or assistant, as in the host's own history."""

    def __init__(self, browser: Browser, server: HostServer) -> None:
        self.server = server
        self.page = browser.new_context(viewport={"width": 1500, "height": 1400}).new_page()
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(path=EVENTS)
        self._seen = 0
        self.api_chat, self.api_completion = server.api_chat, server.api_completion
        self.open()

    def settle(self, patience: float = 120) -> None:
        """Wait until what was just done has started an event, and that one and all that follow from it have ended."""
        trouble = self.page.evaluate("window.eventsSettled", {"seen": self._seen, "patience": patience * 1000})
        assert not trouble, f"{trouble} The end of the server's log:\n{self.server.log[-2000:]}"
        self._seen = self.page.evaluate("window.eventsStarted()")

    def open(self) -> None:
        """Load the page and wait until it has restored itself."""
        self._seen = 0
        self.page.goto(self.server.url)
        self.page.wait_for_function("document.querySelector('#past-chats input:checked') !== null")
        self.settle()

    def reload(self) -> None:
        """Load the page anew, as F5 does."""
        self.open()

    def close(self) -> None:
        """Close the page."""
        self.page.context.close()

    def shoot(self, path: Path) -> None:
        """Save a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

    @property
    def chat(self) -> str:
        """The id of the chat chosen in the list, '' for an incognito one."""
        chosen: str = self.page.evaluate("document.querySelector('#past-chats input:checked')?.value ?? ''")
        return chosen

    def chats(self) -> list[str]:
        """Return the ids in the list of chats, newest first."""
        ids: list[str] = self.page.eval_on_selector_all("#past-chats input", "inputs => inputs.map(input => input.value)")
        return ids

    def messages(self) -> list[tuple[str, str]]:
        """Return the rows on the page as (said, reply), both as the model was given or gave them."""
        found = self.page.eval_on_selector_all(
            "#chat [data-raw]",
            "all => all.map(e => [+e.dataset.index, e.matches('.user-message') || e.querySelector('.circle-you') !== null, e.dataset.raw])",
        )
        rows: dict[int, dict[bool, str]] = {}
        for index, by_person, raw in found:
            rows.setdefault(index, {})[by_person] = raw
        return [(row.get(True, ""), row.get(False, "")) for _, row in sorted(rows.items())]

    def saved(self) -> dict[str, Any] | None:
        """Return the chat on the page as it is on disk, None where it is not saved."""
        found = [path for path in (self.server.webui / "user_data" / "logs").glob("*/**/*.json") if path.stem == self.chat]
        return json.loads(found[0].read_text(encoding="utf-8")) if found else None

    def say(self, text: str) -> str:
        """Send a message and return the reply."""
        self.page.fill("#chat-input textarea", text)
        self.page.click("#Generate")
        self.settle()
        return self.messages()[-1][1]

    def attach(self, path: Path) -> None:
        """Attach a file to the next message with the host's own button."""
        self.page.set_input_files("#chat-input input[type=file]", path)
        self.page.locator("#chat-input .thumbnails, #chat-input .thumbnail-item").first.wait_for()

    def hand_over(self, path: Path) -> str:
        """Hand a file over in our panel, and return what the panel says when it is read."""
        self.page.set_input_files("#familiar-drop input[type=file]", path)
        found = self.page.locator("#familiar-reading")
        self.page.wait_for_function("document.querySelector('#familiar-reading').innerText.includes('in the library')")
        self.settle()
        return str(found.inner_text())

    def excerpts(self) -> list[str]:
        """Return what of documents the model was shown for the last reply, as our panel says it."""
        self.page.click("#familiar-refresh")
        self.settle()
        return self.page.locator("#familiar-why [data-excerpt]").all_inner_texts()

    def say_and_stop(self, text: str) -> str:
        """Send a message, press Stop once there are some words, and return what there is of the reply."""
        self.begin(text)
        self._press("#generate-stop-container #stop")
        return self.messages()[-1][1]

    def begin(self, text: str) -> None:
        """Send a message and return once there are some words of the reply."""
        before = len(self.messages())
        self.page.fill("#chat-input textarea", text)
        self.page.click("#Generate")
        reply = f"document.querySelector('.assistant-message[data-index=\"{before}\"]')"
        self.page.wait_for_function(f"{reply}?.dataset.raw.split(/\\s+/).length > 2")

    def regenerate(self) -> str:
        """Answer the last message anew and return the reply."""
        return self._pressed("Regenerate")

    def continue_(self) -> str:
        """Let the model go on with its last reply and return all of it."""
        return self._pressed("Continue")

    def _pressed(self, button: str) -> str:
        self._press(f"#{button}")
        return self.messages()[-1][1]

    def _press(self, selector: str) -> None:
        """Click a button that the page keeps in a menu which opens on hovering."""
        self.page.dispatch_event(selector, "click")
        self.settle()

    def impersonate(self, text: str = "") -> str:
        """Let the model write the person's message, take it out of the box and return it."""
        self.page.fill("#chat-input textarea", text)
        self._press("#Impersonate")
        written = self.page.input_value("#chat-input textarea")
        self.page.fill("#chat-input textarea", "")
        return written

    def edit(self, index: int, role: str, text: str) -> None:
        """Replace a message."""
        message = self._message(index, role)
        message.locator(".footer-edit-button").dispatch_event("click")
        message.locator("textarea.editing-textarea").fill(text)
        message.locator(".edit-control-button", has_text="Save").click()
        self.settle()
        assert self.messages()[index][0 if role == "user" else 1] == text

    def swipe(self, index: int, direction: str, role: str = "assistant") -> None:
        """Show the version of a message to the `left` or `right`."""
        title = "Previous version" if direction == "left" else "Next version"
        self._message(index, role).locator(f"[title='{title}']").dispatch_event("click")
        self.settle()

    def _message(self, index: int, role: str) -> Any:
        rows = self.page.locator(f"#chat [data-index='{index}']")
        return rows.first if role == "user" else rows.last

    def remove_last(self) -> str:
        """Delete the last row; return what the person had said, which goes back into the text box."""
        self._press("#Remove-last")
        said = self.page.input_value("#chat-input textarea")
        self.page.fill("#chat-input textarea", "")
        return said

    def new_chat(self) -> None:
        """Start a chat. Ids are seconds, so this waits for the next one."""
        time.sleep(1.1)
        before = self.chat
        self.page.click("#new-chat-btn")
        self.page.wait_for_function("before => document.querySelector('#past-chats input:checked')?.value !== before", arg=before)
        self.settle()

    def incognito(self) -> None:
        """Start a chat that the host never saves."""
        self.page.locator(".new-chat-menu-item").dispatch_event("click")
        self.settle()
        assert self.chat == ""

    def select(self, unique_id: str) -> None:
        """Open another saved chat."""
        self.page.dispatch_event(f"#past-chats input[value='{unique_id}']", "click")
        self.settle()
        assert self.chat == unique_id

    def branch(self, index: int) -> None:
        """Start a chat that has the rows up to `index`. Ids are seconds, so this waits for the next one."""
        time.sleep(1.1)
        before = self.chat
        self._message(index, "assistant").locator(".footer-branch-button").dispatch_event("click")
        self.settle()
        assert self.chat != before

    def rename(self, name: str) -> None:
        """Give the chat another id, which is its file's name."""
        self.page.get_by_role("button", name="Rename", exact=True).click()
        self.page.get_by_label("Rename to:").fill(name)
        self.page.get_by_role("button", name="Confirm", exact=True).click()
        self.settle()
        assert self.chat == name

    def set_mode(self, mode: str) -> None:
        """Choose instruct, chat or chat-instruct, which opens the latest chat of that mode."""
        self.page.locator(f"#chat-mode input[value='{mode}']").dispatch_event("click")
        self.settle()

    def use_tool(self, name: str) -> None:
        """Tick a tool, or untick it."""
        self.page.locator(f"#tools-group input[name='{name}']").dispatch_event("click")
        self.settle()

    def notebook(self, prompt: str) -> str:
        """Press Generate in the notebook tab and return the prompt with what the model added."""
        self.page.get_by_role("tab", name="Notebook", exact=True).click()
        self.page.fill("#textbox-notebook textarea", prompt)
        self.page.get_by_role("button", name="Generate", exact=True).locator("visible=true").click()
        self.settle()
        text = self.page.input_value("#textbox-notebook textarea")
        self.page.get_by_role("tab", name="Chat", exact=True).click()
        return text

    def restart(self, tick: dict[str, bool] | None = None) -> None:
        """Press "Apply flags/extensions and restart", after ticking or unticking extensions, and open the page once it is back.

        The page reloads itself after 2.5 seconds; left half loaded, it would make the host forget the mode. So it is left at once.
        """
        self.page.get_by_role("tab", name="Session", exact=True).click()
        for name, ticked in (tick or {}).items():
            self.page.get_by_label(name, exact=True).set_checked(ticked)
        starts = self.server.log.count(LAUNCHED)
        self.page.get_by_role("button", name="Apply flags/extensions and restart").click()
        self.page.wait_for_function("document.body.innerText.includes('Reloading...')")
        self.page.goto("about:blank")
        until = time.monotonic() + 60
        while self.server.log.count(LAUNCHED) == starts:
            assert time.monotonic() < until, f"The page did not come back:\n{self.server.log[-3000:]}"
            self.page.wait_for_timeout(200)
        self.open()
