"""From messages to turns: what stays, what is learned, and an account of the rest."""

from __future__ import annotations

import pytest

from extension.errors import NotFound
from extension.refresh.preparing import prepared
from extension.refresh.recipe.data import Sources

from .talk import ANN, BOB, CAT, keep, line, recipe, talk

pytestmark = pytest.mark.embedded
EVERYTHING = Sources()


def turns(conversations):
    return [(turn.speaker.name, turn.text, turn.learned) for each in conversations for turn in each.turns]


@pytest.fixture
def done(chats, people):
    """Prepare messages by a recipe, Ann having agreed."""

    def run(lines, consent=(ANN,), titles=None, **sections):
        keep(chats, *lines)
        for who in consent:
            people.change(who, consent="given")
        return prepared(chats.lines(EVERYTHING), people, recipe(**sections), b"secret", **({"titles": titles} if titles else {}))

    return run


def test_words_without_consent_are_context_only(done):
    found, report = done(talk((ANN, "hi"), (BOB, "hello")))
    assert turns(found) == [("Ann Smith", "hi", True), ("Bob", "hello", False)]
    assert [(each.name, each.learned, each.because) for each in report.people] == [("Ann Smith", True, ""), ("Bob", False, "no consent")]


def test_messages_in_a_row_are_one_until_somebody_is_silent_for_seven_minutes(done):
    found, report = done([line(ANN, "a", 0), line(ANN, "b", 6), line(ANN, "c", 12.9), line(ANN, "d", 20), line(BOB, "e", 21)])
    assert [turn.text for turn in found[0].turns] == ["a\nb\nc", "d", "e"]
    assert (found[0].turns[0].lines, found[0].turns[0].at) == ((f"{ANN}@0", f"{ANN}@6", f"{ANN}@12.9"), line(ANN, "", 0).at)
    assert (report.lines, report.kept, report.turns) == (5, 5, 3)


def test_every_message_that_goes_is_counted_by_its_reason(done):
    said = [
        "!play song",
        "/roll",
        "!!!",
        "*fix",
        "*waves hello*",
        ".",
        "aaaaaaaaaaa",
        "a sentence that is too long",
        "a\nb\nc",
        "k",
        "same",
        "same",
        "Same ",
        "last",
    ]
    lines = [*talk(*((ANN, text) for text in said)), line(CAT, "beep", 999, bot=True), line(ANN, "", 1000, attachments=("a.png",))]
    found, report = done(lines, cleaning={"longest": 20, "most_lines": 2, "shortest": 2})
    assert [turn.text for turn in found[0].turns] == ["!!!", "*waves hello*", "same", "same", "last"]
    assert report.dropped == {
        "command": 2, "correction": 2, "spam": 2, "too long": 1, "too many lines": 1, "too short": 1, "bot": 1, "attachment": 1,
    }  # fmt: skip


def test_whatever_is_left_out_can_be_kept(done):
    lines = [*talk((ANN, "!play"), (ANN, "*fix"), (ANN, "!!!!!!!!!!")), line(CAT, "beep", 99, bot=True)]
    lines.append(line(ANN, "look", 100, attachments=("https://cdn.discordapp.com/attachments/1/2/a.png",)))
    found, report = done(lines, cleaning={"prefixes": (), "bots": True, "corrections": True, "spam": True, "attachment_links": True})
    assert turns(found)[-2:] == [("Catbot", "beep", True), ("Ann Smith", "look\nhttps://cdn.discordapp.com/attachments/1/2/a.png", True)]
    assert report.dropped == {}


def test_the_recipe_says_whose_words_are_learned(done):
    lines = talk((ANN, "1"), (BOB, "2"), (CAT, "3"), ("discord:14", "4"))
    people = {"authors": ("ann smith", "Bob", CAT), "masked_authors": ("Bob",), "excluded": ("discord:14",)}
    found, report = done(lines, consent=(ANN, BOB), people=people)
    assert turns(found) == [("Ann Smith", "1", True), ("Bob", "2", False), ("Catbot", "3", False)]
    assert [each.because for each in report.people] == ["", "masked", "no consent"]
    assert report.dropped == {"excluded": 1}
    with pytest.raises(NotFound, match="nobody called 'Zoe'"):
        done([], people={"authors": ("Zoe",)})


def test_who_said_next_to_nothing_is_left_out_and_so_are_small_chats(done):
    lines = [*talk(*[(ANN, f"message {number}") for number in range(9)], (BOB, "hi")), line(ANN, "alone", 1, conversation="discord:2")]
    found, report = done(lines, people={"least_share": 0.1}, cleaning={"least_messages": 2})
    assert [each.id for each in found] == ["discord:1"]
    assert report.dropped == {"rare author": 1, "chat too small": 1}


def test_of_the_diary_only_the_companions_that_are_named(done, diary):
    from extension.memory.diary import Answer
    from extension.messages import Person, Place, Turn

    for number, companion in enumerate(("Robin", "Wren")):
        diary.write(
            Turn(Person("me", "Me"), Place("kitchen"), companion, f"To {companion}.", number, line(ANN, "", number).at), Answer("Yes.")
        )
    found, report = done([], people={"companions": ("Robin",)}, consent=())
    assert turns(found) == [("Me", "To Robin.", True), ("Robin", "Yes.", True)]
    assert report.dropped == {"other companion": 2}


def test_mentions_emoji_and_videos_read_alike(done):
    video = "see https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3 now"
    asked = []

    def titles(ids):
        asked.extend(ids)
        return {"dQw4w9WgXcQ": "Never <gonna>"}

    found, _ = done(talk((ANN, f"<@12> <@!99> <:pog:123> {video}"), (BOB, "ok")), titles=titles)
    assert found[0].turns[0].text == "@Bob @somebody :pog: see <youtube Never (gonna)> now"
    assert asked == ["dQw4w9WgXcQ"]


def test_what_is_private_is_put_out_and_counted(done):
    text = "mail ann@example.org or +44 20 7946 0958, IBAN DE89 3704 0044 0532 0130 00, see https://example.org and 12 Baker Street, London"
    kinds = ("email", "phone", "url", "bank", "address", "birthday")
    found, report = done(talk((ANN, text), (ANN, "my birthday is May 3rd, 1990 btw")), privacy={"redact": kinds})
    assert [turn.text for turn in found[0].turns] == [
        "mail [email] or [phone], IBAN [bank], see [url] and [address]", "my birthday is [birthday] btw",
    ]  # fmt: skip
    assert report.redacted == {"email": 1, "phone": 1, "bank": 1, "url": 1, "address": 1, "birthday": 1}


def test_people_have_the_same_fake_name_at_every_refresh_in_tags_and_in_texts(done, people):
    lines = talk((ANN, "I am Ann, ask BOB or @bob or <@12>"), (BOB, "Annette said so, ann smith"))
    found, _ = done(lines, privacy={"pseudonyms": True})
    ann, bob = (turn.speaker for turn in found[0].turns)
    assert {ann.name, bob.name}.isdisjoint({"Ann Smith", "Bob"}) and ann.first_name != bob.first_name
    assert found[0].turns[0].text == f"I am {ann.first_name}, ask {bob.name} or @{bob.name} or @{bob.name}"
    assert found[0].turns[1].text == f"Annette said so, {ann.name}"
    again, _ = done([line("discord:10", "new", 500)], privacy={"pseudonyms": True})
    assert [turn.speaker for turn in again[0].turns[:2]] == [ann, bob]
