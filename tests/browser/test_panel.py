"""The panel in a real browser, beside the standalone chat: memories searched, mended, pinned and forgotten, and settings kept."""

from __future__ import annotations

import docx
import pytest
from playwright.sync_api import Route, expect

from tests.documents.drive_double import EMAIL, DriveDouble

PARTS = "#chats > *, #chat-list, #box, #familiar [id^=familiar]"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_memory_is_found_mended_and_forgotten(window):
    window.say("My sister plays the oboe.")
    window.search("OBOE")
    window.choose("My sister plays the oboe.")
    window.find("#familiar-said textarea").fill("My sister plays the bassoon.")
    window.find("#familiar-save").click()
    expect(window.find("#familiar-list-note")).to_have_text("Saved.")
    expect(window.said).to_have_text(["My sister plays the bassoon."])
    window.search("oboe")
    window.search("bassoon")
    window.choose("My sister plays the bassoon.")
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-no").click()
    expect(window.memories.filter(has_text="bassoon")).to_have_count(1)
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-yes").click()
    expect(window.find("#familiar-list-note")).to_have_text("Forgotten.")
    expect(window.find("#familiar-found")).to_contain_text("Nothing found")
    expect(window.find("#familiar-memory")).to_be_hidden()
    expect(window.said).to_have_count(0)


def test_a_pinned_memory_is_marked_and_can_be_unpinned(window):
    window.say("Rent is due on the fifth.")
    window.search("Rent is due")
    window.choose("Rent is due")
    window.find("#familiar-pin").click()
    expect(window.memories.filter(has_text="★")).to_have_count(1)
    expect(window.find("#familiar-pin")).to_have_text("Unpin")
    expect(window.find("#familiar-summary")).to_contain_text("1 pinned")
    window.find("#familiar-pin").click()
    expect(window.find("#familiar-pin")).to_have_text("Pin")
    expect(window.memories.filter(has_text="★")).to_have_count(0)


def test_a_forgotten_memory_leaves_the_explanation_of_the_last_reply(window):
    window.say("My boat is called Albatross.")
    window.new_chat()
    window.say("What is my boat called?")
    expect(window.why).to_contain_text("My boat is called Albatross.")
    window.search("Albatross")
    window.choose("My boat is called Albatross.")
    window.find("#familiar-forget").click()
    window.find("#familiar-forget-yes").click()
    expect(window.why).to_contain_text("1 memory of them was forgotten since.")
    expect(window.why).not_to_contain_text("Albatross")
    window.press("Retry")
    window.reply()
    expect(window.why).not_to_contain_text("Albatross")


def test_settings_of_the_panel_are_there_after_a_reload(window):
    window.find("#familiar-budget input[type=number]").fill("350")
    window.find("#familiar-memories input[type=number]").fill("3")
    window.find("#familiar-scope label").filter(has_text="This chat").click()
    expect(window.find("#familiar-settings-note")).to_have_text("Kept.")
    window.page.wait_for_timeout(500)
    window = window.again()
    expect(window.find("#familiar-budget input[type=number]")).to_have_value("350")
    expect(window.find("#familiar-memories input[type=number]")).to_have_value("3")
    expect(window.find("#familiar-scope label.selected")).to_have_text("This chat")
    window.find("#familiar-scope label").filter(has_text="This companion").click()
    window.find("#familiar-budget input[type=number]").fill("800")
    window.find("#familiar-memories input[type=number]").fill("6")
    expect(window.find("#familiar-settings-note")).to_have_text("Kept.")


def test_everything_can_be_reached_and_used_with_the_keyboard(window):
    window.say("Keyboards have keys.")
    window.search("Keyboards have keys")
    expect(window.memories).to_have_count(1)
    reached = set()
    window.find("body").press("Home")
    for _ in range(80):
        window.page.keyboard.press("Tab")
        reached.add(
            window.page.evaluate("document.activeElement.closest('#chats > *, #chat-list, #box, #familiar [id^=familiar]')?.id || ''")
        )
    wanted = {"new-chat", "chat-list", "box", "familiar-enabled", "familiar-scope", "familiar-budget", "familiar-search", "familiar-list"}
    assert wanted - reached == set()
    window.find("#familiar-list input").first.focus()
    window.page.keyboard.press("Space")
    expect(window.find("#familiar-memory")).to_be_visible()


def test_a_request_that_comes_late_does_not_bring_an_older_list_back(window, open_window, server):
    window.say("Late trains.")
    expect(window.memories.filter(has_text="Late trains.")).to_have_count(1)
    held: list[Route] = []
    window.page.route("**/queue/join*", lambda route: route.continue_() if held else held.append(route))
    before = int(window.find("#familiar-summary").inner_text().split(" exchange")[0])
    window.find("#familiar-refresh").click()
    window.until(lambda: bool(held))
    window.search("Late trains.")
    open_window(server.url).open().say("Another exchange, which the summary of the first window counts.")
    held[0].continue_()
    expect(window.find("#familiar-summary")).to_contain_text(f"{before + 1} exchanges in")
    expect(window.find("#familiar-found")).to_contain_text("for “Late trains.”")


def test_every_control_has_a_name(window):
    window.say("Names matter.")
    window.search("Names matter.")
    window.choose("Names matter.")
    unnamed = window.page.evaluate(
        """() => [...document.querySelectorAll('#page button, #page input, #page textarea')]
            .filter((each) => each.checkVisibility())
            .filter((each) => !(each.textContent.trim() || each.ariaLabel || each.title || each.labels?.[0]?.textContent.trim()))
            .map((each) => each.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []


def test_a_reply_and_a_whole_chat_are_saved_as_documents(window, server):
    window.new_chat()
    window.say("Two words about some harbours I have been to: they are **old** and *cold*.")
    window.find("#familiar-saving > .label-wrap").click()
    window.find("#familiar-save-title input, #familiar-save-title textarea").fill("Häfen: ein Anfang")
    with window.page.expect_download() as found:
        window.find("#familiar-save-document").click()
        window.find("#familiar-save-note a[download]").click()
    assert found.value.suggested_filename == "Häfen ein Anfang.docx"
    document = docx.Document(found.value.path())
    assert document.paragraphs[0].text == document.core_properties.title == "Häfen: ein Anfang"
    assert {run.text: (run.bold, run.italic) for run in document.paragraphs[1].runs if run.text in ("old", "cold")} == {
        "old": (True, None),
        "cold": (None, True),
    }
    assert (server.data_dir / "documents" / "Häfen ein Anfang.docx").read_bytes() == found.value.path().read_bytes()
    window.find("#familiar-save-what label").filter(has_text="This whole chat").click()
    window.find("#familiar-save-document").click()
    expect(window.find("#familiar-save-note")).to_contain_text("Häfen ein Anfang (2).docx")
    window.find("#familiar-save-what label").filter(has_text="The memory that is open above").click()
    window.find("#familiar-save-document").click()
    expect(window.find("#familiar-save-note")).to_contain_text("No memory is open.")


def test_a_document_goes_to_the_folder_in_drive_that_was_named_in_the_panel(start, open_window, tmp_path, images):
    with DriveDouble() as google:
        key = google.service_account(tmp_path / "key.json")
        server = start(tmp_path / "data", FAMILIAR_DRIVE_CREDENTIALS=str(key), TEST_GOOGLE=google.url)
        window = open_window(server.url).open()
        window.say("All happy families are alike.")
        window.find("#familiar-saving > .label-wrap").click()
        link = window.find("#familiar-save-link input, #familiar-save-link textarea")
        link.fill("https://drive.google.com/drive/u/0/folders/somebody-elses?usp=sharing")
        link.press("Enter")
        expect(window.find("#familiar-save-note")).to_contain_text(f"Share the folder in Google Drive with {EMAIL} as an editor.")
        link.fill("https://drive.google.com/drive/u/0/folders/the-folder-1234?usp=sharing")
        link.press("Enter")
        expect(window.find("#familiar-save-note")).to_contain_text("Documents can go into “Writing” now.")
        expect(window.find("#familiar-save-where label.selected")).to_have_text("Google Drive")
        window.find("#familiar-save-title input, #familiar-save-title textarea").fill("Anna Karenina")
        for _ in range(2):
            window.find("#familiar-save-document").click()
            expect(window.find("#familiar-save-note a")).to_have_text("Open Anna Karenina.docx in Google Drive")
            window.until(lambda: google.documents != [])
        window.find("#familiar-saving").screenshot(path=images / "writing.png")
        window.until(lambda: [len(file.revisions) for file in google.documents] == [2])
        again = window.again()
        again.find("#familiar-saving > .label-wrap").click()
        expect(again.find("#familiar-save-where label.selected")).to_have_text("Google Drive")
