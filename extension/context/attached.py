"""What the model sees of a document anyway, since the person attached it to a message: no excerpt says it once more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..messages import Excerpt

_LEAST = 12
"""Letters and digits of a line that can be recognised."""
_MOST_SHARE = 0.8
"""Part of an excerpt's lines from which on it counts as seen: another reader may have read some differently."""


def unseen(excerpts: Iterable[Excerpt], attached: Sequence[str]) -> list[Excerpt]:
    """Return the excerpts whose words do not stand in one of the attached texts, however these break their lines."""
    texts = [_letters(text) for text in attached]
    return [excerpt for excerpt in excerpts if not any(_stands_in(excerpt.text, text) for text in texts)]


def _stands_in(text: str, attached: str) -> bool:
    lines = [line for line in map(_letters, text.splitlines()) if len(line) >= _LEAST] or [_letters(text)]
    return sum(line in attached for line in lines) >= _MOST_SHARE * len(lines)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
