"""What a sample was made of, as a line of JSON beside its tokens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from .rendering.renderer import Kind, Span
from .turns import Conversation, Speaker, Turn

KINDS = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation, and where its parts are among the tokens."""

    conversation: Conversation
    spans: tuple[Span, ...]

    @property
    def length(self) -> int:
        """How many tokens the sample has."""
        return self.spans[-1].end if self.spans else 0

    def line(self) -> str:
        """Return it as one line of JSON. Speakers stand once, turns point to them."""
        speakers = list(dict.fromkeys(turn.speaker for turn in self.conversation.turns))
        at = {speaker: number for number, speaker in enumerate(speakers)}
        turns = [
            {
                "speaker": at[turn.speaker],
                "text": turn.text,
                "learned": turn.learned,
                "at": turn.at.isoformat() if turn.at else None,
                "lines": turn.lines,
            }
            for turn in self.conversation.turns
        ]
        row = {
            "id": self.conversation.id,
            "system": self.conversation.system,
            "speakers": [asdict(speaker) for speaker in speakers],
            "turns": turns,
            "spans": [[span.start, span.end, span.kind, span.turn, span.learned] for span in self.spans],
        }
        return json.dumps(row)

    @classmethod
    def of(cls, line: str) -> Entry:
        """Return an entry from its line. Raises ValueError, KeyError, TypeError for any other line."""
        row = json.loads(line)
        speakers = [Speaker(**{key: _text(value) for key, value in each.items()}) for each in row["speakers"]]
        turns = tuple(_turn(each, speakers) for each in row["turns"])
        spans = tuple(_span(each, len(turns)) for each in row["spans"])
        return cls(Conversation(_text(row["id"]), turns, _text(row["system"])), spans)


def _turn(row: dict[str, Any], speakers: list[Speaker]) -> Turn:
    at = datetime.fromisoformat(row["at"]) if row["at"] is not None else None
    number = row["speaker"]
    if not isinstance(number, int) or not 0 <= number < len(speakers):
        raise ValueError("a turn is of nobody")
    return Turn(speakers[number], _text(row["text"]), row["learned"] is True, at, tuple(_text(each) for each in row["lines"]))


def _span(row: list[Any], turns: int) -> Span:
    start, end, kind, turn, learned = row
    if (
        not all(isinstance(each, int) for each in (start, end, turn))
        or kind not in KINDS
        or not 0 <= start <= end
        or not -1 <= turn < turns
    ):
        raise ValueError("a span is no part of the sample")
    return Span(start, end, kind, turn, learned is True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value
