"""What was said so far, as clones are given it: lines of a name and words, in order, from a list or a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from ..errors import ImportRefused
from ..refresh.turns import Conversation, Turn
from ..refresh.wording import worded
from .voice import Voice

Said = tuple[str, str]
"""Who spoke, and what they said."""
LONGEST = 1_000_000
"""Characters of a file."""
_LINE = re.compile(r"(?P<name>[^:\n]{1,80}?):\s(?P<text>.*)|(?P<bare>[^:\n]{1,80}):")


def read(text: str) -> list[Said]:
    """Return the lines of a file: `Name: words`, where a line without a name goes on with the one before, or JSON.

    JSON is a list, or one value a line, of `{"author": …, "text": …}` or `[author, text]`. Raises ImportRefused that says which line.
    """
    if len(text) > LONGEST:
        raise ImportRefused(f"The context has {len(text):,} characters; at most {LONGEST:,} are read. Keep its end.")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    rows = _json(text)
    said = _of_lines(text) if rows is None else [_said(value, number) for number, value in enumerate(rows, 1)]
    return [(name, words) for name, words in said if words.strip()]


def conversation(said: Iterable[Said], voice: Voice) -> Conversation:
    """Return the lines as a conversation, worded and joined as they were when the voice was trained."""
    turns: list[Turn] = []
    for name, words in said:
        speaker, words = voice.author(name), worded(words)
        if voice.joins and turns and turns[-1].speaker.id == speaker.id:
            turns[-1] = Turn(speaker, f"{turns[-1].text}\n{words}", learned=False)
        else:
            turns.append(Turn(speaker, words, learned=False))
    return Conversation("clones", tuple(turns))


def shown(said: Sequence[Said]) -> str:
    """Return lines as a file has them."""
    return "\n".join(f"{name}: {words}" for name, words in said)


def _json(text: str) -> list[object] | None:
    """Return the entries of a file in JSON; None where it is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    whole = _loaded(text)
    if isinstance(whole, list) and not _is_pair(whole):
        return whole
    lines = [line for line in text.splitlines() if line.strip()]
    return None if _loaded(lines[0]) is None else [_loaded(line) for line in lines]


def _loaded(text: str) -> object:
    """Return a value, None for what is no JSON."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)


def _said(value: object, number: int) -> Said:
    pair = [value.get("author"), value.get("text")] if isinstance(value, dict) else value
    if not isinstance(pair, list) or not _is_pair(pair) or not pair[0].strip():
        raise ImportRefused(f'Entry {number} of the context should be {{"author": "…", "text": "…"}}, as JSON.')
    return str(pair[0]).strip(), str(pair[1])


def _of_lines(text: str) -> list[Said]:
    said: list[Said] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found:
            said.append(((found["name"] or found["bare"]).strip(), found["text"] or ""))
        elif said:
            name, words = said[-1]
            said[-1] = (name, f"{words}\n{line}" if words else line)
        elif line.strip():
            raise ImportRefused(f"Line {number} of the context begins with no name. Write it so: `Ann: Who is coming tonight?`")
    return [(name, words.strip()) for name, words in said]
