"""A group chat of people who cannot be mistaken for each other: seeded, hundreds of sessions, with times and answers to each other.

    python -m bench.voices FILE.json [--people 3] [--sessions 300] [--seed 1]

writes it as DiscordChatExporter does, to import it (`familiar import-chat`), and to train on it in the walk-through of docs/datasets.md.
Everybody has words, punctuation and subjects of their own, and takes up what is being talked about in their own way.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extension.refresh.lines import Line

CHANNEL = "910000000000000001"
BEGINNING = datetime(2023, 1, 2, 17, 0, tzinfo=UTC)
_FIRST = 920000000000000000
"""The ids of messages begin above it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How somebody writes. `{x}` is one of the things they talk about, `{y}` what is talked about now."""

    id: str
    name: str
    things: tuple[str, ...]
    greets: tuple[str, ...]
    says: tuple[str, ...]
    answers: tuple[str, ...]
    leaves: tuple[str, ...]


VOICES = (
    Voice(
        "800000000000000001",
        "mia",
        ("the cat", "my plants", "this album", "the new cafe", "pancakes", "my sleep", "the rain", "thrift shops"),
        ("heyyy", "omg hi", "ok im awake", "hi hi hi", "anyone up"),
        (
            "lol {x} again",
            "ngl {x} is kinda everything",
            "cant stop thinking about {x} tbh",
            "so uh {x} happened",
            "{x} >>> anything else",
            "pls someone talk to me about {x}",
        ),
        ("omg {y} yesss", "wait what about {y} lol", "idk {y} is fine i guess", "nooo not {y} lmao", "same tbh", "{y} is such a mood"),
        ("ok gn", "brb food", "gotta run ttyl", "ok bed bye"),
    ),
    Voice(
        "800000000000000002",
        "Professor Aldous",
        (
            "the railway timetable",
            "a Latin inscription",
            "the history of bridges",
            "chamber music",
            "my correspondence",
            "the 1911 edition",
        ),
        ("Good evening, everyone.", "Greetings, my friends.", "I trust you are all well.", "Good day to you."),
        (
            "Indeed, I have been considering {x}; it rewards patience.",
            "Permit me a remark concerning {x}.",
            "One seldom appreciates {x} sufficiently, I fear.",
            "This afternoon was devoted entirely to {x}; most instructive.",
            "As I have often maintained, {x} deserves our attention.",
        ),
        (
            "I must respectfully disagree about {y}.",
            "Quite so; {y} is a most curious matter.",
            "An admirable point regarding {y}, if I may say so.",
            "Would you kindly elaborate upon {y}?",
            "Precisely; one could not put it better.",
        ),
        ("I shall retire now. Good night.", "Duty calls; until tomorrow.", "Farewell for the present."),
    ),
    Voice(
        "800000000000000003",
        "RICO",
        ("THE DERBY", "LEG DAY", "MY NEW BIKE", "TACO TUESDAY", "THE PLAYOFFS", "THAT GOAL", "THE BBQ"),
        ("YOOO!!!", "WHAT UP TEAM!!", "LETS GOOO 🔥", "WHO IS READY???"),
        (
            "{x} WAS INSANE!!! 🔥🔥",
            "BRO {x} TODAY!!! WHO IS IN???",
            "I SWEAR {x} CHANGED MY LIFE 💪",
            "NOBODY IS READY FOR {x}!!!",
            "COUNTING THE HOURS TO {x} 🏆🏆",
        ),
        ("HAHAHA {y} BRO!!!", "100% {y}!!! 💯", "NO WAY {y}??? 😂", "{y} IS FOR LEGENDS!!!", "FACTS!!! 💯"),
        ("GOTTA BOUNCE!!! ✌️", "GYM TIME 💪 LATER!!!", "PEACE OUT!!!"),
    ),
    Voice(
        "800000000000000004",
        "Old Tom",
        ("the boat", "them gulls", "the tide", "me knees", "the harbour pub", "a storm like '87"),
        ("Aye aye.", "Ahoy there...", "Mornin', all..."),
        (
            "Well now... {x} ain't what it was...",
            "Been out with {x} since dawn...",
            "Ye should see {x} today...",
            "Arr, {x}. That's a tale...",
        ),
        ("Aye, {y}... reckon so...", "{y}? In this weather...?", "Hah. {y}, says ye...", "Never trusted {y} meself..."),
        ("Off to me bunk...", "Tide's turnin'. Bye now...", "Fair winds..."),
    ),
    Voice(
        "800000000000000005",
        "kernel_panic",
        ("`the build`", "`my dotfiles`", "`a race condition`", "`the cache`", "`legacy code`", "`the parser`"),
        ("ping", "o/", "uptime: 14h"),
        ("status: {x} = broken", "fix(1): {x}. again.", "// todo: {x}", "git blame {x} -> me", "{x} works on my machine"),
        ("ack. {y}", "{y} != nil", "lgtm: {y}", "wontfix: {y}", "segfault while reading {y}"),
        ("exit 0", "sudo shutdown -h now", "^D"),
    ),
)


def lines(people: int = 3, sessions: int = 300, seed: int = 1) -> list[Line]:
    """Return the messages of a chat, by time. The same numbers give the same chat."""
    if not 2 <= people <= len(VOICES):
        raise ValueError(f"there are 2 to {len(VOICES)} people")
    dice = random.Random(seed)
    made: list[Line] = []
    at = BEGINNING
    for _ in range(sessions):
        for line in _session(dice, VOICES[:people], at, len(made)):
            made.append(line)
            at = line.at or at
        at += timedelta(hours=dice.uniform(6, 40))
    return made


def export(said: Sequence[Line]) -> dict[str, Any]:
    """Return messages as DiscordChatExporter writes a channel."""
    messages = [_message(line) for line in said]
    times = [message["timestamp"] for message in messages]
    return {
        "guild": {"id": "900000000000000000", "name": "The Old Gang", "iconUrl": ""},
        "channel": {"id": CHANNEL, "type": "GuildTextChat", "categoryId": None, "category": None, "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": times[-1] if times else BEGINNING.isoformat(),
        "messages": messages,
        "messageCount": len(messages),
    }


def _session(dice: random.Random, voices: Sequence[Voice], at: datetime, before: int) -> Iterator[Line]:
    count = dice.randint(6, 24)
    thing = previous = ""
    for number in range(count):
        voice = dice.choice([each for each in voices if each.id != previous] if dice.random() < 0.85 else voices)
        answer = ""
        if number < 2:
            text = dice.choice(voice.greets)
        elif number >= count - 2:
            text = dice.choice(voice.leaves)
        elif thing and dice.random() < 0.6:
            text = dice.choice(voice.answers).format(y=thing)
            answer = str(_FIRST + before + number - 1) if dice.random() < 0.3 else ""
        else:
            thing = dice.choice(voice.things)
            text = dice.choice(voice.says).format(x=thing)
        at += timedelta(seconds=dice.randint(8, 240))
        previous = voice.id
        reactions = ((dice.choice("👍😂🔥❤"), dice.randint(1, 3)),) if dice.random() < 0.05 else ()
        number_of_message = str(_FIRST + before + number)
        yield Line(number_of_message, f"discord:{CHANNEL}", f"discord:{voice.id}", voice.name, text, at, False, answer, reactions)


def _message(line: Line) -> dict[str, Any]:
    number = line.author.removeprefix("discord:")
    author = {"id": number, "name": line.name.lower().replace(" ", "_"), "discriminator": "0000", "nickname": line.name}
    message: dict[str, Any] = {
        "id": line.id,
        "type": "Reply" if line.reply_to else "Default",
        "timestamp": line.at.isoformat(timespec="milliseconds") if line.at else None,
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": line.text,
        "author": {**author, "color": None, "isBot": line.bot, "roles": [], "avatarUrl": ""},
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [{"emoji": {"id": "", "name": emoji, "code": emoji, "isAnimated": False}, "count": n} for emoji, n in line.reactions],
        "mentions": [],
    }
    if line.reply_to:
        message["reference"] = {"messageId": line.reply_to, "channelId": CHANNEL, "guildId": "900000000000000000"}
    return message


def main() -> None:
    """Write a chat to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=3, choices=range(2, len(VOICES) + 1))
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    said = lines(given.people, given.sessions, given.seed)
    given.file.write_text(json.dumps(export(said), ensure_ascii=False, indent=2), encoding="utf-8")
    print(f"{len(said):,} messages of {given.people} people, in {given.sessions:,} sessions: {given.file}")


if __name__ == "__main__":
    main()
