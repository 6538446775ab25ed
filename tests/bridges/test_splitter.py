"""Tests of the splitter: what a part never is, what is never torn, and that nothing is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bench.replies import Replies
from bench.split import COLUMNS, cut, judged
from bench.split import measure as measured
from extension.bridges.fences import fences
from extension.bridges.plan import plan
from extension.bridges.splitter import parts, split, utf8, utf16

FAMILY = "👩‍👩‍👧‍👦"


def test_a_thousand_replies_are_split_with_nothing_wrong():
    made = Replies(seed=5)
    replies = [made.one() for _ in range(1_000)]
    figures = measured(split, replies)
    assert 8_000 < sum(map(len, replies)) / 1_000 < 10_000
    assert figures["wrong"] == dict.fromkeys(COLUMNS, 0)


def test_the_measurement_finds_what_is_wrong():
    text = "Words.\n\n```css\n  a {}\n\n  b {}\n```"
    assert judged(text, [text], 2_000) == dict.fromkeys(COLUMNS, False)
    assert judged(text, cut(text, 20), 2_000)["unbalanced fence"]
    assert judged(text, [text], 20)["over the limit"]
    assert judged(text, [text.replace("Words", "Word")], 2_000)["text lost"]
    assert judged(text, [text.replace("  b", "b")], 2_000)["indentation lost"]
    assert judged(text, [text.replace("\n\n  b", "\n  b")], 2_000)["indentation lost"]
    assert judged(text, [text.replace("css", "cs")], 2_000)["language lost or wrong"]


def check(text: str, limit: int, measure) -> None:
    """Assert what holds of the parts of any text."""
    found = list(parts(text, limit, measure=measure))
    place = 0
    for part in found:
        between = text[place : part.start]
        assert between in ("", "\n", "\r\n", " ") or (not between.strip() and measure(between) > limit // 4)
        assert not between or place == 0 or "\n" in between or text[place - 1] != "\n"
        assert part.text == part.opening + text[part.start : part.end] + part.closing
        assert measure(part.text) <= limit
        assert part.text.strip()
        place = part.end
    assert not text[place:].strip()
    assert split(text, limit, measure=measure) == [part.text for part in found]
    assert bool(found) == bool(text.strip())


MARKS = ["\n\n", "    ", "```", "```py\n", "\n```\n", "~~~~ css\n", "\n~~~~\n", "> ```js\n> x\n", "- ", "1. ", " " * 70, "\n" * 70, "\r\n"]
WORDS = ["word ", "A sentence. ", "[a b](https://e.org/x)", "https://e.org/(y)", "`a b`", "**a b**", "<:a:1>", "<@1>", "<t:1:R>", "x" * 90]
LETTERS = ["東京。", FAMILY, "🇩🇪", "e\u0301", "a" + "\u0301" * 60, "\ud83d", "\ude00", "\0", "\u2028", "\u0600", "\x85"]
pieces = st.sampled_from([*" \n\t.*_`~|>-#[](){}<>:/\\\r", *MARKS, *WORDS, *LETTERS])


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces, max_size=80).map("".join), st.integers(4, 120), st.sampled_from([utf16, utf8]))
@example("\n```\n\n\n```\n```", 14, utf8)
def test_any_text_is_split_without_loss(text, limit, measure):
    check(text, limit, measure)


lines = st.sampled_from(
    [*WORDS, *MARKS[4:6], "x = 1\n", "    y\n", "\n", "\n```py\n", "\n```\n", "\n- a\n  ```\n  b\n  ```\n", "\n> ```js\n> x\n> ```\n", "`"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(lines, max_size=80).map("".join), st.integers(60, 160))
def test_every_fence_that_is_opened_in_a_part_is_closed_in_it(text, limit):
    assume(all(len(line) < limit // 3 for line in text.splitlines() if "```" in line))  # a longer opening is text, not a fence
    assert [part for part in split(text, limit) if not all(fence.closed for fence in fences(part))] == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=600), st.integers(4, 60))
def test_any_characters_are_split_without_loss(text, limit):
    check(text, limit, utf16)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["word", "[a b c](https://e.org/x)", "https://e.org/(y)?z=1", "`a b c`", "<:name:123>", "<@12345>", FAMILY, "🇩🇪🇫🇷"])
    )
)
def test_nothing_that_fits_is_torn(atoms):
    found = split(" ".join(atoms), 32)
    assert [atom for part in found for atom in re.findall(r"\[a b c\]\S+|`[^`]+`|\S+", part)] == atoms


HOSTILE = {
    "backticks": "`" * 100_000,
    "runs of backticks": " ".join("`" * length for length in range(1, 440)),
    "opening fences": "```py\n" * 16_000,
    "fences ever deeper": "".join(">" * depth + "```\n" for depth in range(400)),
    "fences in a quotation": "> ```\n> x\n" * 10_000,
    "line breaks": "\n" * 100_000,
    "line breaks between words": "x" + "\n" * 100_000 + "y",
    "line breaks in a fence": "```\n" + "\n" * 100_000 + "```",
    "NULs": "\0" * 100_000,
    "lone surrogates": "\ud83d" * 50_000 + "\ude00" * 50_000,
    "brackets": "[" * 100_000,
    "links that never end": "[a](b " * 16_000,
    "emoji that never end": "<a:" * 33_000,
    "asterisks": "*a " * 33_000,
    "quotation marks": "> " * 50_000,
    "list marks": "- " * 50_000,
    "spaces": "x" + " " * 100_000 + "x",
    "flags": "🇩🇪" * 50_000,
    "one letter": "a" + "\u0301" * 100_000,
    "one emoji": "👩\u200d" * 50_000,
    "one word": "x" * 100_000,
    "one address": "https://" + "x" * 100_000,
    "one line of code": "```py\n" + "x" * 100_000 + "\n```",
    "backslashes": "\\" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_text_is_split_like_any_other(text):
    check(text, 2_000, utf16)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t ", "\u2003" * 5_000])
def test_white_space_alone_gives_no_part(text):
    assert split(text) == []


def test_what_fits_stays_as_it_is():
    assert split("  Hello.\n\nYou there.\n") == ["  Hello.\n\nYou there.\n"]
    assert split("😀" * 1_000) == ["😀" * 1_000]
    assert [len(part) for part in split("😀" * 1_001)] == [1_000, 1]


def test_a_limit_below_one_character_is_refused():
    with pytest.raises(ValueError, match="take a higher limit"):
        split("😀", 1)


def test_a_fence_is_closed_and_opened_again_with_its_language():
    assert split("Look:\n\n```javascript\n  let a;\n\n  let b;\n  let c;\n```\nDone.", 40) == [
        "Look:\n\n```javascript\n  let a;\n\n```",
        "```javascript\n  let b;\n  let c;\n```",
        "Done.",
    ]


@pytest.mark.parametrize(
    ("opening", "again", "line", "closing"),
    [
        ("~~~~ css", "~~~~ css", "a {}", "~~~~"),
        ("````markdown", "````markdown", "```", "````"),
        ("  ```py", "  ```py", "  x = 1", "  ```"),
        ("- ```py", "  ```py", "  x = 1", "  ```"),
        ("> ```py", "> ```py", "> x = 1", "> ```"),
        ("```py title=a.py", "```py title=a.py", "x = 1", "```"),
    ],
)
def test_fences_of_every_kind_are_opened_again(opening, again, line, closing):
    code = [line] * 12
    found = split("\n".join([opening, *code, closing]), 60)
    assert len(found) > 1
    assert found[0].startswith(f"{opening}\n{line}\n")
    assert all(part.startswith(f"{again}\n{line}\n") for part in found[1:])
    assert all(part.endswith(f"\n{line}\n{closing}") for part in found)
    assert sum(part.split("\n")[1:-1].count(line) for part in found) == 12


def test_a_closing_line_never_comes_alone():
    closing = "`" * 20
    assert split("```\n" + "x = 1\n" * 4 + closing, 40) == ["```\nx = 1\nx = 1\nx = 1\n```", f"```\nx = 1\n{closing}"]


def test_a_fence_that_the_model_left_open_is_closed():
    assert split("```py\nx = 1") == ["```py\nx = 1\n```"]
    assert split("```py\nx = 1\n") == ["```py\nx = 1\n```"]


def test_marks_within_a_line_never_come_to_open_a_fence():
    assert split("word " * 5 + "```not a fence", 30) == ["word word word word", "word ```not a fence"]


def test_breaks_are_between_paragraphs_then_lines_then_sentences_then_words():
    assert split("One two. Three.\nFour.\n\nFive six.", 28) == ["One two. Three.\nFour.\n", "Five six."]
    assert split("One two. Three.\nFour. Five six.", 28) == ["One two. Three.", "Four. Five six."]
    assert split("One two. Three Four five.", 20) == ["One two.", "Three Four five."]
    assert split("One two three four", 10) == ["One two", "three four"]
    assert split("塔は石です。高い塔は石です", 10) == ["塔は石です。", "高い塔は石です"]


def test_a_heading_stays_with_what_it_heads():
    assert split("Some words here.\n\n# Heading\n\nMore words.", 32) == ["Some words here.\n", "# Heading\n\nMore words."]


def test_the_number_of_a_list_stays_with_its_item():
    assert split("Some words and\n1. the first item of it", 18) == ["Some words and", "1. the first item", "of it"]


@pytest.mark.parametrize("span", ["**bold words**", "*two words*", "||hidden words||", "~~gone words~~", "__under words__"])
def test_a_span_is_kept_whole_where_it_can_be(span):
    assert split(f"Now and then {span} again", 22)[1].startswith(span)
    assert split("**" + "word " * 10 + "word**", 30)[0].startswith("**word word")


def test_a_letter_is_torn_only_where_it_alone_is_too_long():
    assert split(FAMILY * 3, 24) == [FAMILY * 2, FAMILY]
    assert [len(part) for part in split("a" + "\u0301" * 99, 40)] == [40, 40, 20]


def test_a_short_reply_is_sent_as_it_is():
    assert plan("Hello.", 100, 1) == (["Hello."], None)
    assert plan(" \n ", 100, 1) == ([], None)


@pytest.mark.parametrize(
    ("text", "name", "content"),
    [
        ("word " * 500, "reply.txt", "word " * 500),
        ("# Title\n\n" + "word " * 500, "reply.md", "# Title\n\n" + "word " * 500),
        ("```python\n" + "x = 1\n" * 300 + "```\n", "reply.py", "x = 1\n" * 300),
        ("~~~C++ title=a\n" + "x = 1;\n" * 300 + "~~~", "reply.cpp", "x = 1;\n" * 300),
        ("```../../x\n" + "x = 1\n" * 300 + "```", "reply.txt", "x = 1\n" * 300),
        ("```py\n" + "x = 1\n" * 300 + "```\nThat was it.", "reply.md", "```py\n" + "x = 1\n" * 300 + "```\nThat was it."),
    ],
)
def test_a_reply_of_too_many_parts_comes_as_a_file(text, name, content):
    found, file = plan(text, 500, 3)
    assert (file.name, file.content.decode()) == (name, content)
    assert len(found) == 1
    assert found[0].startswith(f"This reply is long ({len(text):,} characters): all of it is in {name}. It begins:\n\n{text[:20]}")
    assert 250 < len(found[0]) <= 500
    assert found[0].count("```") % 2 == 0


def test_a_file_is_written_of_what_has_no_utf8_and_a_tiny_limit_still_says_so():
    found, file = plan("\ud83d word " * 50, 20, 2)
    assert file.content == b"? word " * 50
    assert found == ["This reply is long", "(350 characters):"]
    with pytest.raises(ValueError, match="most_parts is 1 or more"):
        plan("Hello.", 20, 0)
