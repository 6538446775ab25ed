"""Commands that let clones of people speak: who agreed to it, with the adapter of the chosen run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from ...clones.banter import MOST, banter
from ...clones.clones import Clones, Part
from ...clones.context import Said
from ...clones.rewording import reworded
from ...clones.voices import examples_of
from ...errors import CommandRefused, FamiliarError, NotFound
from ...messages import Generation
from ...options.kinds import Whole, Words
from ...permissions.level import Level
from ..call import Call
from ..command import Argument, Command, Outcome
from ..speakers import lines_of

SUFFIX = " (clone)"
"""What stands behind the name of who did not say it themselves."""
LINES = 40
"""Messages that are looked at, the newest."""
MOST_AT_ONCE = 32
"""Texts of one batch."""
_LONGEST = 200
"""Tokens of one text."""


def open_(call: Call) -> Clones:
    """Return the clones of the run that is chosen. Raises as `Voices.clones` does."""
    return call.app.voices.clones(call.app.settings.voice)


def find(call: Call, named: str) -> tuple[Clones, Part] | None:
    """Return somebody to be spoken as; None where no clone is called so. Raises CommandRefused for who did not agree, StoreError."""
    if not call.app.voices.names():
        return None
    clones = open_(call)
    with suppress(NotFound):
        return clones, clones.part(named.removesuffix(SUFFIX))
    return None


def names(call: Call) -> list[str]:
    """Return the names of those who can be spoken as; nothing where that is not known."""
    if not call.app.voices.names():
        return []
    with suppress(FamiliarError):
        return [part.speaker.name for part in open_(call).everybody()]
    return []


def speak(call: Call, clones: Clones, part: Part) -> Outcome:
    """Let a clone speak next in this place."""
    text = "".join(call.scene.waiting(piece for _, piece in clones.say(talk(call), [part], generation(call)))).strip()
    if not text:
        raise CommandRefused(f"The clone of {part.speaker.name} says nothing to that. Try again.")
    return Outcome(call.scene.voice(part.speaker.name + SUFFIX, text), private=not call.asker.here)


def batch(call: Call, named: str, count: int) -> Outcome:
    """Show what several clones would say next, so many versions of each."""
    clones = open_(call)
    parts = [part for part in parts_of(clones, named) for _ in range(count)]
    if len(parts) > MOST_AT_ONCE:
        raise CommandRefused(f"At most {MOST_AT_ONCE} texts come at once: fewer versions, or fewer people.")
    texts = [""] * len(parts)

    def pieces() -> Iterator[str]:
        for number, piece in clones.say(talk(call), parts, generation(call)):
            texts[number] += piece
            yield piece

    for _ in call.scene.waiting(pieces()):
        pass
    return Outcome("\n".join(f"{part.speaker.name}: {text.strip()}" for part, text in zip(parts, texts, strict=True)))


def next_speaker(call: Call) -> Outcome:
    """Say which of the clones would be next."""
    shares = open_(call).next_speakers(talk(call))
    return Outcome("\n".join(f"{share:4.0%}  {speaker.name}" for speaker, share in shares.items()))


def reword(call: Call, text: str, named: str) -> Outcome:
    """Put a text into somebody's words."""
    clones = open_(call)
    part = clones.part(named)
    lines = examples_of(call.app.voices.run(clones.voice.name), part.speaker)
    made = "".join(call.scene.waiting(reworded(clones, text, part, lines, generation(call)))).strip()
    if not made:
        raise CommandRefused("The model answered nothing. Try again, or in other words.")
    return Outcome(made)


def banter_(call: Call) -> Outcome:
    """Let clones talk among themselves."""
    clones = open_(call)
    parts = parts_of(clones, call["names"] or "")
    shown: list[str] = []
    turns: dict[int, tuple[Part, str]] = {}

    def pieces() -> Iterator[str]:
        for piece in banter(clones, talk(call), parts, call["turns"] or 6, generation(call), context=LINES):
            if piece.turn not in turns and turns:
                _utter(call, *turns[max(turns)], shown)
            turns[piece.turn] = (piece.part, turns.get(piece.turn, (piece.part, ""))[1] + piece.text)
            yield piece.text

    for _ in call.scene.waiting(pieces()):
        pass
    if not turns:
        raise CommandRefused("Nobody had anything to say. Try again.")
    _utter(call, *turns[max(turns)], shown)
    return Outcome("\n".join(filter(None, shown)), private=not call.asker.here)


def parts_of(clones: Clones, named: str) -> list[Part]:
    """Return the people that are named, with commas between; everybody who agreed where nobody is."""
    wanted = [each.strip() for each in named.split(",") if each.strip()]
    return [clones.part(each) for each in wanted] or clones.everybody()


def talk(call: Call) -> Sequence[Said]:
    """Return what was said here; clones by the names of their people."""
    return [(name.removesuffix(SUFFIX), text) for name, text in lines_of(call.scene.talk())[-LINES:]]


def generation(call: Call) -> Generation:
    """Return how is generated here, without more than a chat message may take."""
    chosen = call.app.choices(call.scene.spot).generation(call.app.generation)
    return replace(chosen, max_new_tokens=min(chosen.max_new_tokens, _LONGEST))


def _utter(call: Call, part: Part, text: str, shown: list[str]) -> None:
    if text.strip():
        shown.append(call.scene.voice(part.speaker.name + SUFFIX, text.strip()))


GROUP = (
    Command(
        "clone-banter",
        "Let clones of people talk among themselves, so many turns.",
        banter_,
        (
            Argument("turns", Whole(1, min(MOST, 20)), "how many in all; 6", required=False),
            Argument("names", Words(1000), "whose clones, with commas between; everybody's who agreed", required=False, rest=True),
        ),
        level=Level.MOD,
        spends=True,
    ),
)
