"""A host that can be stopped."""

from __future__ import annotations

import threading

import pytest

from extension.errors import HostRefused
from extension.hosts.scripted import Scripted
from extension.hosts.stoppable import Stoppable
from extension.messages import Generation, Message

ASKED = [Message("user", "Go on.")]


def test_it_is_the_host_it_stands_for():
    host = Stoppable(Scripted(["One two three."], model="m", adapter="a", context_length=99))
    assert (host.model, host.adapter, host.context_length, host.count("12345678")) == ("m", "a", 99, 2)
    assert "".join(host.generate(ASKED, Generation(max_new_tokens=20))) == "One two three."


def test_it_raises_what_the_host_raises():
    with pytest.raises(HostRefused, match="sees 1 at once"):
        list(Stoppable(Scripted(context_length=1)).generate(ASKED, Generation()))


def test_stopping_ends_a_reply_between_two_words():
    host = Stoppable(Scripted(["One two three."]))
    pieces = host.generate(ASKED, Generation())
    assert next(pieces) == "One "
    host.stop()
    assert list(pieces) == []
    assert host.stopped


def test_stopped_before_it_begins_the_host_is_not_asked():
    asked = []
    host = Stoppable(Scripted(lambda messages: asked.append(1) or "Late."))
    host.stop()
    assert list(host.generate(ASKED, Generation())) == []
    assert asked == []


def test_closing_closes_the_hosts_own_pieces():
    closed, go = threading.Event(), threading.Event()

    class Watched(Scripted):
        def generate(self, messages, options):
            try:
                yield "One "
                go.wait(10)
                yield "two"
            finally:
                closed.set()

    pieces = Stoppable(Watched()).generate(ASKED, Generation())
    assert next(pieces) == "One "
    pieces.close()
    go.set()
    assert closed.wait(10)
