"""From lines to turns: whose words stay, cleaned, redacted, renamed and joined, with an account of everything that went.

One pass for each question, over lines that are held in memory: who is in the data is known only at its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from .casting import Cast
from .cleaning.repeats import Repeats
from .cleaning.rules import cleaned
from .lines import Line
from .merging import merged
from .people import People
from .privacy.redaction import Redaction
from .recipe.data import Cleaning, Data
from .report import Report, Share
from .turns import Conversation, Turn
from .wording import VIDEO, worded

Titles = Callable[[Iterable[str]], Mapping[str, str]]
"""Returns the titles of videos by their ids, of those it knows."""


def no_titles(ids: Iterable[str]) -> Mapping[str, str]:
    """Know none."""
    return {}


def prepared(
    lines: Iterable[Line], people: People, data: Data, secret: bytes = b"", titles: Titles = no_titles
) -> tuple[list[Conversation], Report]:
    """Return the chats as turns, each whole and by time, and what became of their messages.

    `secret` is that of the data directory (privacy.pseudonyms.secret_of), for pseudonyms. Words of people without consent, and of those
    the recipe masks or does not name, are context: their turns are not `learned`. Raises NotFound for a person or a companion
    the recipe names that there is not, StoreError.
    """
    held = list(lines)
    cast = Cast(people, data, secret)
    redaction = Redaction(data.privacy.redact, data.privacy.phone_regions)
    work = _Work(cast, data, redaction, titles({found[1] for line in held if "youtu" in line.text for found in VIDEO.finditer(line.text)}))
    chats = [(number, list(work.clean(list(some)))) for number, some in groupby(held, lambda line: line.conversation)]
    rare = cast.rare(line.author for _, some in chats for line in some)
    conversations = []
    for number, some in chats:
        left = [line for line in some if not work.is_rare(line, rare)]
        if len(left) < data.cleaning.least_messages:
            work.dropped["chat too small"] += len(left)
        elif left:
            turns = tuple(merged(map(work.turn, left), data.cleaning.merge_minutes))
            conversations.append(Conversation(number, turns))
    return conversations, work.report(len(held), conversations)


class _Work:
    """What all messages go through, and the counts of it."""

    def __init__(self, cast: Cast, data: Data, redaction: Redaction, titles: Mapping[str, str]) -> None:
        self.cast = cast
        self.data = data
        self.redaction = redaction
        self.titles = titles
        self.dropped: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()

    def clean(self, lines: list[Line]) -> Iterator[Line]:
        """Yield what is left of a chat."""
        rules, repeats = self.data.cleaning, Repeats()
        others = {line.reply_to for line in lines if self.cast.is_other_companion(line)}
        for line in lines:
            reason = "other companion" if line.id in others else self.cast.left_out(line)
            if not reason:
                line, reason = self._worded(line, rules)
            if not reason and repeats.again(line.author, line.text) and not rules.spam:
                reason = "spam"
            if reason:
                self.dropped[reason] += 1
            else:
                yield line

    def _worded(self, line: Line, rules: Cleaning) -> tuple[Line, str]:
        found = cleaned(worded(line.text, self.cast.mentions, self.titles), line.attachments, rules)
        return replace(line, text=found.text), found.dropped

    def is_rare(self, line: Line, rare: frozenset[str]) -> bool:
        """Whether a message is of somebody who wrote too few; it is counted."""
        if self.cast.of(line.author).id in rare:
            self.dropped["rare author"] += 1
            return True
        return False

    def turn(self, line: Line) -> Turn:
        """Return a message as a turn."""
        member = self.cast.of(line.author)
        self.kept[member.id] += 1
        text = self.cast.renamed(self.redaction.of(line.text))
        return Turn(self.cast.speaker(member), text, not self.cast.why_masked(member), line.at, (line.id,))

    def report(self, lines: int, conversations: list[Conversation]) -> Report:
        """Return the account of it all."""
        shares = []
        for number, count in self.kept.most_common():
            member = self.cast.of(number)
            because = self.cast.why_masked(member)
            shares.append(Share(number, self.cast.speaker(member).name, count, not because, because))
        turns = sum(len(each.turns) for each in conversations)
        return Report(lines, self.kept.total(), turns, dict(self.dropped), dict(self.redaction.found), tuple(shares))
