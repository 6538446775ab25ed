"""Saved presets: generation settings that a person keeps under a name, and takes up again as a whole."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..database import Database
from ..errors import CommandRefused, NotFound
from ..memory.rows import clean
from ..tables import saved_preset
from .decoding import MODE, MODEL
from .kinds import one_of
from .layers import Choices, Spot
from .option import GENERATION, LONGEST_VALUE, Layer
from .store import Options, understood

log = logging.getLogger(__name__)

MOST = 100
"""Presets of one person."""
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Preset:
    """A saved preset."""

    name: str
    values: tuple[tuple[str, Any], ...]
    when: datetime


class Presets:
    """The saved presets of all people; each has their own. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, name: str, choices: Choices, person: str) -> Preset:
        """Keep the generation settings that hold at a spot, in place of a preset of the same name.

        Raises CommandRefused for a name that is none, and for more presets than are kept.
        """
        name, holder = _name(name), clean(person)
        preset = Preset(name, tuple(_values(choices).items()), datetime.now(UTC))
        row = {"person_id": holder, "name": name, "options": json.dumps(dict(preset.values)), "saved_at": preset.when.timestamp()}
        with self._database.write() as connection:
            connection.execute(sa.delete(saved_preset).where(saved_preset.c.person_id == holder, saved_preset.c.name == name))
            count = sa.select(sa.func.count()).select_from(saved_preset).where(saved_preset.c.person_id == holder)
            if connection.execute(count).scalar_one() >= MOST:
                raise CommandRefused(f"There are {MOST} presets of yours already. Remove one first.")
            connection.execute(sa.insert(saved_preset).values(**row))
        return preset

    def saved(self, person: str) -> list[Preset]:
        """Return a person's presets by name. What of them is not understood is left out, with a warning."""
        query = sa.select(saved_preset).where(saved_preset.c.person_id == clean(person)).order_by(saved_preset.c.name)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [Preset(row.name, tuple(_read(row.options).items()), _when(row.saved_at)) for row in rows]

    def load(self, name: str, options: Options, layer: Layer, spot: Spot, by: str) -> Preset:
        """Choose what one of a person's presets holds for a layer, in place of all generation settings chosen there.

        Raises NotFound with the one that may be meant, and CommandRefused for a layer that this spot does not have.
        """
        preset = self._found(name, by)
        options.choose(dict(preset.values), layer, spot, by, GENERATION)
        return preset

    def remove(self, name: str, person: str) -> None:
        """Remove one of a person's presets. Raises NotFound with the one that may be meant."""
        preset = self._found(name, person)
        with self._database.write() as connection:
            connection.execute(sa.delete(saved_preset).where(saved_preset.c.person_id == clean(person), saved_preset.c.name == preset.name))

    def _found(self, name: str, person: str) -> Preset:
        presets = {preset.name: preset for preset in self.saved(person)}
        if not presets:
            raise NotFound("You have saved no presets. Save the present settings under a name first.")
        try:
            return presets[one_of(name, tuple(presets), "preset")]
        except CommandRefused as exc:
            raise NotFound(str(exc)) from None


def _values(choices: Choices) -> dict[str, Any]:
    """Return what was chosen for generation: the decoding mode, and what was chosen beside it."""
    found = (each for each in choices.different() if each.option.group in GENERATION)
    own = {each.option.name: each.value for each in found if each.choice and each.choice.option is each.option}
    return {**own, MODE.name: own.get(MODE.name, MODEL)}


def _name(text: str) -> str:
    name = clean(" ".join(text.split()))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise CommandRefused(f"A preset's name has 1 to {LONGEST_NAME} characters that can be seen.")
    return name


def _read(text: str) -> dict[str, Any]:
    try:
        kept = json.loads(text) if len(text) <= LONGEST_VALUE * 4 else None
    except (ValueError, RecursionError):
        kept = None
    values = {}
    for name, raw in kept.items() if isinstance(kept, dict) else ():
        try:
            option, value = understood(name, json.dumps(raw))
            values[option.name] = value
        except CommandRefused:
            log.warning("A setting of a saved preset is not understood and left out; save the preset again.")
    if not isinstance(kept, dict):
        log.warning("A saved preset is damaged; save it again.")
    return values


def _when(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
