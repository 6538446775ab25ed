"""Tests of what the commands do, given in a shared room by people of every level."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from extension.hosts.scripted import Scripted
from extension.messages import Place
from extension.refresh.chats import Chat, Chats, File
from extension.refresh.lines import Line
from extension.refresh.people import People

PRIVATE = Place("dm:vera")


def text(answered):
    assert answered.good, answered
    return answered.text


def test_commands_lists_those_one_may_use_and_explains_one(give):
    assert "shutdown" not in text(give("vera", "--commands"))
    assert "shutdown" in text(give("olga", "--help"))
    explained = text(give("vera", "--commands set-document-title"))
    assert "TITLE: of documents from now on. Takes a text of 300 characters at most." in explained
    assert "In plain words: “" in explained


def test_status_says_why_one_has_ones_level(give):
    assert "Your level: mod (named in the settings)" in text(give("mo", "--status"))
    assert "exchanges" in text(give("mo", "--asdf"))


def test_a_value_is_chosen_for_the_place_by_mods_and_for_oneself_by_others(give, app, scene):
    assert "for you now" in text(give("vera", "--set-config temperature 0.4"))
    assert "in this place now" in text(give("mo", "--set-config temperature 0.9"))
    assert [app.options.value("temperature", scene(person).spot).value for person in ("vera", "mo")] == [0.4, 0.9]
    assert "temperature: 0.4 (chosen for you alone by vera on" in text(give("vera", "--config"))
    assert "is chosen by mod and above; your level is visible" in give("vera", "--set-config temperature 1 where=here").text
    assert give("mo", "--set-config temperature 1 where=everywhere").kind == "denied"
    assert "everywhere" in text(give("olga", "--set-config top_k 7 where=everywhere"))
    assert "top_k" in text(give("vera", "--config-full"))
    assert "It was chosen in this place, but what holds here was chosen for you alone" in text(
        give("mo", "--set-config temperature 0.1 where=me") and give("mo", "--set-config temperature 0.9 where=here")
    )


def test_in_private_one_chooses_for_the_place(give):
    assert "in this place now" in text(give("vera", "--set-config temperature 0.4", place=PRIVATE))


def test_a_decoding_mode_is_applied_whole(give, app, scene):
    give("vera", "--set-config temperature 0.4")
    give("vera", "--set-decoding-mode beam_search")
    assert text(give("vera", "--decoding-mode")).startswith("beam_search (num_beams 10, early_stopping true")
    assert not app.options.value("temperature", scene("vera").spot).given
    give("vera", "--set-decoding-mode greedy")
    assert text(give("vera", "--decoding-mode")) == "greedy (do_sample false)"
    assert "top_kp: do_sample true, top_k 50, top_p 0.95" in text(give("vera", "--decoding-modes"))


def test_presets_are_ones_own(give):
    give("vera", "--set-decoding-mode top_k")
    assert "Saved as “mine”: decoding-mode top_k" in text(give("vera", "--presets save mine"))
    give("vera", "--set-decoding-mode greedy")
    assert "“mine” holds for you now" in text(give("vera", "--presets load mine"))
    assert text(give("vera", "--decoding-mode")) == "top_k (do_sample true, top_k 50)"
    assert text(give("mo", "--presets list")) == "You saved no presets."
    assert give("mo", "--presets load mine").kind == "failed"
    assert text(give("vera", "--presets remove mine")) == "Removed."


def test_words_are_banned_and_weighted(give, app, scene):
    give("vera", "--word-rules ban badger")
    give("vera", "--word-rules ban mushroom")
    give("vera", "--word-rules weight snake -3")
    choices = app.options.at(scene("vera").spot)
    assert (choices["banned-words"], choices["word-weights"]) == (("badger", "mushroom"), (("snake", -3.0),))
    give("vera", "--word-rules unban badger")
    give("vera", "--word-rules weight snake 0")
    assert "banned-words: mushroom\nword-weights: none" in text(give("vera", "--word-rules list"))
    assert "not banned here" in give("vera", "--word-rules unban badger").text


def test_a_prompt_begins_a_new_conversation(give, say, app):
    say("vera", "Hello.")
    assert "a new conversation begins" in text(give("mo", "--set-prompt You are a\npirate."))
    assert text(give("vera", "--prompt")).startswith("You are a\npirate.")
    assert app.memories.seen.of("discord:room", app.memories.diary.chat("discord:room")) == []
    assert "own system prompt holds again" in text(give("mo", "--set-prompt default"))


def test_the_input_buffer_is_ones_own(give):
    give("vera", "--set-input-buffer-size 3")
    assert text(give("vera", "--input-buffer-size")).startswith("3 (chosen for you alone")
    assert text(give("mo", "--input-buffer-size")).startswith("As many messages as fit")


def test_what_the_model_sees_is_reset_hidden_and_shown(give, say):
    for number in range(3):
        say("vera", f"word {number}")
    assert "[user]\nword 0" in text(give("vera", "--input-messages"))
    assert "#2 is hidden" in text(give("vera", "--context hide 2"))
    assert "[user]\nword 1" not in text(give("vera", "--input-messages"))
    assert "- #2  Vera: word 1" in text(give("vera", "--context view"))
    assert give("stranger", "--context unhide") is None
    assert text(give("vera", "--context unhide 2")) == "1 shown again."
    give("vera", "--reset")
    assert "word" not in text(give("vera", "--input-messages"))
    assert "goes on where it was" in text(give("vera", "--reset undo"))
    assert "word 2" in text(give("vera", "--input-messages"))
    assert give("vera", "--reset undo").kind == "refused"


def test_a_long_prompt_comes_as_a_file(give, say):
    say("vera", "word " * 1000)
    answered = give("vera", "--input-messages")
    assert (answered.files[0].name, answered.private) == ("input-messages.txt", True)
    assert b"word word" in answered.files[0].read()


def test_others_words_are_hidden_by_mods_only(give, say):
    say("olga", "Mine.")
    assert give("vera", "--context hide 1").kind == "refused"
    assert give("mo", "--context hide 1").good
    assert give("vera", "--context hide 99").kind == "failed"


def test_memory_is_searched_added_to_and_forgotten(give, say, app):
    say("vera", "My cat is called Miso.")
    assert "#1" in text(give("vera", "--memory cat called Miso"))
    assert text(give("vera", "--remember I am allergic to nuts.")) == "Remembered as #2."
    assert give("mo", "--forget 1").kind == "refused"
    assert "1 exchange is forgotten for good." in text(give("vera", "--forget 1"))
    assert "1 exchange is forgotten" in text(give("vera", "--forget"))
    assert app.memories.diary.count() == 0
    assert give("vera", "--forget").kind == "refused"


def test_privacy_counts_and_hands_over_what_is_kept_of_who_asks(give, say):
    say("vera", "Mine.")
    say("mo", "Not mine.")
    assert "Of what you said, 1 exchanges are kept, 1 of them from here." in text(give("vera", "--privacy"))
    answered = give("vera", "--privacy export")
    assert (answered.private, b"Not mine" in answered.files[0].read(), b"Mine." in answered.files[0].read()) == (True, False, True)


def test_everybody_says_for_themselves_whether_their_words_are_learned(app, give, say):
    say("vera", "Mine.")
    vera = app.memories.diary.browse()[0].person.id
    database, chat = app.memories.database, Chat("discord:1", "general", "discord")
    Chats(database).add(
        File("a.json", "discord", "d"), [chat], [Line("1", chat.id, vera, "Vera", "From long ago.", None)], {}, datetime.now(UTC)
    )
    assert "you have not agreed" in text(give("vera", "--privacy"))
    assert "1 messages of yours were imported" in text(give("vera", "--privacy"))
    assert b"From long ago." in give("vera", "--privacy export").files[1].read()
    give("vera", "--privacy agree")
    give("mo", "--privacy refuse")
    assert [(each.id, each.consent) for each in People(database).index() if not each.companion and each.lines] == [(vera, "given")]
    assert ("you agreed" in text(give("vera", "--privacy")), "you refused" in text(give("mo", "--privacy"))) == (True, True)


def test_documents_are_titled_and_made_of_recent_replies(give, say):
    for number in range(3):
        say("vera", f"q{number}", f"Answer {number}.")
    assert text(give("vera", "--document-title")) == "Familiar Text"
    assert "“War and Peace”" in text(give("vera", '--set-document-title "War and Peace"'))
    answered = give("vera", "--make-docx 2")
    assert answered.files[0].name == "War and Peace.docx"
    with zipfile.ZipFile(BytesIO(answered.files[0].read())) as archive:
        words = archive.read("word/document.xml").decode()
    assert ("Answer 0." in words, words.index("Answer 1.") < words.index("Answer 2.")) == (False, True)
    assert str(answered.files[0].path) not in answered.text
    assert give("vera", "--set-gdrive-folder https://drive.google.com/drive/folders/abcdefghijk").kind == "failed"


def test_files_of_this_machine_are_read_by_who_sits_at_it_only(give, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    assert "Files are read when you attach them" in give("olga", f"--read {tmp_path / 'secret.txt'}").text
    assert text(give("vera", "--library")) == "You handed over no documents."
    assert give("vera", "--library 1").kind == "refused"
    assert "Familiar" in text(give("vera", "--expert"))


def test_levels_are_shown_and_changed(give, say):
    say("vera", "Hello.")
    assert text(give("adam", "--permissions get vera")) == "Vera: visible (named in the settings)"
    assert text(give("vera", "--permissions get vera")) == "Vera: visible (named in the settings)"
    assert give("vera", "--permissions get olga").kind == "refused"
    assert "Vera is mod now." in text(give("adam", "--permissions set vera mod"))
    assert give("adam", "--permissions set olga mod").kind in ("denied", "refused")
    assert "vera: mod" in text(give("adam", "--permissions list"))
    assert "Vera is visible now." in text(give("adam", "--permissions set vera default"))
    assert "adam  permissions set: done" in text(give("adam", "--record"))


def test_the_model_is_asked_without_the_conversation(give, say):
    say("vera", "Hello.", "Well met.")
    assert text(give("mo", "--generate Once upon a time")) == "You said: Once upon a time"
    assert give("mo", "--generate x").private
    assert give("vera", "--generate x").kind == "denied"
    assert text(give("vera", "--ask Who are you?")) == "You said: Who are you?"
    assert text(give("vera", "--reword")).endswith("Well met.")
    assert text(give("vera", "--reword Some words.")).endswith("Some words.")
    assert give("vera", "--reword", place=PRIVATE).kind == "refused"


def test_who_speaks_next_is_told_by_a_host_that_tells_how_likely_words_are(give, say, app):
    assert give("vera", "--next-speaker").kind == "refused"
    say("vera", "Hello.")
    assert "does not tell how likely words are" in give("vera", "--next-speaker").text
    host = Scripted()
    host.scores = lambda text, names: [-1.0 if name == "Vera:" else -3.0 for name in names]
    app.use(app.settings, host)
    assert text(give("vera", "--next-speaker")) == " 88%  Vera\n 12%  Familiar"


def test_what_a_place_cannot_do_is_refused_with_a_reason(give):
    given = [("vera", "--thread plans"), ("vera", "--as Familiar"), ("mo", "--sayas Familiar hi"), ("mo", "--batch 2")]
    for person, said in given:
        answered = give(person, said)
        assert (answered.kind, answered.text[-1]) == ("refused", ".")


@pytest.mark.parametrize("name", ["restart", "shutdown"])
def test_the_program_is_ended_where_that_can_be_done_once_its_owner_is_sure_and_the_reason_is_in_the_record(running, scene, app, name):
    found = running.find(f"--{name} the new  version is here")
    asked = running.run(found, scene("olga"))
    assert (asked.kind, asked.text.endswith("(reason: the new  version is here)?")) == ("asked", True)
    refused = running.run(asked.question, scene("olga"))
    assert (refused.kind, "from here" in refused.text) == ("refused", True)
    outcomes = [deed.outcome for deed in app.authorizer.record.latest()]
    assert outcomes == ["refused: the new version is here", "asked: the new version is here"]
    assert running.run(found, scene("adam")).kind == "denied"


@pytest.mark.parametrize("name", ["autoreply", "speaking", "by-reaction", "streaming"])
def test_switches_of_a_place_are_for_mods(give, name):
    assert text(give("mo", f"--{name} on")).startswith(f"{name} is on")
    assert text(give("vera", f"--{name}")).startswith(f"{name}: on (chosen for this channel by mo")
    if name != "streaming":
        assert give("vera", f"--{name} off").kind == "denied"
    assert give("mo", f"--{name} maybe").kind == "refused"
