"""Documents in the panel, in a real browser: dropped, read, cited with their page, and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.context.documents import pdf, word

from .server import Server
from .test_proof import RETAKE
from .window import Window

pytestmark = pytest.mark.browser

HARBOUR = "The harbour of Rovik was dredged in 1921. Its depth is eleven metres at low tide."
OTHER = "Pumpkins are sown in May and harvested in October, after the first frost."
TAKE_FILES = """
([names, contents]) => {
  const transfer = new DataTransfer();
  names.forEach((name, at) => transfer.items.add(new File([Uint8Array.from(atob(contents[at]), (each) => each.charCodeAt(0))], name)));
  return transfer;
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    command = ["-m", "tests.browser.child", "cite", "0.01"]
    temporary = tmp_path_factory.mktemp("sent")
    with Server(tmp_path_factory.mktemp("data"), command, GRADIO_TEMP_DIR=str(temporary)) as server:
        server.sent = temporary
        yield server


def drop(window: Window, *paths: Path) -> None:
    """Drag files over the panel and let them go, as the browser tells it."""
    from base64 import b64encode

    contents = [b64encode(path.read_bytes()).decode() for path in paths]
    transfer = window.page.evaluate_handle(TAKE_FILES, [[path.name for path in paths], contents])
    zone = window.find("#familiar-drop button").first
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": transfer})


def test_dropped_documents_are_read_cited_with_their_page_and_gone_when_removed(open_window, server, tmp_path, images):
    window = open_window(server.url).open()
    expect(window.find("#familiar-documents-found")).to_contain_text("No documents yet.")
    harbour = pdf(tmp_path / "rovik.pdf", ["A page about nothing much at all.", HARBOUR], title="Harbours")
    drop(window, harbour, word(tmp_path / "tower.docx"))
    expect(window.find("#familiar-reading")).to_contain_text("All 2 documents are in the library.")
    expect(window.find("#familiar-reading li")).to_have_count(2)
    expect(window.find("#familiar-read-stop")).to_be_hidden()
    documents = window.find("#familiar-documents label")
    expect(documents).to_have_count(2)
    expect(documents.first).to_contain_text("The Tower")
    assert [path for path in server.sent.rglob("*") if path.is_file() and path.stat().st_size] == []  # no copy is left behind

    reply = window.say("How deep is the harbour of Rovik at low tide?")
    assert "eleven metres at low tide. [1]" in reply
    expect(window.why).to_contain_text("1 excerpt of a document")
    expect(window.why).to_contain_text("Harbours (rovik.pdf), page 2")
    window.replies.last.locator("a", has_text="[1]").click()
    expect(window.find("#familiar-cited")).to_contain_text("Harbours (rovik.pdf), page 2")
    expect(window.find("#familiar-cited .words")).to_contain_text("dredged in 1921")
    if os.environ.get(RETAKE):
        window.page.locator("#familiar-why").scroll_into_view_if_needed()
        window.page.screenshot(path=images / "documents.png")

    documents.filter(has_text="Harbours").click()
    expect(window.find("#familiar-document")).to_contain_text("for Familiar")
    window.find("#familiar-document-remove").click()
    window.find("#familiar-document-remove-yes").click()
    expect(documents).to_have_count(1)
    assert window.say("And how deep is the harbour of Rovik at high tide?") == "I do not know."
    expect(window.why).not_to_contain_text("excerpt")
    window.replies.nth(0).locator("a", has_text="[1]").click()
    expect(window.find("#familiar-cited")).to_contain_text("was removed or changed since")


def test_what_cannot_be_read_gets_a_line_of_its_own_and_the_rest_goes_on(open_window, server, tmp_path, images):
    window = open_window(server.url).open()
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "pumpkins.md").write_text(f"# <b>Pumpkins</b>\n\n{OTHER}\n")
    locked = pdf(tmp_path / "locked.pdf", ["Secret."], password="open sesame")
    drop(window, tmp_path / "empty.txt", locked, tmp_path / "pumpkins.md")
    lines = window.find("#familiar-reading li")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("empty.txt")
    expect(lines.nth(1)).to_contain_text("locked.pdf")
    expect(lines.nth(2)).to_contain_text("pumpkins.md: read, 1 passage")
    expect(window.find("#familiar-reading .bad")).to_have_count(2)
    if os.environ.get(RETAKE):
        window.find("#familiar-documents-found").evaluate("element => element.scrollIntoView({ block: 'end' })")
        window.page.screenshot(path=images / "reading.png")
    window.find("#familiar-document-search input, #familiar-document-search textarea").fill("pumpk")
    expect(window.find("#familiar-documents-found")).to_contain_text("1 document, the newest first")


def test_how_much_is_shown_of_documents_is_a_switch_of_each_scope(open_window, server, tmp_path):
    window = open_window(server.url).open()
    (tmp_path / "frost.md").write_text("The first frost of Rovik comes on the third of November.\n")
    window.find("#familiar-read-scope label").filter(has_text="This chat").click()
    window.say("Hello.")
    drop(window, tmp_path / "frost.md")
    expect(window.find("#familiar-reading")).to_contain_text("It is in the library.")
    assert "third of November. [1]" in window.say("When does the first frost of Rovik come?")
    window.find("#familiar-shares > .label-wrap").click()
    window.find("#familiar-place_passages input[type=number]").fill("0")
    window.find("#familiar-place_passages input[type=number]").press("Enter")
    expect(window.find("#familiar-shares-note")).to_have_text("Kept.")
    window.until(lambda: "place_passages: 0" in (server.data_dir / "settings.yaml").read_text())
    assert "third of November" not in window.say("So when does the first frost of Rovik come?")
