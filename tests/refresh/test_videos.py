"""Titles of videos are asked for once, in fifties, and their lack stops nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from extension.refresh.videos import FILE, Videos


class YouTube(BaseHTTPRequestHandler):
    """Answers as YouTube's Data API does, or with what the server was told to say."""

    def do_GET(self) -> None:
        ids = parse_qs(urlsplit(self.path).query)["id"][0].split(",")
        self.server.asked.append((len(ids), self.headers["X-Goog-Api-Key"], "key" in self.path))
        status, body = self.server.answer or (
            200,
            {"items": [{"id": each, "snippet": {"title": f"Title {each}"}} for each in ids if each != "gone_______"]},
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def youtube() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), YouTube)
    server.asked, server.answer = [], None
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def videos(tmp_path, youtube, key="k1"):
    return Videos(tmp_path, SecretStr(key), f"http://127.0.0.1:{youtube.server_port}")


def test_every_video_is_asked_about_once_in_fifties(tmp_path, youtube):
    ids = [f"video{number:06d}" for number in range(60)]
    assert videos(tmp_path, youtube).titles([*ids, "gone_______", "no id"])["video000007"] == "Title video000007"
    again = videos(tmp_path, youtube).titles([*ids, "gone_______"])
    assert (len(again), youtube.asked) == (60, [(50, "k1", False), (11, "k1", False)])


def test_without_a_key_what_is_known_counts(tmp_path, youtube):
    videos(tmp_path, youtube).titles(["video000001"])
    assert videos(tmp_path, youtube, "").titles(["video000001", "video000002"]) == {"video000001": "Title video000001"}
    assert len(youtube.asked) == 1


@pytest.mark.parametrize("answer", [(403, {"error": {}}), (200, b"<html>"), (200, {"items": 5}), (200, [])])
def test_an_answer_that_makes_no_sense_is_logged_without_the_key(tmp_path, youtube, caplog, answer):
    youtube.answer = answer
    assert videos(tmp_path, youtube).titles(["video000001"]) == {}
    assert "YouTube" in caplog.text and "k1" not in caplog.text and "video000001" not in caplog.text
    assert not (tmp_path / FILE).exists()


def test_offline_and_with_a_damaged_file_links_stay_as_they_are(tmp_path, youtube):
    (tmp_path / FILE).write_text("{")
    offline = Videos(tmp_path, SecretStr("k1"), "http://127.0.0.1:9")
    assert offline.titles(["video000001"]) == {}
