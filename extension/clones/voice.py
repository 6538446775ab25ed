"""A voice: the adapter of a training, the people it speaks as, and the format they were learned in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ..errors import NotFound, TrainingRefused
from ..refresh.recipe.format import Format
from ..refresh.training.adapter import MANIFEST, check_adapter
from ..refresh.training.base import digest
from ..refresh.training.checkpoints import is_whole
from ..refresh.turns import Speaker


@dataclass(frozen=True, slots=True)
class Voice:
    """What speaks. The format belongs to it, so that it stays the same whichever adapter spoke before."""

    name: str
    """Of the run that made it."""
    adapter: Path
    base: Path
    """The folder of the model it was trained on."""
    digest: str
    """Of that model."""
    style: Format
    people: tuple[Speaker, ...]
    """Whose words were learned, in the order of the training."""
    others: tuple[Speaker, ...] = ()
    """Who was only read."""
    joins: bool = True
    """Whether what somebody said in a row was one turn."""

    def require(self, place: Path | str) -> None:
        """Raises TrainingRefused unless the adapter is whole, and the model in a folder the very one it was trained on; MissingModel."""
        if not isinstance(place, Path):
            raise TrainingRefused(f"{self.name} was trained on the model in {self.base}; name that folder in place of {place}.")
        if (self.adapter / MANIFEST).is_file():
            check_adapter(self.adapter, place)
            return
        if not is_whole(self.adapter):
            raise TrainingRefused(f"The adapter in {self.adapter} is damaged or was never whole. Take another one, or train it again.")
        if digest(place) != self.digest:
            raise TrainingRefused(f"{self.name} was trained on another model than {place.name}, or that has changed since. Train it again.")

    def speaker(self, named: str) -> Speaker:
        """Return somebody it can speak as, by name or id. Raises NotFound with those there are."""
        return somebody(named, self.people, f"{self.name} cannot speak as")

    def author(self, named: str) -> Speaker:
        """Return who wrote a line of a context; somebody new where nobody is called so."""
        known = (*self.people, *self.others)
        return next((each for each in known if named in (each.id, each.name)), None) or Speaker(named, named)


def somebody(named: str, people: Sequence[Speaker], refusal: str) -> Speaker:
    """Return the one of some people that a name or id means, in capitals or not. Raises NotFound."""
    wanted = named.strip().casefold()
    for exact in ("id", "name", "first_name"):
        found = [each for each in people if str(getattr(each, exact)).casefold() == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound(f"{len(found)} people are called that. Name one by the id: {', '.join(each.id for each in found[:5])}.")
    names = [each.name for each in people]
    close = get_close_matches(named.strip()[:100], names, n=1)
    meant = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}."
    raise NotFound(f"{refusal} {named.strip()[:60]!r}.{meant}")
