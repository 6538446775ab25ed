"""Name tags: what the model reads, and learns to write, for who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import SettingsError
from ..recipe.format import Format
from ..turns import Speaker


def tag(speaker: Speaker, author_tag: str) -> str:
    """Return the tag of a speaker, on one line."""
    name = " ".join(speaker.name.split())
    first = " ".join(speaker.first_name.split()) or name
    return author_tag.format(author=name, lauthor=name.lower(), fname=first).strip()


def system_prompt(style: Format, people: Sequence[Speaker]) -> str:
    """Return the system prompt of a recipe with the names of those who are learned."""
    names = style.prompt.name_mapping
    if names is None:
        names = ", ".join(tag(person, style.author_tag or "{author}") for person in people)
    return style.prompt.template.format(name_mapping=names, append_msg=style.prompt.append_msg)


def require_distinct(people: Sequence[Speaker], author_tag: str) -> None:
    """Raise SettingsError where two people would speak under one tag, or one of them under none."""
    seen: dict[str, str] = {}
    for person in people if author_tag else ():
        name = tag(person, author_tag)
        if not name:
            raise SettingsError(f"{person.id} has no name to speak under: give a display name (`familiar people`), or leave them out.")
        if seen.setdefault(name, person.id) != person.id:
            raise SettingsError(
                f"{seen[name]} and {person.id} would speak under the same tag ({author_tag}), and the model would take them for one:"
                " rename one of them (`familiar people`), or take another author_tag, {author} for instance."
            )
