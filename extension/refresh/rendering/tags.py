"""Name tags: what the model reads, and learns to write, for who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import SettingsError
from ..recipe.format import Format
from ..turns import Speaker

LONGEST = 100
"""Characters of a name in a tag."""


def tag(speaker: Speaker, author_tag: str) -> str:
    """Return the tag of a speaker, on one line; somebody without a name is called by the id."""
    name = _line(speaker.name) or _line(speaker.id)
    return author_tag.format(author=name, lauthor=name.lower(), fname=_line(speaker.first_name) or name).strip()


def system_prompt(style: Format, people: Sequence[Speaker]) -> str:
    """Return the system prompt of a recipe with the names of those who are learned."""
    names = style.prompt.name_mapping
    if names is None:
        names = ", ".join(tag(person, style.author_tag or "{author}") for person in people)
    return style.prompt.template.format(name_mapping=names, append_msg=style.prompt.append_msg)


def require_distinct(people: Sequence[Speaker], others: Sequence[Speaker], author_tag: str) -> None:
    """Raise SettingsError where somebody the model learns to speak as has the tag of another person."""
    learned: dict[str, str] = {}
    for person in people if author_tag else ():
        _require(learned.setdefault(tag(person, author_tag), person.id), person.id, author_tag)
    for person in others if author_tag else ():
        _require(learned.get(tag(person, author_tag), person.id), person.id, author_tag)


def _require(one: str, other: str, author_tag: str) -> None:
    if one != other:
        raise SettingsError(
            f"{one} and {other} would speak under the same tag ({author_tag}), and the model would take them for one:"
            " rename one of them (`familiar people set`), or take another author_tag, {author} for instance."
        )


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST].strip()
