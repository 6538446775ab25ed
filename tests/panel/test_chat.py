"""A chat as the page shows it."""

from __future__ import annotations

import pytest

from extension.messages import Place
from extension.panel.chat import NO_REPLY, Chat, Line, feedback, messages, shown, spot, typed

CHAT = Chat(
    Place("chat:1"),
    "Ada",
    "Hello, I am Ada.",
    (
        Line(0, "Hi", "Good day.", id=1, feedback=1),
        Line(2, "Think!", "Done.", "Let me see.", id=2),
        Line(3, "And now?", trouble="Nothing answers."),
    ),
)


def test_a_chat_becomes_messages_with_reasoning_and_trouble_apart():
    assert messages(CHAT) == [
        {"role": "assistant", "content": "Hello, I am Ada."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Think!"},
        {"role": "assistant", "content": "Let me see.", "metadata": {"title": "Thoughts", "status": "done"}},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "And now?"},
        {"role": "assistant", "content": "⚠ Nothing answers."},
    ]


def test_every_message_leads_back_to_its_line():
    parts = [(line.row if line else None, part) for line, part in (spot(CHAT, index) for index in range(8))]
    assert parts == [
        (None, "greeting"),
        (0, "said"),
        (0, "reply"),
        (2, "said"),
        (2, "reasoning"),
        (2, "reply"),
        (3, "said"),
        (3, "trouble"),
    ]
    assert spot(CHAT, 8) == (None, "greeting")


def test_thumbs_stand_beside_the_messages_of_the_assistant():
    assert feedback(CHAT) == [None, "Like", None, None, None]


def test_a_message_without_a_reply_says_how_to_get_one():
    assert messages(Chat(Place("chat:1"), "Ada", "", (Line(0, "Hi"),)))[-1]["content"] == f"⚠ {NO_REPLY}"


def test_a_reply_under_way_shows_that_it_is_awaited_and_its_reasoning_open():
    waiting = Chat(Place("chat:1"), "Ada", "", (Line(0, "Hi", waiting="…"),))
    assert messages(waiting)[-1] == {"role": "assistant", "content": "…"}
    thinking = Chat(Place("chat:1"), "Ada", "", (Line(0, "Hi", reasoning="Hm.", waiting="…"),))
    assert messages(thinking)[-1] == {"role": "assistant", "content": "Hm.", "metadata": {"title": "Thoughts", "status": "pending"}}


def test_a_title_is_the_one_given_or_the_first_words():
    assert CHAT.title == "Hi"
    assert Chat(Place("chat:1", title="Sums"), "Ada", "", CHAT.lines).title == "Sums"
    assert Chat(Place("chat:1"), "Ada").title == "New chat"
    assert Chat(Place("chat:1"), "Ada", "", (Line(0, "word " * 40),)).title == "word " * 11 + "word…"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a < b and <b>bold</b>",
        "`<kept>` but not <this>",
        "```html\n<p>kept</p>\n``` and <p>",
        "<!-- comment --> <?php",
        "no tags, 1 < 2",
    ],
)
def test_tags_are_defused_and_what_was_typed_comes_back(text):
    assert typed(shown(text)) == text


def test_tags_are_defused_outside_of_code_only():
    assert shown("`<i>` <i>") == "`<i>` <\u2060i>"
    assert shown("```\n<i>\n```") == "```\n<i>\n```"
    assert shown("1 < 2") == "1 < 2"
