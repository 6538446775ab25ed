"""One adapter for every person or companion: the recipe, once for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import SettingsError
from ..recipe.recipe import Recipe

BY = ("person", "companion")


def recipes(recipe: Recipe, by: str, known: Sequence[tuple[str, str]] = ()) -> list[Recipe]:
    """Return a recipe for each person (`people.authors`) or companion (`people.companions`) of one, else for each of those known.

    `known` are ids and names. Raises SettingsError where there is nobody.
    """
    if by not in BY:
        raise SettingsError(f"--each {by[:40]}: there are {' and '.join(BY)}.")
    people = recipe.data.people
    named = [(name, name) for name in (people.authors if by == "person" else people.companions)] or known
    if not named:
        where = "authors" if by == "person" else "companions"
        raise SettingsError(f"--each {by} finds nobody: name them in the recipe, as `{where}` in the section `data: people`.")
    return [_of(recipe, by, number, name) for number, name in dict(named).items()]


def _of(recipe: Recipe, by: str, number: str, name: str) -> Recipe:
    only = {"authors": (number,)} if by == "person" else {"companions": (number,)}
    people = recipe.data.people.model_copy(update=only)
    short = re.sub(r"[^\w.+-]+", "-", name, flags=re.ASCII).strip("-.+_")[:40] or "somebody"
    called = f"{recipe.name}-{short}" if recipe.name else short
    return recipe.model_copy(update={"name": called, "data": recipe.data.model_copy(update={"people": people})})
