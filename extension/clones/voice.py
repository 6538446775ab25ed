"""A voice: the adapter of a training, the people it speaks as, and the format they were learned in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ..errors import HostRefused, NotFound
from ..refresh.recipe.format import Format
from ..refresh.training.base import digest
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
        """Raises HostRefused unless the model in a folder is the one the voice was trained on, and as it was then."""
        if not isinstance(place, Path) or digest(place) != self.digest:
            name = place.name if isinstance(place, Path) else place
            raise HostRefused(
                f"{self.name} was trained on {self.base.name} as it was then; {name} is another model, or has changed since."
                " Bring that model back, or train anew."
            )

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
    for exact in (lambda each: each.id, lambda each: each.name, lambda each: each.first_name):
        found = [each for each in people if exact(each).casefold() == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound(f"{len(found)} people are called that. Name one by the id: {', '.join(each.id for each in found[:5])}.")
    names = [each.name for each in people]
    close = get_close_matches(named.strip()[:100], names, n=1)
    meant = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}."
    raise NotFound(f"{refusal} {named.strip()[:60]!r}.{meant}")
