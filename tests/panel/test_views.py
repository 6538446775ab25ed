"""Which chat each open page shows."""

from __future__ import annotations

import threading

from extension.messages import Place
from extension.panel.chat import Chat
from extension.panel.views import Views, this_session


def chat(place):
    return Chat(Place(place), "Familiar")


def test_a_page_shows_what_it_was_turned_to():
    views = Views()
    assert views.shows("s", "chat:1")
    views.show("s", chat("chat:1"))
    assert (views.shows("s", "chat:1"), views.shows("s", "chat:2"), views.shows("other", "chat:2")) == (True, False, True)


def test_words_that_were_sent_before_the_page_heard_of_the_new_chat_belong_to_it():
    views, first, second = Views(), chat("chat:1"), chat("chat:2")
    assert views.turned("s", first) is first
    views.show("s", first)
    assert views.turned("s", first) is first
    views.show("s", second)
    assert (views.turned("s", first), views.turned("other", first)) == (second, first)


def test_turning_a_page_waits_for_the_last_picture_of_the_chat_that_is_left():
    views, order, painted = Views(), [], threading.Event()
    views.show("s", chat("chat:1"))

    def paint():
        with views.painting("s", "chat:1"):
            painted.set()
            while views.shows("s", "chat:1"):
                pass
            order.append("last picture")

    painter = threading.Thread(target=paint)
    painter.start()
    painted.wait(10)
    views.show("s", chat("chat:2"))
    order.append("turned")
    painter.join(10)
    assert order == ["last picture", "turned"]


def test_painting_the_same_chat_or_another_page_is_not_waited_for():
    views = Views(patience=3600)
    with views.painting("s", "chat:1"), views.painting("other", "chat:2"):
        views.show("s", chat("chat:1"))
        assert views.shows("s", "chat:1")


def test_outside_of_a_page_there_is_no_session():
    assert this_session() == ""
