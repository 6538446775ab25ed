"""The experts that ship: nine to begin with, to be taken as they are or changed."""

from __future__ import annotations

from pathlib import Path

from ..errors import NotFound
from .card import Card, parsed
from .folder import keep

_FOLDER = Path(__file__).resolve().parent.parent / "examples"


def examples() -> list[str]:
    """Return their names, in order."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def example(name: str) -> Card:
    """Return one of them. Raises NotFound."""
    found = next((each for each in examples() if each.casefold() == name.strip().casefold()), None)
    if found is None:
        raise NotFound(f"There is no example called {name}. There are {', '.join(examples())}.")
    return parsed((_FOLDER / f"{found}.yaml").read_text(encoding="utf-8"), f"the example {found}")


def install(name: str, folder: Path, *, force: bool = False) -> Path:
    """Make a companion of an example. Raises NotFound, SettingsError where there is one of its name, StoreError."""
    card = example(name)
    return keep(card.name, card, folder, force=force)
