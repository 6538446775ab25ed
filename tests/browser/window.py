"""A browser window on the standalone chat: what a person does and sees there."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

SECONDS = 1000.0
UNDER_WAY = re.compile(r"^\s*(…|Waking the model up.*)\s*$")


class Window:
    """Wraps a page of Playwright. Everything waits until the page shows it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self) -> Window:
        """Load the page and wait until it can be used."""
        self.page.goto(self.url)
        expect(self.box).to_be_visible(timeout=120 * SECONDS)
        expect(self.find("#companion input")).not_to_have_value("", timeout=120 * SECONDS)
        return self

    def again(self) -> Window:
        """Open the page once more in the same browser, which keeps what the browser remembers."""
        return Window(self.page.context.new_page(), self.url).open()

    def find(self, selector: str) -> Locator:
        """Return what a CSS selector finds."""
        return self.page.locator(selector)

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.find("#box textarea")

    @property
    def said(self) -> Locator:
        """The messages of the person."""
        return self.find("#chatbot .message.user")

    @property
    def replies(self) -> Locator:
        """The messages of the companion, notes of trouble included."""
        return self.find("#chatbot .message.bot")

    @property
    def chats(self) -> Locator:
        """The list of chats."""
        return self.find("#chat-list label")

    @property
    def why(self) -> Locator:
        """Why it answered so."""
        return self.find("#familiar-why")

    @property
    def memories(self) -> Locator:
        """The list of memories."""
        return self.find("#familiar-list label")

    def open_chat(self, text: str) -> None:
        """Open the chat whose title has a text. A click on a list that is drawn anew at that moment is lost, as a person's is."""
        listed = self.chats.filter(has_text=text)
        for _ in range(10):
            listed.click()
            try:
                expect(listed.locator("input")).to_be_checked(timeout=3 * SECONDS)
            except AssertionError:
                continue
            return
        raise AssertionError(f"The chat “{text}” could not be opened.")

    def send(self, text: str) -> None:
        """Send a message and do not wait for the reply."""
        before = self.said.count()
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.said).to_have_count(before + 1)

    def say(self, text: str, within: float = 120.0) -> str:
        """Send a message, wait until the reply is whole, and return it."""
        self.send(text)
        expect(self.said.last).to_contain_text(text.split("\n")[0][:40])
        return self.reply(within)

    def reply(self, within: float = 120.0) -> str:
        """Wait until no reply is under way any more, and return the last one."""
        expect(self.find("#box .stop-button")).to_have_count(0, timeout=within * SECONDS)
        expect(self.find("#box .submit-button")).to_be_visible(timeout=within * SECONDS)
        expect(self.replies.last).not_to_have_text(UNDER_WAY, timeout=within * SECONDS)
        return self.replies.last.inner_text().strip()

    def new_chat(self) -> None:
        """Begin a new chat."""
        self.find("#new-chat").click()
        expect(self.find("#title")).to_contain_text("New chat")
        expect(self.said).to_have_count(0)

    def press(self, label: str, number: int = -1) -> None:
        """Press one of the small buttons below a message; the last one of that name unless told otherwise."""
        self.find(f'#chatbot button[aria-label="{label}"]').nth(number).click()

    def forget_exchange(self, number: int = -1) -> None:
        """Forget an exchange by the button below its reply."""
        self.find("#chatbot .extra-feedback").nth(number).hover()
        self.find("#chatbot .extra-feedback-option").nth(number).click()

    def search(self, text: str) -> None:
        """Type into the search of the panel, and wait for what it finds."""
        self.find("#familiar-search textarea, #familiar-search input").fill(text)
        found = self.find("#familiar-found")
        if text:
            expect(found).to_contain_text(f"“{text[:38]}")
        else:
            expect(found).not_to_contain_text("“")

    def choose(self, text: str) -> None:
        """Choose a memory of the list by how it begins, and wait until it is shown."""
        self.memories.filter(has_text=text).first.click()
        expect(self.find("#familiar-said textarea")).to_have_value(re.compile("^" + re.escape(text)))

    def until(self, condition: Callable[[], bool], within: float = 60.0) -> None:
        """Wait until something holds that no locator can say."""
        for _ in range(int(within * 10)):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it did not come to hold")
