"""A library for benchmarks: documents of every format that is read, made of templates, and questions with the passage that answers each.

The same seed gives the same texts and questions. Every document is about some things of one kind; each fact is said once, in prose
that names the same things again and again, or in a row of a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

from bench.facts import KINDS, Fact, Kind, Names, Thing, Wording, thing
from bench.files import RECORDS, WRITERS, Section, Written, said
from bench.prose import Prose

THINGS = 3
"""In a document of prose; tables have one a row."""
_ASKED = 4
"""Questions about a document, of each wording."""
NOTHING = (
    "Can you write a short poem about my cat?",
    "What should I cook for my sister's birthday tonight?",
    "How do I undo the last commit in git?",
    "Is it going to rain tomorrow?",
    "What is the derivative of x squared?",
    "I feel a bit lonely today.",
    "Which film should we watch this weekend?",
    "How do vaccines work?",
    "Translate 'see you soon' into Spanish.",
    "My laptop will not wake up from sleep.",
    "Who won the football world cup in 1998?",
    "What is the difference between a virus and a bacterium?",
    "Recommend me a podcast about economics.",
    "How many calories are in a banana?",
    "Why does my sourdough not rise?",
    "What does photosynthesis produce?",
    "Let us play twenty questions.",
    "How do I ask my boss for a raise?",
    "What is the best way to learn the guitar?",
    "Explain quantum entanglement to a child.",
)
"""What none of it answers."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the file that answers it and the words of the right passage; no file for what nothing answers."""

    question: str
    file: str
    contains: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents, in folders, and what may be asked."""

    folders: Sequence[Path]
    characters: int
    """Of what was written down, headings and names of columns left out."""
    questions: dict[Wording, list[Question]]


def generate(folder: Path, documents: int = 200, megabytes: float = 20.0, *, seed: int = 1, folders: int = 1) -> Corpus:
    """Write documents of some megabytes of text into folders beside each other, and return them.

    Their lengths differ by a factor of about fifty. Raises OSError.
    """
    random = Random(seed)
    names = Names(random)
    shares = [random.lognormvariate(0, 0.8) for _ in range(documents)]
    made = [folder / f"part{number}" for number in range(folders)]
    for each in made:
        each.mkdir(parents=True)
    questions: dict[Wording, list[Question]] = {"exact": [], "meant": [], "spoken": []}
    characters = 0
    for number, (share, suffix) in enumerate(zip(shares, cycle(WRITERS), strict=False)):
        kind = KINDS[number % len(KINDS)]
        document = _Document(kind, suffix, round(1e6 * megabytes * share / sum(shares)), random, names)
        name = f"{made[number * folders // documents].name}/{number:03}-{kind.many}.{suffix}"
        WRITERS[suffix](folder / name, document.written)
        characters += document.characters
        for wording, asked in document.asked():
            questions[wording] += [Question(each.asked(fact, wording), name, document.where(each, fact)) for each, fact in asked]
    return Corpus(made, characters, questions)


class _Document:
    """One document before it is written."""

    def __init__(self, kind: Kind, suffix: str, size: int, random: Random, names: Names) -> None:
        self._kind, self._suffix, self._random, self._names = kind, suffix, random, names
        self._prose = Prose(random, names)
        self._rows: dict[str, dict[str, str]] = {}
        self.characters = 0
        title = f"The {kind.many} of {names.place()}"
        if suffix in RECORDS:
            self.things = list(self._table(size))
            self.written = Written(title, (), list(self._rows.values()))
        else:
            self.things = [thing(kind, names, random) for _ in range(THINGS)]
            self.written = Written(title, list(self._sections(size)))

    def asked(self) -> Iterator[tuple[Wording, list[tuple[Thing, Fact]]]]:
        """Yield what to ask with each wording, another fact each time."""
        facts = [(each, fact) for each in self.things[: 3 * THINGS] for fact in self._kind.facts]
        chosen = self._random.sample(facts, 3 * _ASKED)
        wordings: tuple[Wording, ...] = ("exact", "meant", "spoken")
        for at, wording in enumerate(wordings):
            yield wording, chosen[at * _ASKED : (at + 1) * _ASKED]

    def where(self, one: Thing, fact: Fact) -> str:
        """Return the words of the passage that says a fact."""
        if one.name in self._rows:
            return said(self._suffix, self._rows[one.name], fact.label)
        return one.told(fact).rstrip(".")

    def _table(self, size: int) -> Iterator[Thing]:
        while self.characters < size or len(self._rows) < THINGS:
            one = thing(self._kind, self._names, self._random)
            notes = " ".join(self._prose.sentence(self._kind.one, one.name) for _ in range(3))
            self._rows[one.name] = {"name": one.name, **one.values, "notes": notes}
            self.characters += sum(map(len, self._rows[one.name].values()))
            yield one

    def _sections(self, size: int) -> Iterator[Section]:
        named = self._random.random() < 0.5
        for number, one in enumerate(self.things, 1):
            for place, heading in enumerate(self._kind.sections):
                facts = [one.told(fact) for at, fact in enumerate(self._kind.facts) if at % len(self._kind.sections) == place]
                paragraphs = list(self._paragraphs(one, facts, size // (THINGS * len(self._kind.sections))))
                yield Section(f"{one.name}: {heading}" if named else f"{number}. {heading}", paragraphs)

    def _paragraphs(self, one: Thing, facts: list[str], size: int) -> Iterator[str]:
        """Yield paragraphs of some characters together, each fact in one of them."""
        paragraphs: list[str] = []
        characters = 0
        while characters < size or len(paragraphs) < len(facts):
            paragraphs.append(self._prose.paragraph(self._kind.one, one.name))
            characters += len(paragraphs[-1])
        for place, fact in zip(self._random.sample(range(len(paragraphs)), len(facts)), facts, strict=True):
            sentences = paragraphs[place].split(". ")
            sentences.insert(self._random.randrange(len(sentences)), fact.rstrip("."))
            paragraphs[place] = ". ".join(sentences)
        self.characters += sum(map(len, paragraphs))
        yield from paragraphs
