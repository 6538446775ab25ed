"""Why it answered so, as HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from extension.errors import StoreLocked
from extension.memory.diary import Answer
from extension.messages import Briefing, Memory, Person, Place, Summary
from extension.panel.door import Here
from extension.panel.reasons import NOTHING_FOUND, NOTHING_YET, OFF, reasons

NOW = Here("Familiar", "chat:now")


def told(door, app, numbers, note=""):
    """Let the door have told that these exchanges were shown for a message in chat:now."""
    memories = tuple(Memory(exchange, 0.87, 0.5, 0.25) for exchange in app.memories.diary.get(numbers))
    door.whys.keep(app.turn("?", Place("chat:now"), row=0), Briefing("text", memories, 42, note))


def test_before_the_first_reply_it_says_what_will_be_here(door):
    assert NOTHING_YET in reasons(door, NOW)


def test_it_shows_words_scores_date_and_place(door, app, remember):
    told(door, app, [remember("My dog is called Rex.", "A fine dog.")])
    html = reasons(door, NOW)
    assert "the model was given 1 memory in 42 tokens." in html
    assert "<b>0.87</b>" in html and "words 0.50 · meaning 0.25" in html and "width:87%" in html
    assert "<b>You:</b> My dog is called Rex." in html and "<b>Familiar:</b> A fine dog." in html
    assert "another chat" in html and "<time datetime=" in html


def test_everything_a_person_or_a_model_said_is_escaped(door, app, remember):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    number = remember(hostile, hostile, place="webui:<b>", person="me", companion="<i>Ada</i>")
    told(door, app, [number])
    html = reasons(door, NOW)
    assert "<script" not in html and "<img" not in html and "<i>Ada" not in html and "webui:<b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in html


def test_when_nothing_bears_on_the_message_it_says_so(door, app):
    told(door, app, [])
    assert NOTHING_FOUND in reasons(door, NOW)


def test_when_memories_are_off_it_says_so(door, app):
    door.keep(enabled=False)
    told(door, app, [])
    assert OFF in reasons(door, NOW)


def test_a_note_about_recall_is_shown(door, app, remember):
    told(door, app, [], note="Recall failed; the log has the details.")
    assert "Recall failed; the log has the details." in reasons(door, NOW)


def test_what_was_forgotten_since_is_not_shown(door, app, remember):
    kept, gone = remember("I like plums."), remember("I like quinces.")
    told(door, app, [kept, gone])
    app.memories.forget([gone])
    html = reasons(door, NOW)
    assert "I like plums." in html and "quinces" not in html and "1 memory of them was forgotten since." in html


def test_what_was_mended_since_is_shown_as_it_is_now(door, app, remember):
    number = remember("I like plums.")
    told(door, app, [number])
    app.memories.edit(number, said="I like pears.")
    assert "I like pears." in reasons(door, NOW)


def test_after_a_restart_the_diary_still_knows_which_memories(door, app, remember):
    shown, gone = remember("I like plums."), remember("I like quinces.")
    app.companion.remember(app.turn("What do I like?", Place("chat:now")), Answer("Plums.", memories=(shown, gone)))
    app.memories.forget([gone])
    html = reasons(door, NOW)
    assert "I like plums." in html and "the model was given 2 memories." in html and "scores" not in html
    assert "1 memory of them was forgotten since." in html


def test_each_chat_and_each_person_has_its_own(door, app, remember):
    told(door, app, [remember("I like plums.")])
    assert NOTHING_YET in reasons(door, Here("Familiar", "chat:other"))
    assert NOTHING_YET in reasons(replace(door, person=lambda: Person("somebody")), NOW)
    assert "I like plums." in reasons(door, Here("Familiar"))


def test_a_failure_is_a_sentence(door):
    def locked():
        raise StoreLocked("The diary is locked. Close the other program.")

    def broken():
        raise ZeroDivisionError

    assert 'role="alert">The diary is locked. Close the other program.' in reasons(replace(door, app=locked), NOW)
    assert "This cannot be shown (ZeroDivisionError)" in reasons(replace(door, person=broken), NOW)


def test_it_says_how_many_tokens_summaries_saved(door, app):
    when = datetime(2026, 3, 14, tzinfo=UTC)
    summary = Summary(1, "place", "<b>Ida plays.</b>", when, when, 100, 2410, 34)
    door.whys.keep(app.turn("?", Place("chat:now"), row=0), Briefing("text", (), 42, summaries=(summary,)))
    html = reasons(door, NOW)
    assert "1 summary stands for 34 exchanges that the model does not see: 2,310 tokens saved." in html
    assert "<b>" not in html


def test_it_says_how_another_model_put_the_question(door, app, remember):
    memories = tuple(Memory(exchange, 0.87) for exchange in app.memories.diary.get([remember("My dog is called Rex.")]))
    briefing = Briefing("text", memories, 42, question="What is <b>Rex</b>?", rewritten_by="small")
    door.whys.keep(app.turn("?", Place("chat:now"), row=0), briefing)
    assert "small put the question as: What is &lt;b&gt;Rex&lt;/b&gt;?" in reasons(door, NOW)
