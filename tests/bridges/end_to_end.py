"""One story for every platform, with the real models: what is told before a restart helps to answer after it and is kept as it was said."""

from __future__ import annotations

from typing import Any

from .stand import Stand

TOLD = "My parrot Biscuit must never eat nuts, the vet said so."
ASKED = "What must my parrot Biscuit never eat?"


def answered_by(model: Any, embedder: Any) -> dict[str, Any]:
    """Return what a stand is made with, to have the real models behind it."""
    return {"host": model, "embedder": embedder, "settings": {"max_new_tokens": 24, "temperature": 0.0}, "long": 240.0}


def play(stand: Stand) -> None:
    """Let Ada tell something in private, end the program and start it again, and let her ask for it in a talk of its own."""
    ada = stand.who("ada")
    den = stand.platform.direct(ada)
    stand.ask(den, "ada", TOLD)
    [(said, first)] = stand.exchanges()
    assert said == TOLD and first and stand.texts(den) == [first]
    stand.restart()
    stand.ask(den, "ada", "/reset")
    stand.ask(den, "ada", ASKED)
    said, reply = stand.exchanges()[-1]
    assert said == ASKED and stand.texts(den)[-1] == reply
    assert reply and "<|im_" not in reply
    newest, *_, oldest = stand.app.memories.diary.browse()
    assert newest.memories == (oldest.id,)
