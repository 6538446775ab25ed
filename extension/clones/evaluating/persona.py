"""The persona check: whether who wrote what can be told of generated texts as well as of real ones that were held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...messages import Generation
from ..clones import Clones
from .authors import Authors, Told, told
from .journal import Journal
from .measures import distinct, repetition
from .occasions import Occasion


@dataclass(frozen=True, slots=True)
class Persona:
    """What the check came to."""

    held_out: Told
    """Of what people really said."""
    generated: Told
    """Of what their clones said on the same occasions."""
    distinct: float
    """Distinct-2 of the generated texts; that of the real ones is beside it."""
    distinct_held_out: float
    repetition: float
    """The mean part of word trigrams that repeat themselves within a generated text."""
    empty: int
    """Occasions on which nothing was said."""


def generated(
    clones: Clones, moments: Sequence[Occasion], options: Generation, count: int, journal: Journal, progress: Callable[[int, int], None]
) -> list[list[str]]:
    """Return what the clones say on each occasion, `count` hypotheses each. What the journal has is not made again.

    Raises as `Clones.said` does, and StoreError.
    """
    for number, moment in enumerate(moments):
        progress(number, len(moments))
        if moment.key not in journal:
            part = clones.part(moment.speaker.id)
            drawn = options if options.seed is None else replace(options, seed=options.seed + number)
            journal.put(moment.key, clones.said(moment.said, [part] * count, drawn))
    progress(len(moments), len(moments))
    return [list(map(str, journal[moment.key])) for moment in moments]


def persona(authors: Authors, moments: Sequence[Occasion], made: Sequence[Sequence[str]]) -> Persona:
    """Return how the texts made on some occasions compare with what was really said on them."""
    said = [(moment.speaker.id, moment.text) for moment in moments]
    spoken = [(moment.speaker.id, text) for moment, some in zip(moments, made, strict=True) for text in some]
    whole = [text for _, text in spoken if text.strip()]
    return Persona(
        held_out=told(authors, said),
        generated=told(authors, spoken),
        distinct=distinct(whole),
        distinct_held_out=distinct([text for _, text in said]),
        repetition=sum(map(repetition, whole)) / len(whole) if whole else 0.0,
        empty=len(spoken) - len(whole),
    )
