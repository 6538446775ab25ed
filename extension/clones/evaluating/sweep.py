"""The sampler sweep: the same occasions with every combination of sampling settings, scored by whether the people are to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from ...messages import Generation
from ..clones import Clones
from .authors import Authors
from .journal import Journal
from .occasions import Occasion
from .persona import Persona, generated, persona

TEMPERATURES, TOP_PS, MIN_PS = (0.5, 0.8, 1.0, 1.2), (0.9, 1.0), (0.0, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Grid:
    """Sampling settings, every one of which is tried with every other."""

    temperature: tuple[float, ...] = TEMPERATURES
    top_p: tuple[float, ...] = TOP_PS
    min_p: tuple[float, ...] = MIN_PS

    def cells(self) -> Iterator[tuple[str, Callable[[Generation], Generation]]]:
        """Yield each combination by name, and what makes it of the settings there are."""
        for temperature, top_p, min_p in product(self.temperature, self.top_p, self.min_p):
            further = (("min_p", min_p),) if min_p else ()
            yield f"t={temperature:g} p={top_p:g} min_p={min_p:g}", _changed(temperature, top_p, further)


@dataclass(frozen=True, slots=True)
class Scored:
    """A combination, and what it came to."""

    name: str
    persona: Persona

    @property
    def score(self) -> float:
        """The confidence in the right author, less for what repeats itself and for what is less varied than real texts are."""
        found = self.persona
        varied = min(found.distinct / found.distinct_held_out, 1.0) if found.distinct_held_out else 1.0
        return found.generated.confidence * varied * (1 - found.repetition)


def sweep(
    clones: Clones,
    authors: Authors,
    moments: Sequence[Occasion],
    options: Generation,
    grid: Grid,
    journal: Callable[[str], Journal],
    progress: Callable[[str, int, int], None],
) -> list[Scored]:
    """Return every combination, the best first. `journal` opens the file of one by its name. Raises as `generated` does."""
    found = []
    for name, changed in grid.cells():
        made = generated(clones, moments, changed(options), 1, journal(name), partial(progress, name))
        found.append(Scored(name, persona(authors, moments, made)))
    return sorted(found, key=lambda each: -each.score)


def _changed(temperature: float, top_p: float, further: tuple[tuple[str, float], ...]) -> Callable[[Generation], Generation]:
    def changed(options: Generation) -> Generation:
        kept = tuple(each for each in options.further if each[0] != "min_p")
        return replace(options, temperature=temperature, top_p=top_p, top_k=0, further=(*kept, *further))

    return changed
