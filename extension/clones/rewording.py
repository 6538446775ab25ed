"""A text in somebody's words: the model is asked in its own chat template, with the voice on and lines of theirs before its eyes."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from ..messages import Generation, Message
from .clones import Clones, Part

MOST_LINES = 12
LONGEST_LINE = 300
"""Characters of a line that are shown."""


def reworded(clones: Clones, text: str, part: Part, lines: Sequence[str], options: Generation) -> Generator[str, None, None]:
    """Yield a text as somebody would say it, given some lines of theirs. Raises as `Clones.ask` does."""
    name = " ".join(part.speaker.name.split())
    shown = "".join(f"- {' '.join(line.split())[:LONGEST_LINE]}\n" for line in lines[:MOST_LINES])
    how = f"This is how {name} writes:\n{shown}\n" if shown else ""
    wanted = f"{how}Write the following as {name} would. Keep what it means and its language. Answer with the new text alone.\n\n{text}"
    yield from clones.ask([Message("user", wanted)], options, adapted=True)
