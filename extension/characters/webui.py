"""Companions to and from the webui's folder of characters, where each is a file of the same name, perhaps with a picture beside it.

The webui shows its model the file's `context` and nothing else, so that is written whole there, and the parts beside it, which it passes
over. Its own editor writes name, greeting and context only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import NotFound, SettingsError
from .card import Card, card_of, parsed
from .expert import Expert
from .folder import new_path, plain_name, text_of, write

SUFFIXES = (".yml", ".yaml", ".json")
"""As the webui looks for them; the first that is there counts."""
_NAMES = ("name", "bot", "<|bot|>", "char_name")
_PERSONA = ("char_persona", "world_scenario", "example_dialogue")


def characters_of(webui: Path) -> Path:
    """Return the folder of characters of a webui, of its user_data, or the folder itself. Raises NotFound where there is none."""
    for each in (webui / "user_data" / "characters", webui / "characters", webui):
        if each.is_dir() and each.name == "characters":
            return each
    raise NotFound(f"{webui} is no text-generation-webui: there is no folder user_data/characters in it.")


def in_webui(folder: Path) -> list[str]:
    """Return the names of the characters in a folder of the webui's, in order."""
    return sorted({path.stem for path in folder.iterdir() if path.suffix in SUFFIXES and not path.name.startswith(".")})


def from_webui(name: str, folder: Path) -> Card:
    """Return the card of a character of the webui's. Raises NotFound where there is none, SettingsError when it is malformed."""
    path = _path(name, folder)
    if path is None:
        raise NotFound(f"There is no character called {name} in {folder}.")
    text = text_of(path)
    card = _of_json(text, path) if path.suffix == ".json" else parsed(text, path)
    return card if card.name else replace(card, name=name)


def to_webui(name: str, card: Card, folder: Path, *, force: bool = False) -> Path:
    """Write a companion into the webui's folder, and return the path. Its picture is left alone.

    What else a file there holds stays in it, and so does its greeting where the companion has none. Raises SettingsError where there is
    a character of this name already (unless `force`), NotFound for what is no name, StoreError when the file cannot be written.
    """
    target, there = new_path(name, folder), _path(name, folder)
    if there is not None and not force:
        raise SettingsError(f"There is a character called {name} in {folder} already. --force replaces its context, and keeps its picture.")
    if there is not None:
        card = _joined(card, there)
        target = there if there.suffix == ".yml" else target
    write(target, (card if card.name else replace(card, name=name)).written(whole=True))
    return target


def with_parts(card: Card, before: Card) -> Card:
    """Return a card of the webui's with the parts it had before, where only the webui's editor dropped them."""
    dropped = not card.expert.plain() and card.context.strip() == before.prompt.strip()
    return replace(before, greeting=card.greeting, others={**before.others, **card.others}) if dropped else card


def expert_in(name: str, folder: Path) -> Expert | None:
    """Return what a character of the webui's says under `familiar:`, None where it says nothing. Raises SettingsError, NotFound."""
    if (path := _path(name, folder)) is None:
        return None
    text = text_of(path)
    expert = (_of_json(text, path) if path.suffix == ".json" else parsed(text, path)).expert
    return expert if expert.plain() else None


def _path(name: str, folder: Path) -> Path | None:
    plain_name(name)
    return next((path for path in (folder / f"{name}{suffix}" for suffix in SUFFIXES) if path.exists()), None)


def _joined(card: Card, there: Path) -> Card:
    """Return a card with what only the file there holds; a broken one holds nothing."""
    try:
        before = from_webui(there.stem, there.parent)
    except SettingsError:
        return card
    return replace(card, greeting=card.greeting or before.greeting, others={**before.others, **card.others})


def _of_json(text: str, path: Path) -> Card:
    where = f"The companion in {path}"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError(f"{where} cannot be read: it is no JSON. Save it as YAML with `name`, `context` and `greeting`.") from None
    return card_of(_of_pygmalion(found) if isinstance(found, dict) else found, where)


def _of_pygmalion(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a character with the names of today for what older ones call otherwise, as the webui reads them."""
    name = next((found[key] for key in _NAMES if found.get(key)), "")
    if "context" in found or "char_persona" not in found:
        return {**found, "name": name}
    persona, scenario, dialogue = (str(found.get(key) or "").strip() for key in _PERSONA)
    parts = (f"{name}'s Persona: {persona}" if persona else "", f"Scenario: {scenario}" if scenario else "", dialogue)
    others = {key: value for key, value in found.items() if key not in (*_NAMES, *_PERSONA, "char_greeting")}
    return {**others, "name": name, "greeting": found.get("char_greeting", ""), "context": "\n".join(filter(None, parts))}
