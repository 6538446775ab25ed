"""Memories as Markdown."""

from __future__ import annotations

import io
from datetime import timedelta, timezone

import pytest

from extension.memory import markdown
from extension.memory.diary import Answer, Filter
from extension.memory.selection import Selection
from extension.messages import Person, Place, Turn

from .conftest import BOB, CHANNEL, NOON, told, turn

ZURICH = timezone(timedelta(hours=1))


def written(database, chosen: Filter | None = None) -> str:
    out = io.BytesIO()
    markdown.export(database, out, Selection(chosen or Filter()), ZURICH)
    return out.getvalue().decode()


def test_memories_are_written_by_place_and_day(database, diary):
    told(diary, ("My cat is called Miso", "Lovely."), ("She eats fish.\n\nEvery day.", ""))
    diary.write(turn("Hello all", person=BOB, place=CHANNEL), Answer("Hi Bob.", model="smollm2"))
    late = NOON + timedelta(hours=11, minutes=30)
    diary.pin(diary.write(Turn(BOB, CHANNEL, "Wren", "Good night", 1, late), Answer("Sleep well.")))
    assert written(database) == (
        """# Memories

## kitchen

Private: kitchen

### Saturday, 14 March 2026

**Alice** to Robin, 13:00

> My cat is called Miso

**Robin**

> Lovely.

**Alice** to Robin, 13:01

> She eats fish.
>
> Every day.

## \\#general

Shared: channel

### Saturday, 14 March 2026

**Bob** to Robin, 13:00

> Hello all

**Robin** (smollm2)

> Hi Bob.

### Sunday, 15 March 2026

**Bob** to Wren, 00:30, pinned

> Good night

**Wren**

> Sleep well.
"""
    )


def test_only_what_is_asked_for_is_written(database, diary):
    told(diary, ("My cat is called Miso", "Lovely."))
    told(diary, ("Hello all", "Hi."), person=BOB, place=CHANNEL)
    assert "Miso" not in written(database, Filter(person="bob"))
    assert written(database, Filter(person="carol")) == "# Memories\n"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("# Heading", "> # Heading"),
        ("one\r\ntwo\rthree", "> one\n> two\n> three"),
        ("a\u2028b", "> a\u2028b"),
        ("<script>alert(1)</script> 1 < 2", "> &lt;script>alert(1)&lt;/script> 1 < 2"),
        ("![x](http://example.org/x.png)", "> !\\[x](http://example.org/x.png)"),
        ("```html\n<b>\n```\n<b>", "> ```html\n> <b>\n> ```\n> &lt;b>"),
        ("~~~~\n<b>\n~~~\n<b>\n~~~~\n<b>", "> ~~~~\n> <b>\n> ~~~\n> <b>\n> ~~~~\n> &lt;b>"),
        ("``` a`b\n<b>", "> ``` a`b\n> &lt;b>"),
        ("    ```\n<b>", ">     ```\n> &lt;b>"),
        ("```\nnever closed", "> ```\n> never closed"),
        ("\x1b[31mred\x07", "> \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_words_stay_inside_of_their_quotation(database, diary, said, shown):
    diary.write(turn(said), Answer(""))
    assert written(database).endswith(f"13:00\n\n{shown}\n")


def test_names_mean_nothing_to_markdown(database, diary):
    diary.write(turn("Hi", person=Person("x", "*A*\n# B"), place=Place("`<i>`", title="[T](u)\n## U"), companion="_C_"), Answer(""))
    text = written(database)
    assert "\n## \\[T\\](u) \\#\\# U\n\nPrivate: \\`\\<i\\>\\`\n" in text
    assert "\n**\\*A\\* \\# B** to \\_C\\_, 13:00\n" in text


def test_a_long_place_is_written_whole_and_in_order(database, diary):
    told(diary, *((f"Fact {number}", "") for number in range(250)))
    facts = [line for line in written(database).splitlines() if line.startswith("> ")]
    assert facts == [f"> Fact {number}" for number in range(250)]
