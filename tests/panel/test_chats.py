"""The chats of the standalone page over a real diary."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from extension.errors import HostUnreachable, NotFound, SettingsError
from extension.hosts.scripted import Scripted
from extension.messages import Place
from extension.panel.chat import Line
from extension.panel.reply import STOPPED


def last(pictures):
    """Return the last of some pictures."""
    return list(pictures)[-1]


def lines(chat):
    return [(line.row, line.said, line.reply) for line in chat.lines]


def test_a_message_and_its_reply_are_in_the_diary(chats, app):
    chat = last(chats.say(chats.new(), "Hello."))
    assert lines(chat) == [(0, "Hello.", "You said: Hello.")]
    assert lines(chats.open(chat.place.id)) == lines(chat)
    assert [exchange.said for exchange in app.memories.diary.chat(chat.place.id)] == ["Hello."]


def test_a_chat_is_shown_with_the_message_before_the_reply_begins(chats):
    first = next(chats.say(chats.new(), "Hello."))
    assert (first.lines[0].said, bool(first.lines[0].waiting)) == ("Hello.", True)


def test_the_reply_sees_what_was_said_before_in_the_chat(chats, app):
    seen = []
    app.use(app.settings, Scripted(lambda messages: seen.append([message.content for message in messages]) or "Yes."))
    chat = last(chats.say(chats.new(), "One."))
    last(chats.say(chat, "Two."))
    assert seen[1][1:] == ["One.", "Yes.", "Two."]


def test_answering_anew_replaces_the_reply(chats, app):
    app.use(app.settings, Scripted(["First.", "Second."]))
    chat = last(chats.say(chats.new(), "Hello."))
    assert lines(last(chats.again(chat, 0))) == [(0, "Hello.", "Second.")]
    assert app.memories.diary.count() == 1


def test_the_old_reply_stays_when_there_is_no_new_one(chats, app):
    app.use(app.settings, Scripted(["First."]))
    chat = last(chats.say(chats.new(), "Hello."))
    chat = last(chats.again(chat, 0))
    assert lines(chat) == [(0, "Hello.", "First.")]
    assert chat.lines[0].trouble == "The script has 1 replies and all were given. Write more of them."


def test_rewriting_a_message_drops_what_came_after_it(chats, app):
    chat = last(chats.say(chats.new(), "One."))
    chat = last(chats.say(chat, "Two."))
    chat = last(chats.say(chat, "Three."))
    chat = last(chats.rewrite(chat, 1, "Other."))
    assert lines(chat) == [(0, "One.", "You said: One."), (1, "Other.", "You said: Other.")]
    assert app.memories.diary.count() == 2


def test_a_message_is_never_rewritten_to_nothing(chats):
    chat = last(chats.say(chats.new(), "One."))
    with pytest.raises(SettingsError, match="forget it"):
        last(chats.rewrite(chat, 0, "  "))
    assert lines(chats.fresh(chat)) == [(0, "One.", "You said: One.")]


def test_a_corrected_reply_is_what_is_remembered(chats, app):
    chat = last(chats.say(chats.new(), "One."))
    assert chats.correct(chat, 0, "Better.").lines[0].reply == "Better."
    assert app.memories.diary.browse()[0].reply == "Better."


def test_thumbs_are_kept(chats):
    chat = last(chats.say(chats.new(), "One."))
    assert chats.rate(chat, 0, -1).lines[0].feedback == -1
    assert chats.open(chat.place.id).lines[0].feedback == -1


def test_a_forgotten_exchange_leaves_the_chat_and_later_rows_keep_their_place(chats):
    chat = last(chats.say(chats.new(), "One."))
    chat = last(chats.say(chat, "Two."))
    chat = chats.forget(chat, 0)
    assert lines(chat) == [(1, "Two.", "You said: Two.")]
    assert lines(last(chats.say(chat, "Three.")))[-1] == (2, "Three.", "You said: Three.")


def test_what_is_gone_cannot_be_changed(chats):
    chat = last(chats.say(chats.new(), "One."))
    gone = chats.forget(chat, 0)
    for change in (lambda: chats.correct(gone, 0, "x"), lambda: chats.rate(gone, 0, 1), lambda: last(chats.again(gone, 0))):
        with pytest.raises(NotFound, match="not there any more"):
            change()


def test_chats_are_listed_newest_first_by_their_first_words_or_their_title(chats):
    first = last(chats.say(chats.new(), "Alpha"))
    second = last(chats.say(chats.new(), "Beta"))
    assert [title for title, _ in chats.listed()] == ["Beta", "Alpha"]
    last(chats.say(first, "More"))
    chats.rename(second, "  A  better\ntitle ")
    assert chats.listed() == [("Alpha", first.place.id), ("A better title", second.place.id)]
    chats.rename(second, "")
    assert [title for title, _ in chats.listed()] == ["Alpha", "Beta"]


def test_a_title_is_not_left_behind_when_its_words_are_forgotten(chats, app):
    chat = last(chats.say(chats.new(), "The secret word is rhubarb."))
    chats.forget(chat, 0)
    assert chats.listed() == []
    chat = last(chats.say(chats.new(), "Another secret."))
    chats.rename(chat, "Rhubarb")
    assert chats.delete(chat) == 1
    assert app.memories.diary.count() == 0
    path = app.settings.data_dir / "diary.sqlite"
    assert b"rhubarb" not in b"".join(each.read_bytes().lower() for each in path.parent.glob("diary.sqlite*"))


def test_a_chat_of_somebody_else_and_a_place_that_is_no_chat_are_not_opened(chats, remember):
    remember("Theirs.", place="chat:theirs", person="somebody")
    remember("Elsewhere.", place="webui:1")
    for place in ("chat:theirs", "webui:1", "chat:none"):
        with pytest.raises(NotFound):
            chats.open(place)


def test_a_new_chat_greets_as_its_companion_does(chats, app):
    app.characters_dir.mkdir(parents=True)
    (app.characters_dir / "Ada.yaml").write_text("name: Ada\ncontext: You are Ada.\ngreeting: Good day, I am {{char}}.\n")
    assert (chats.new("Ada").companion, chats.new("Ada").greeting) == ("Ada", "Good day, I am Ada.")
    with pytest.raises(NotFound, match="no name for a companion"):
        chats.new("../etc")


def test_a_host_that_fails_leaves_a_sentence_and_the_message(chats, app):
    def down(messages):
        raise HostUnreachable("Nothing answers at http://127.0.0.1:9. Start the server.")

    app.use(app.settings, Scripted(down))
    chat = last(chats.say(chats.new(), "Hello?"))
    assert chat.lines == (Line(0, "Hello?", id=chat.lines[0].id, trouble="Nothing answers at http://127.0.0.1:9. Start the server."),)
    app.use(app.settings, Scripted(["There I am."]))
    assert last(chats.again(chat, 0)).lines == (Line(0, "Hello?", "There I am.", id=chat.lines[0].id),)


def test_a_host_that_breaks_unexpectedly_is_a_sentence_too(chats, app):
    def broken(messages):
        raise ZeroDivisionError

    app.use(app.settings, Scripted(broken))
    chat = last(chats.say(chats.new(), "Hello?"))
    assert chat.lines[0].trouble == "The reply failed (ZeroDivisionError). Try again; the log has the details."


def test_a_stopped_reply_keeps_what_there_is_of_it_though_the_host_is_silent(chats, app):
    silent = threading.Event()

    class Falters(Scripted):
        def generate(self, messages, options):
            yield "So far "
            silent.wait(30)
            yield "and no further."

    app.use(app.settings, Falters())
    chat = chats.new()
    for picture in chats.say(chat, "Go on."):
        if picture.lines[0].reply:
            chats.stop(chat.place.id)
    silent.set()
    assert lines(picture) == [(0, "Go on.", "So far")]
    assert app.memories.diary.browse()[0].reply == "So far"


def test_a_reply_stopped_before_its_first_word_says_so_and_can_be_asked_for_again(chats, app):
    begun, silent = threading.Event(), threading.Event()

    class Silent(Scripted):
        def generate(self, messages, options):
            begun.set()
            silent.wait(30)
            yield "Late."

    app.use(app.settings, Silent())
    chat = chats.new()
    pictures = chats.say(chat, "Hello?")
    next(pictures)
    begun.wait(10)
    chats.stop(chat.place.id)
    ended = last(pictures)
    silent.set()
    assert (ended.lines[0].reply, ended.lines[0].trouble) == ("", STOPPED)
    app.use(app.settings, Scripted(["Now."]))
    assert lines(last(chats.again(ended, 0))) == [(0, "Hello?", "Now.")]


def test_a_reply_goes_on_unwatched_and_can_be_watched_from_elsewhere(chats, app):
    go = threading.Event()

    class Waits(Scripted):
        def generate(self, messages, options):
            yield "Half "
            go.wait(30)
            yield "and whole."

    app.use(app.settings, Waits())
    chat = chats.new()
    pictures = chats.say(chat, "Hello.")
    while not next(pictures).lines[0].reply:
        pass
    pictures.close()  # the page went elsewhere
    assert chats.open(chat.place.id).lines[0].reply == "Half"
    watched = chats.watch(chats.open(chat.place.id))
    next(watched)
    go.set()
    assert lines(last(watched)) == [(0, "Hello.", "Half and whole.")]
    assert list(chats.watch(chat)) == []


def test_two_tabs_that_speak_in_one_chat_get_a_row_each(chats):
    chat = last(chats.say(chats.new(), "Zero"))
    ended = []
    threads = [threading.Thread(target=lambda said=said: ended.append(last(chats.say(chat, said)))) for said in ("Left", "Right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(line.said for line in chats.open(chat.place.id).lines) == ["Left", "Right", "Zero"]
    assert [line.row for line in chats.open(chat.place.id).lines] == [0, 1, 2]


def test_a_diary_that_cannot_be_written_does_not_end_the_chat(chats, app):
    chat = last(chats.say(chats.new(), "One."))
    with closing(sqlite3.connect(app.settings.data_dir / "diary.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        chat = last(chats.say(chat, "Two."))
        chat = last(chats.say(chat, "Three."))
        other.execute("ROLLBACK")
    assert lines(chat) == [(0, "One.", "You said: One."), (1, "Two.", "You said: Two."), (2, "Three.", "You said: Three.")]
    app.memories.settle()
    assert lines(chats.open(chat.place.id)) == lines(chat)


def test_what_was_recalled_is_kept_for_the_panel(chats, remember):
    remember("My rabbit is called Hugo.")
    for number in range(12):
        remember(f"Entry {number} is about the weather.")
    chat = last(chats.say(chats.new(), "What is my rabbit called?"))
    why = chats.whys.last("me", chat.place.id)
    assert why.briefing.memories[0].exchange.said == "My rabbit is called Hugo."
    assert chats.whys.last("me", Place("chat:other").id) is None
