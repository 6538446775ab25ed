"""Labelled conversations in a memory of the product: written through its own path, asked through its own recall."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from bench.conversations import Conversation, Labelled
from extension.database import Database
from extension.embedders import MiniLM, Remembering, minilm_folder
from extension.memory.diary import Answer
from extension.memory.memories import Memories
from extension.memory.recall import Question
from extension.messages import Person, Place, Turn


class Remembered:
    """A memory that holds conversations: each shared one a place, each session with a companion alone a chat of its own."""

    def __init__(self, conversations: Iterable[Conversation], folder: Path) -> None:
        self.memories = Memories(Database(f"sqlite:///{folder / 'diary.sqlite'}"), Remembering(MiniLM(minilm_folder())), folder)
        self._numbers: dict[tuple[str, int], int] = {}
        """Index of the turn by conversation and id of the exchange."""
        for conversation in conversations:
            self._write(conversation)
        self.memories.settle()

    def question(self, conversation: Conversation, labelled: Labelled, limit: int) -> Question:
        """Return the question as the product is asked it, the day after the last turn."""
        last = conversation.turns[-1]
        if conversation.kind == "companion":
            person, place = Person(_id(conversation, last.speaker), last.speaker), Place(f"{conversation.name}/now")
        else:
            person, place = Person(f"{conversation.name}/reader", "Reader"), Place(conversation.name, shared=True)
        now = last.when + timedelta(days=1)
        return Question(labelled.text, person, place, conversation.companion, "companion", limit, now=now)

    def turn(self, conversation: Conversation, exchange: int) -> int:
        """Return the index of the turn an exchange was written for."""
        return self._numbers[conversation.name, exchange]

    def _write(self, conversation: Conversation) -> None:
        shared = conversation.kind != "companion"
        rows: dict[str, int] = {}
        for number, spoken in enumerate(conversation.turns):
            place = Place(conversation.name if shared else f"{conversation.name}/{spoken.session}", shared)
            row = rows[place.id] = rows.get(place.id, -1) + 1
            person = Person(_id(conversation, spoken.speaker), spoken.speaker)
            turn = Turn(person, place, conversation.companion, spoken.said, row, spoken.when)
            exchange = self.memories.diary.write(turn, Answer(spoken.reply))
            self._numbers[conversation.name, exchange] = number


def _id(conversation: Conversation, speaker: str) -> str:
    return f"{conversation.name}/{speaker}"
