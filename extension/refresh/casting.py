"""Who is who in the words of a training set: whose stay, whose are learned, and under which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..errors import NotFound
from .diary import COMPANION
from .lines import Line
from .people import Member, People, named
from .privacy.pseudonyms import Names, Pseudonym, pseudonyms
from .recipe.data import Data
from .turns import Speaker


class Cast:
    """The people of a database in the light of a recipe. Raises NotFound for somebody the recipe names that there is not, StoreError."""

    def __init__(self, people: People, data: Data, secret: bytes = b"") -> None:
        self._data = data
        self._index = people.index()
        self._of = {number: each for each in self._index for number in (each.id, *each.aliases)}
        self._authors, self._masked, self._excluded = (
            frozenset(named(who, self._index).id for who in some)
            for some in (data.people.authors, data.people.masked_authors, data.people.excluded)
        )
        self._companions = frozenset(self._companion(name) for name in data.people.companions)
        fakes: dict[str, Pseudonym] = {}
        if data.privacy.pseudonyms:
            fakes = pseudonyms(people.database, self._index, secret)
        self._fakes = fakes
        self._names = Names([(each, fakes[each.id]) for each in self._index if each.id in fakes])
        self.mentions = {number.partition(":")[2]: each.name for number, each in self._of.items()}
        """Display names by the platforms' ids."""

    def of(self, author: str) -> Member:
        """Return who an id is; for one that is not in the index, somebody of whom nothing is known."""
        found = self._of.get(author)
        if found is None:
            name = author.partition(":")[2] or author
            found = self._of[author] = Member(author, name, name, "", (), (), False, False, "unknown", 0, None, None)
        return found

    def left_out(self, line: Line) -> str:
        """Return why nothing of the author of a line stays, '' where it does."""
        member = self.of(line.author)
        if member.excluded or member.id in self._excluded:
            return "excluded"
        if self.is_other_companion(line):
            return "other companion"
        bot = (member.bot or line.bot) and not member.companion
        return "bot" if bot and not self._data.cleaning.bots else ""

    def is_other_companion(self, line: Line) -> bool:
        """Whether a line is of a companion that the recipe does not name."""
        return bool(self._companions) and line.author.startswith(COMPANION) and line.author not in self._companions

    def rare(self, authors: Iterable[str]) -> frozenset[str]:
        """Return who wrote less than the least share of these messages."""
        counts = Counter(self.of(author).id for author in authors)
        least = self._data.people.least_share * counts.total()
        return frozenset(
            number for number, count in counts.items() if count < least and number not in self._authors and not self.of(number).companion
        )

    def why_masked(self, member: Member) -> str:
        """Return why the model does not learn to say what somebody said, '' where it does."""
        if not member.agreed:
            return "no consent"
        if member.id in self._masked:
            return "masked"
        return "not among the authors" if self._authors and member.id not in self._authors else ""

    def speaker(self, member: Member) -> Speaker:
        """Return somebody as name tags show them."""
        fake = self._fakes.get(member.id)
        return Speaker(member.id, fake.name, fake.first_name) if fake else Speaker(member.id, member.name, member.first_name)

    def renamed(self, text: str) -> str:
        """Return a text with the pseudonyms in the place of names; the text itself where there are none."""
        return self._names.of(text)

    def _companion(self, name: str) -> str:
        number = name if name.startswith(COMPANION) else COMPANION + name
        if number not in self._of:
            raise NotFound(f"No companion called {name[:200]!r} answered anything yet. `familiar people` lists who did.")
        return number
