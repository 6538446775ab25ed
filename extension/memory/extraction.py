"""Facts out of what a person said: what a model is asked, and what of its answer is believed.

Small models make things up, repeat the question and change the subject. So a line is kept only when it has the form
that was asked for, when it is about the person or somebody they named, and when its words stand in one sentence that
the person said. What the companion replied is shown to the model only where no memory was given for the reply: a
reply may repeat memories, and what is recalled must never come back as something new.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category

from ..messages import Exchange, Generation, Message
from ..prompt import quoted
from .attributes import ends_earlier, subject
from .fulltext import meaningful
from .recall import SMALL_TALK
from .stems import WORD, Stems

LONGEST_SAID = 4_000
"""Characters of what was said that are looked at; a longer message is rather a document than talk."""
LONGEST_REPLY = 400
LONGEST_ANSWER = 4_000
"""Characters of the model's answer that are looked at."""
LONGEST_LINE = 160
MOST_FACTS = 6
MOST_WORDS = {"about": 4, "attribute": 5, "value": 12}
ASKING = Generation(max_new_tokens=160, temperature=0.0)

_SYSTEM = (
    "You keep notes about people. From what a person says, write down what it tells about themselves or about somebody they name: "
    "one line for each thing, as WHO | WHAT | VALUE, with the value in the person's own words. "
    "Leave out questions, wishes, moods and guesses. If there is nothing to note, write NONE."
)
_EXAMPLE = "I moved to Turin last week, and my brother Paolo works as a baker."
_NOTED = "Nora | home | Turin\nPaolo | job | baker"
_NOTHING = "NONE"
_EMPTY_WORDS = frozenset(
    ("what", "who", "value", "fact", "facts", "note", "notes", "said", "says", "say", "person", "user", "statement", "message", "question")
)
_SELF = frozenset(("i", "me", "myself", "user", "the user", "speaker", "the speaker", "the person", "person"))
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s*")
_STRANGE = re.compile(r"[<>\[\]{}`#\\]|https?:|\.\.\.")
_NEGATION = re.compile(r"\b(not|never|no|none|nobody|nothing|without|\w+n['’]t)\b", re.IGNORECASE)
_WITHOUT_SPACES = "\u2e80"
"""From here on are the scripts that are written without spaces between words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A fact as the model wrote it down, believed."""

    about: str
    attribute: str
    value: str
    subject: str
    """See attributes.subject."""
    ends: bool
    """Whether earlier facts of the same subject with another value are over."""


def worth_reading(said: str) -> bool:
    """Return whether there may be facts in what was said: more than small talk, and not only questions."""
    words = set(meaningful(" ".join(_statements(said))))
    return bool(words - SMALL_TALK)


def question(exchange: Exchange) -> list[Message]:
    """Return what the model is asked about an exchange."""
    name = quoted(exchange.person.shown, 60)
    asked = f'{name} said on {exchange.when:%d %B %Y}: "{quoted(exchange.said, LONGEST_SAID)}"'
    if exchange.reply.strip() and not exchange.memories:
        asked += f'\n({quoted(exchange.companion, 60)} answered: "{quoted(exchange.reply, LONGEST_REPLY)}")'
    return [
        Message("system", _SYSTEM),
        Message("user", f'Nora said on 03 May 2024: "{_EXAMPLE}"'),
        Message("assistant", _NOTED),
        Message("user", 'Nora said on 04 May 2024: "Good morning! Shall we go on with the story?"'),
        Message("assistant", _NOTHING),
        Message("user", asked),
    ]


def believed(answer: str, exchange: Exchange) -> list[Found]:
    """Return the facts of the model's answer that what the person said bears out.

    An answer of which more than half is not in the form that was asked for is not believed at all.
    """
    lines = [line for line in answer[:LONGEST_ANSWER].splitlines() if line.strip() and line.strip() != _NOTHING]
    formed = [parts for line in lines if (parts := _parts(line)) is not None]
    if 2 * len(formed) < len(lines):
        return []
    statements = _statements(exchange.said)
    found: dict[tuple[str, str], Found] = {}
    for parts in formed:
        each = _checked(parts, exchange, statements)
        if each is not None:
            found.setdefault((each.subject, each.value.casefold()), each)
    return list(found.values())[:MOST_FACTS]


def about_key(about: str, exchange: Exchange) -> str:
    """Return who a fact is about, as it is compared: the speaker's identity, or the name."""
    return exchange.person.id if about == exchange.person.shown else about


def _parts(line: str) -> tuple[str, str, str] | None:
    """Return (about, attribute, value) of a line, or None for one that is no note."""
    if len(line) > LONGEST_LINE or _STRANGE.search(line) or any(category(letter) in ("Cc", "Cf", "Cs") for letter in line.strip()):
        return None
    parts = [part.strip(" \t\"'“”.,;:") for part in _BULLET.sub("", line).split("|")]
    if len(parts) != 3:
        return None
    about, attribute, value = parts
    sizes = {"about": about, "attribute": attribute, "value": value}
    if any(not 0 < len(WORD.findall(text)) <= MOST_WORDS[name] for name, text in sizes.items()):
        return None
    return about, attribute, value


def _checked(parts: tuple[str, str, str], exchange: Exchange, statements: Sequence[str]) -> Found | None:
    about, attribute, value = parts
    if _names_the_speaker(about, exchange):
        about = exchange.person.shown
    elif not any(_stands_in(about, statement) for statement in statements):
        return None
    if _EMPTY_WORDS.issuperset(meaningful(attribute) or ["what"]) or attribute.casefold() == value.casefold():
        return None
    sentence = next((statement for statement in statements if _stands_in(value, statement)), None)
    if sentence is None or (_NEGATION.search(sentence) and not _NEGATION.search(f"{attribute} {value}")):
        return None
    key = subject(about_key(about, exchange), attribute)
    return Found(about, attribute, value, key, ends_earlier(attribute, sentence))


def _names_the_speaker(about: str, exchange: Exchange) -> bool:
    name = about.casefold()
    return name in _SELF or name in (exchange.person.shown.casefold(), exchange.person.id.casefold())


def _stands_in(text: str, sentence: str) -> bool:
    """Return whether every word of meaning in a text stands in a sentence too, whatever its ending."""
    words = meaningful(text)
    if not words:
        return False
    stems = _stems.of(words)
    there = set(_stems.of(meaningful(sentence)))
    without_spaces = any(letter >= _WITHOUT_SPACES for letter in text)
    return all(stem in there for stem in stems) or (without_spaces and text in sentence)


def _statements(said: str) -> list[str]:
    """Return the sentences that are no questions."""
    sentences = (sentence.strip() for sentence in _SENTENCE.split(said[:LONGEST_SAID]))
    return [sentence for sentence in sentences if sentence and not sentence.rstrip("\"'”’) ").endswith(("?", "？"))]


_stems = Stems()
