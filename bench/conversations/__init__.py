"""Conversations with questions and the turns that answer them: those beside this file, written for this project, and LoCoMo's format.

Ours are text, one conversation a file: `== 2024-05-01 19:30` opens a session, `3:7 Name: words` is a turn, and after `??`
follow the questions as `category | question | turns that answer it | answer`. In a conversation of the kind `companion`
two turns, the person's and the companion's, are one exchange.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_BETWEEN = timedelta(seconds=30)
_TURN = re.compile(r"(\d+:\d+) ([^:]{1,40}): (.+)$")
_EVIDENCE = re.compile(r"D?:?\s*0*(\d+)\s*:\s*0*(\d+)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message of a conversation, or (of the kind `companion`) one with its reply."""

    ids: tuple[str, ...]
    speaker: str
    said: str
    when: datetime
    session: int
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question, with the ids of the turns that hold its answer."""

    text: str
    evidence: tuple[str, ...]
    category: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation and what is asked about it."""

    name: str
    kind: str
    """`friends` and `group`: people in a shared place. `companion`: one person and a companion, alone."""
    turns: Sequence[Spoken]
    questions: Sequence[Labelled]
    companion: str = "Robin"
    sources: dict[str, int] = field(default_factory=dict)
    """Index into `turns` by id."""


def ours(folder: Path = FOLDER) -> list[Conversation]:
    """Return the conversations beside this file."""
    return [_ours(path) for path in sorted(folder.glob("*.txt"))]


def locomo(path: Path) -> list[Conversation]:
    """Return the conversations of a file in LoCoMo's format, questions without usable evidence left out. Raises ValueError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ValueError(f"{path} cannot be read as JSON: {exc}") from exc
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "conversation" in entry for entry in entries):
        raise ValueError(f"{path} is not in LoCoMo's format: a list of objects with `conversation` and `qa` is expected.")
    return [_indexed(_locomo(entry, number)) for number, entry in enumerate(entries)]


def evidence_ids(given: Any) -> list[str]:
    """Return the turns that an evidence field names, however it is written: ['D1:3', 'D8:6; D9:17', 'D30:05', 'D:11:26']."""
    fields = given if isinstance(given, list) else [given]
    found = [f"D{int(session)}:{int(turn)}" for each in fields for session, turn in _EVIDENCE.findall(str(each))]
    return list(dict.fromkeys(found))


def _locomo(entry: dict[str, Any], number: int) -> Conversation:
    talk = entry["conversation"]
    sessions = sorted(int(name.split("_")[1]) for name in talk if re.fullmatch(r"session_\d+", name))
    turns = []
    for session in sessions:
        start = _locomo_time(talk.get(f"session_{session}_date_time"), session)
        for position, turn in enumerate(talk[f"session_{session}"]):
            caption = f" [picture: {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            said = f"{turn.get('text', '')}{caption}"
            turns.append(Spoken((turn["dia_id"],), turn["speaker"], said, start + position * _BETWEEN, session))
    questions = [
        Labelled(str(each["question"]), tuple(evidence_ids(each.get("evidence", []))), int(each.get("category", 0)))
        for each in entry.get("qa", [])
    ]
    return Conversation(str(entry.get("sample_id", number)), "friends", turns, questions)


def _locomo_time(text: Any, session: int) -> datetime:
    for form in ("%I:%M %p on %d %B, %Y", "%d %B, %Y", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(str(text), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=7 * session)


def _ours(path: Path) -> Conversation:
    head, _, rest = path.read_text(encoding="utf-8").partition("\n== ")
    body, _, asked = f"\n== {rest}".partition("\n??\n")
    kind = next(line.split(":")[1].split()[0] for line in head.splitlines() if line.startswith("# kind:"))
    turns = list(_turns(body))
    companion = turns[1].speaker if kind == "companion" else "Robin"
    if kind == "companion":
        turns = list(_paired(turns))
    questions = []
    for line in filter(str.strip, asked.splitlines()):
        category, text, evidence, _ = (part.strip() for part in line.split("|"))
        questions.append(Labelled(text, tuple(each.strip() for each in evidence.split(",")), int(category)))
    return _indexed(Conversation(path.stem, kind, turns, questions, companion))


def _turns(body: str) -> Iterator[Spoken]:
    session, when = 0, datetime.fromtimestamp(0, UTC)
    for line in filter(str.strip, body.splitlines()):
        if line.startswith("== "):
            session, when = session + 1, datetime.strptime(line[3:].strip(), "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        elif found := _TURN.match(line):
            yield Spoken((found[1],), found[2], found[3], when, session)
            when += _BETWEEN


def _paired(turns: Sequence[Spoken]) -> Iterator[Spoken]:
    for said, reply in zip(turns[::2], turns[1::2], strict=True):
        yield replace(said, ids=(*said.ids, *reply.ids), reply=reply.said)


def _indexed(conversation: Conversation) -> Conversation:
    sources = {each: number for number, turn in enumerate(conversation.turns) for each in turn.ids}
    questions = []
    for question in conversation.questions:
        if known := tuple(each for each in question.evidence if each in sources):
            questions.append(replace(question, evidence=known))
    return replace(conversation, questions=questions, sources=sources)
