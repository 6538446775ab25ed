"""Companions as files: a name, a context and a greeting, in the format the webui keeps its characters in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from .errors import NotFound, SettingsError

DEFAULT_CONTEXT = (
    "You are {name}, a warm and attentive companion. You answer in a few plain sentences. "
    "When excerpts from earlier conversations are shown to you, use what you know from them."
)


@dataclass(frozen=True, slots=True)
class Character:
    """Who answers: the system prompt and the first words of a new chat."""

    name: str
    context: str
    greeting: str = ""


def character(name: str, folder: Path) -> Character:
    """Return the character of this name: from `folder`/NAME.yaml, or one with the default context.

    Raises SettingsError when the file is malformed, NotFound when the name is no plain name.
    """
    if not name.strip() or Path(name).name != name or name.startswith(".") or "\0" in name:
        raise NotFound(f"{name!r} is no name for a companion: it may hold no slash and may not begin with a dot.")
    path = folder / f"{name}.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Character(name, DEFAULT_CONTEXT.format(name=name))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise SettingsError(f"The companion in {path} cannot be read: {exc}. It should hold `name`, `context` and `greeting`.") from exc
    if not isinstance(found, dict) or not all(isinstance(found.get(key, ""), str) for key in ("name", "context", "greeting")):
        raise SettingsError(f"The companion in {path} should hold the texts `name`, `context` and `greeting`.")
    context = found.get("context") or DEFAULT_CONTEXT.format(name=name)
    return Character(name, _named(context, name), _named(found.get("greeting", ""), name))


def characters(folder: Path) -> list[str]:
    """Return the names of the companions that have a file, in order."""
    return sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []


def _named(text: str, name: str) -> str:
    for placeholder in ("{{char}}", "<BOT>", "<bot>"):
        text = text.replace(placeholder, name)
    for placeholder in ("{{user}}", "<USER>", "<user>"):
        text = text.replace(placeholder, "the person you talk to")
    return text.strip()
