"""Recipes as YAML files: read with errors that name the line, changed from the command line, and written with every key explained."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ...errors import SettingsError
from ...settings import replace_text
from .recipe import Recipe
from .section import Section

LARGEST = 1_000_000
"""Bytes of a recipe."""
DEEPEST = 20
WIDTH = 110
Place = tuple[str | int, ...]


def read(path: Path, given: Sequence[str] = ()) -> Recipe:
    """Return the recipe in a file, with some of its values given anew as `training.learning_rate=1e-4`.

    Raises SettingsError, which names the line of what is wrong and, of a key that is none, the nearest that is.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(f"{path} is too large for a recipe. Name a YAML file; `familiar train --write-config FILE` writes one.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"The recipe {path} cannot be read ({type(exc).__name__}). Check the name and its permissions.") from exc
    return parsed(text, path.name, given)


def parsed(text: str, name: str, given: Sequence[str] = ()) -> Recipe:
    """Return the recipe in a text, as `read` does of a file's."""
    try:
        _require_plain(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise SettingsError(f"{name}{where}: this is no YAML ({getattr(exc, 'problem', None) or type(exc).__name__}).") from exc
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: a recipe has sections ({', '.join(Recipe.model_fields)}), each with keys and values under it.")
    values = {key: {} if value is None and key != "name" else value for key, value in values.items()}
    return _made(values, given, lambda place: f"{name}, line {line}" if (line := _line(node, place)) else name)


def _require_plain(text: str, name: str) -> None:
    """Raises SettingsError for what a recipe never has and a hostile file may: aliases, and things inside each other without end."""
    depth = 0
    for each in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(each, yaml.AliasEvent):
            raise SettingsError(f"{name} uses a YAML alias (*name), which recipes do not take. Write the value out.")
        depth += isinstance(each, yaml.CollectionStartEvent) - isinstance(each, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise SettingsError(f"{name} is no recipe: things lie more than {DEEPEST} deep in each other.")


def changed(recipe: Recipe, given: Sequence[str]) -> Recipe:
    """Return a recipe with values given anew as `training.learning_rate=1e-4`. Raises SettingsError."""
    return _made(recipe.model_dump(mode="json"), given, lambda place: "--set")


def _made(values: dict[Any, Any], given: Sequence[str], where: Any) -> Recipe:
    set_here = [_set(values, each) for each in given]
    try:
        return Recipe.model_validate(values)
    except ValidationError as exc:
        told = [_told(each, "--set" if _place(each) in set_here else where(_place(each))) for each in exc.errors()[:10]]
        raise SettingsError("\n".join(dict.fromkeys(told))) from None


def _set(values: dict[Any, Any], given: str) -> Place:
    """Put one given value in its place, and return that. Raises SettingsError."""
    key, sign, value = given.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise SettingsError(f"--set {given[:80]}: write it as section.key=value, for instance training.learning_rate=1e-4.")
    inner = values
    for part in parts[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"--set {given[:80]}: `{part}` has no keys under it.")
    try:
        inner[parts[-1]] = yaml.safe_load(value)
    except yaml.YAMLError:
        inner[parts[-1]] = value
    return tuple(parts)


def _place(error: ErrorDetails) -> Place:
    """Return the keys that lead to what is wrong, without pydantic's names for the alternatives of a type."""
    place: list[str | int] = []
    at: Any = Recipe
    for part in error["loc"]:
        fields = at.model_fields if isinstance(at, type) and issubclass(at, BaseModel) else None
        if fields is None:
            break
        place.append(part)
        at = fields[part].annotation if part in fields else None
    return tuple(place)


def _told(error: ErrorDetails, where: str) -> str:
    place = _place(error)
    key = ".".join(str(part) for part in place)
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no `{key[:80]}`.{_nearest(place)}"
    allowed = _allowed(place)
    given = str(error.get("input"))[:60]
    reason = f"one of {', '.join(allowed)}" if allowed and error["type"] == "literal_error" else error["msg"][:1].lower() + error["msg"][1:]
    return f"{where}: `{key}` is {given!r}, and should be: {reason.removeprefix('input should be ')}."


def _nearest(place: Place) -> str:
    """Return a hint at the key that was meant: one like it beside it, or the same in another section."""
    known = dict(known_keys())
    last = str(place[-1])
    homes = [key for key in known if key.rpartition(".")[2] == last]
    if homes:
        return f" It belongs there: `{homes[0]}`."
    beside = [key for key in known if key.rpartition(".")[0] == ".".join(str(part) for part in place[:-1])]
    for some in (beside, list(known)):
        names = {key.rpartition(".")[2]: key for key in some}
        if near := difflib.get_close_matches(last, names, n=1, cutoff=0.6):
            return f" Did you mean `{names[near[0]]}`?"
    return " `familiar train --write-config FILE` writes a file with every key."


def known_keys(section: type[BaseModel] = Recipe, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key of a section and those below it, as `training.learning_rate`, and its field."""
    for name, field in section.model_fields.items():
        yield f"{before}{name}", field
        if _is_section(field.annotation):
            yield from known_keys(field.annotation, f"{before}{name}.")  # type: ignore[arg-type]


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _allowed(place: Place) -> list[str]:
    field = dict(known_keys()).get(".".join(str(part) for part in place))
    return list(_literals(field.annotation)) if field is not None else []


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (str(each) for each in get_args(annotation))
    else:
        for each in get_args(annotation):
            yield from _literals(each)


def _line(node: Any, place: Place) -> int:
    """Return the line of a key, or of the innermost one that is there; 0 where there is none."""
    line = 0
    for part in place:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line


HEAD = """# A recipe of Familiar: what is learned from which chats, and how. Every key with its default: leave out what you keep.
# familiar train --config FILE [--estimate] [--set training.learning_rate=1e-4]
"""


def written(path: Path) -> None:
    """Write a file with every key, its default and what it is. Raises SettingsError where there is one already, StoreError."""
    if path.exists():
        raise SettingsError(f"{path} is there already. Name another file, or remove that one first.")
    replace_text(path, default_file())


def default_file() -> str:
    """Return the text of a recipe with every key, its default and what it is."""
    return HEAD + "".join(_explained(Recipe(), ""))


def _explained(section: Section, margin: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        inner = isinstance(value, Section)
        words = (type(value).__doc__ if inner else field.description) or ""
        choices = list(_literals(field.annotation))
        text = " ".join(re.sub(r"\s+", " ", words).split()) + (f" One of: {', '.join(choices)}." if choices else "")
        yield "\n" if not margin and inner else ""
        yield from (f"{margin}# {line}\n" for line in wrap(text, WIDTH - len(margin)))
        if isinstance(value, Section):
            yield f"{margin}{name}:\n"
            yield from _explained(value, margin + "  ")
        else:
            yield f"{margin}{name}: {_plain(value)}\n"


def _plain(value: Any) -> str:
    """Return a value as YAML has it on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(plain, default_flow_style=True, width=10_000, allow_unicode=True).strip().removesuffix("...").strip()
