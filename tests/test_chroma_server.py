"""Tests of the vector index on a Chroma server: shared by several processes, told apart from others, and clear about what is wrong."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from os import getpid
from pathlib import Path
from threading import Thread

import numpy as np
import psutil
import pytest

from extension.errors import IndexUnavailable, IndexUnreachable
from extension.vectors import Server, SharedVectors

ROOT = Path(__file__).resolve().parent.parent
AXES = np.eye(4, dtype=np.float32)
KEYS = [(1, "said"), (1, "reply"), (2, "said"), (3, "said")]
DIARIES = count(getpid() * 1000 + 500)


@pytest.fixture
def diary():
    """The number of a diary nobody else has."""
    return next(DIARIES)


@pytest.fixture
def open_index(chroma, diary):
    """Open the index of this test, as another process would."""
    opened = []

    def open_(space="space", number=diary, url=chroma):
        opened.append(SharedVectors(Server(url), number, space))
        return opened[-1]

    yield open_
    for index in opened:
        index.close()


@pytest.mark.postgres
def test_what_one_process_put_in_another_finds(open_index):
    first, second = open_index(), open_index()
    first.put(7, KEYS, AXES)
    first.advance(5)
    assert (second.revision, second.counts(), set(second.search([7], AXES[2], 1))) == (5, {7: 4}, {2})
    second.remove(7, KEYS[:2])
    assert first.counts() == {7: 2}


@pytest.mark.postgres
def test_diaries_on_one_server_know_nothing_of_each_other(open_index, diary):
    mine, theirs = open_index(), open_index(number=diary + 10_000_000)
    mine.put(7, KEYS, AXES)
    mine.advance(5)
    assert (theirs.revision, theirs.counts(), theirs.search([7], AXES[0], 5)) == (0, {}, {})
    theirs.clear()
    assert (mine.revision, mine.counts()) == (5, {7: 4})


@pytest.mark.postgres
def test_a_database_of_its_own_is_made_at_the_first_use(open_index, chroma, diary):
    mine, theirs = open_index(), open_index(url=f"{chroma}/?database=other-{diary}")
    mine.put(7, KEYS, AXES)
    assert theirs.counts() == {}
    assert open_index(url=f"{chroma}?database=other-{diary}").counts() == {}


@pytest.mark.postgres
def test_another_vector_space_starts_anew(open_index, caplog):
    first = open_index()
    first.put(7, KEYS, AXES)
    first.advance(5)
    with caplog.at_level(logging.WARNING):
        second = open_index("other")
    assert (second.revision, second.counts()) == (0, {})
    assert "is of another version or model; rebuilding it from the diary." in caplog.text


@pytest.mark.postgres
def test_what_is_fed_while_another_process_starts_anew_counts_for_nothing(open_index):
    first, second = open_index(), open_index()
    first.put(7, KEYS[:2], AXES[:2])
    assert first.revision == 0
    second.clear()
    first.put(7, KEYS[2:], AXES[2:])
    first.advance(9)
    assert (first.revision, second.revision) == (0, 0)
    first.advance(3)
    assert second.revision == 3


@pytest.mark.postgres
def test_a_realm_another_process_removed_is_made_anew(open_index):
    first, second = open_index(), open_index()
    first.put(7, KEYS, AXES)
    assert second.size(7) == 4
    first.clear()
    assert second.search([7], AXES[0], 5) == {}
    second.put(7, KEYS[:1], AXES[:1])
    assert first.counts() == {7: 1}


@pytest.mark.postgres
def test_sizes_are_asked_for_anew_since_others_put_in_too(open_index, monkeypatch):
    first, second = open_index(), open_index()
    assert second.size(7) == 0
    first.put(7, KEYS, AXES)
    assert second.size(7) == 0
    monkeypatch.setattr("extension.vectors.shared._COUNTED_FOR", 0.0)
    assert second.size(7) == 4


@pytest.mark.postgres
def test_vectors_of_another_length_are_refused(open_index):
    index = open_index()
    index.put(7, KEYS, AXES)
    with pytest.raises(IndexUnavailable, match="dimension") as caught:
        index.search([7], np.ones(3, dtype=np.float32), 1)
    assert not isinstance(caught.value, IndexUnreachable)


@pytest.mark.postgres
def test_closing_leaves_no_connection_open(chroma, diary):
    port = int(chroma.rpartition(":")[2])
    index = SharedVectors(Server(chroma), diary, "space")
    index.put(7, KEYS, AXES)
    index.close()
    open_ = [each for each in psutil.Process().net_connections() if each.raddr and each.raddr.port == port and each.status == "ESTABLISHED"]
    assert open_ == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("tenant=nobody", r"has no tenant of this name\. Mend \?tenant= in FAMILIAR_CHROMA_URL\.$"),
        ("database=x", r"has no database of this name\. Mend \?database= in FAMILIAR_CHROMA_URL\.$"),
        ("database=a%2F..%2Fb", r"has no database of this name\. Mend \?database= in FAMILIAR_CHROMA_URL\.$"),
    ],
)
def test_a_tenant_or_database_that_cannot_be_is_named(chroma, diary, query, said):
    with pytest.raises(IndexUnreachable, match=said):
        SharedVectors(Server(f"{chroma}?{query}"), diary, "space")


@contextmanager
def answering(status: int, body: bytes, seen: list[dict[str, str]]) -> Iterator[str]:
    """A server that answers everything alike, and keeps the headers of the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b'"0.5.23"', "has version 0.5.23; it should be 1.x. Update it."),
        (200, b'"2.0.0"', "has version 2.0.0; it should be 1.x. Update it."),
        (200, b"<html>Welcome!</html>", "is no Chroma server 1.x. Check FAMILIAR_CHROMA_URL, or update it."),
        (200, b'{"version": ' + b"[" * 100_000, "is no Chroma server 1.x. Check FAMILIAR_CHROMA_URL, or update it."),
        (404, b"not found", "is no Chroma server 1.x. Check FAMILIAR_CHROMA_URL, or update it."),
        (401, b"who are you?", "does not let us in. Check FAMILIAR_CHROMA_TOKEN."),
        (403, json.dumps({"error": "AuthError", "message": "no"}).encode(), "does not let us in. Check FAMILIAR_CHROMA_TOKEN."),
        (502, b"<html>Bad gateway</html>", "answers with status 502. See to it; it is tried again."),
    ],
)
def test_what_is_no_server_of_ours_is_named_without_the_key(status, body, said, caplog):
    seen: list[dict[str, str]] = []
    with answering(status, body, seen) as url, caplog.at_level(logging.DEBUG):
        server = Server(url, "sk-hunter2")
        with pytest.raises(IndexUnreachable) as caught:
            SharedVectors(server, 1, "space")
    assert str(caught.value).endswith(said)
    assert "hunter2" not in f"{caught.value!r} {server!r} {caplog.text}"
    assert (seen[0]["Authorization"], seen[0]["X-Chroma-Token"]) == ("Bearer sk-hunter2", "sk-hunter2")


def test_nothing_that_answers_is_named():
    with pytest.raises(IndexUnreachable, match=r"^The Chroma server at http://127\.0\.0\.1:9 does not answer\."):
        SharedVectors(Server("http://127.0.0.1:9"), 1, "space")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://host", "http://host:8000"),
        ("https://host", "https://host:443"),
        ("http://[::1]:81/?tenant=a", "http://[::1]:81"),
    ],
)
def test_an_address_is_shown_whole_and_without_what_is_private(url, where):
    assert Server(url).where == where


def test_without_chromadb_a_sentence_says_what_to_install():
    code = "import sys; sys.modules['chromadb'] = None; from extension.vectors import Server; Server('http://127.0.0.1:9').version()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "MissingPackage: The vector index needs chromadb" in done.stderr
    assert "Install it: pip install chromadb" in done.stderr
