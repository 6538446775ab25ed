"""The store of what was chosen, in the diary's database: one row for each option, layer and holder."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from ..database import Database
from ..errors import CommandRefused
from ..memory.rows import clean
from ..messages import Generation
from ..tables import chosen
from .catalogue import BY_NAME, DECODED_NAMES, OPTIONS, find
from .decoding import MODE
from .layers import Choice, Choices, Chosen, Spot
from .option import LONGEST_VALUE, UNSET, Group, Layer, Option

log = logging.getLogger(__name__)

LONGEST_ID = 500
"""Characters of an id; longer ones are no ids of any door."""


class Options:
    """What was chosen. Nothing is kept in memory, so every process sees every choice at once. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def at(self, spot: Spot) -> Choices:
        """Return everything that holds at a spot, with one query. What is kept and not understood is left out, with a warning.

        Where there is no diary yet, none is made.
        """
        path = self._database.path
        if path is not None and not path.exists():
            return Choices(spot, ())
        same = (sa.and_(chosen.c.layer == layer, chosen.c.holder == clean(holder)) for layer, holder in spot.layers)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(chosen).where(sa.or_(*same))).all()
        return Choices(spot, _choices(rows))

    def value(self, name: str, spot: Spot) -> Chosen:
        """Return the value of an option at a spot, and why it is that. Raises CommandRefused for an unknown name."""
        return self.at(spot).value(name)

    def everything(self, spot: Spot, group: Group | Literal[""] = "") -> list[Chosen]:
        """Return the value of every option of a group, or of all, at a spot."""
        return self.at(spot).everything(group)

    def generation(self, usual: Generation, spot: Spot) -> Generation:
        """Return how to generate at a spot, where `usual` is how it is done where nothing was chosen."""
        return self.at(spot).generation(usual)

    def set(self, name: str, text: str, layer: Layer, spot: Spot, by: str) -> Option:
        """Choose what a text says for a layer at a spot; the word `default` takes the choice back. Returns the option.

        A decoding mode takes the place of every decoding parameter that was chosen in this layer. Raises CommandRefused for an unknown
        name, a value it does not take, and a layer that this option or this spot does not have.
        """
        option = find(name)
        value = option.read(text)
        if value is UNSET:
            self.unset(option.name, layer, spot)
        else:
            self.choose({option.name: value}, layer, spot, by)
        return option

    def unset(self, name: str, layer: Layer, spot: Spot) -> bool:
        """Take back what was chosen in a layer at a spot, and return whether there was anything. Raises CommandRefused as `set`."""
        holder, option = _holder(spot, layer), find(name)
        with self._database.write() as connection:
            return bool(connection.execute(_removal(layer, holder, [option.name])).rowcount)

    def choose(self, values: Mapping[str, Any], layer: Layer, spot: Spot, by: str, groups: Collection[Group] = ()) -> None:
        """Choose values for a layer at a spot, in place of all that was chosen there of some groups; all of it or nothing.

        Raises CommandRefused as `set`.
        """
        holder = _holder(spot, layer)
        found = [(_in(layer, find(name)), value) for name, value in values.items()]
        rows = {option.name: _json(option, value) for option, value in found}
        names = set(rows) | {option.name for option in OPTIONS if option.group in groups} | (DECODED_NAMES if MODE.name in rows else set())
        said = {"layer": layer, "holder": holder, "person_id": clean(by)[:LONGEST_ID], "chosen_at": datetime.now(UTC).timestamp()}
        with self._database.write() as connection:
            connection.execute(_removal(layer, holder, names))
            if rows:
                connection.execute(sa.insert(chosen), [{**said, "name": name, "value": value} for name, value in rows.items()])


def understood(name: str, raw: str) -> tuple[Option, Any]:
    """Return an option and the value that was kept for it. Raises CommandRefused for what this version does not understand."""
    option = BY_NAME.get(name)
    if option is None or len(raw) > LONGEST_VALUE:
        raise CommandRefused("it is not known here.")
    try:
        return option, option.checked(json.loads(raw))
    except (ValueError, RecursionError):
        raise CommandRefused("its value is damaged.") from None


def _choices(rows: Iterable[Any]) -> list[Choice]:
    made = []
    for row in rows:
        try:
            option, value = understood(row.name, row.value)
            when = datetime.fromtimestamp(row.chosen_at, UTC)
        except (CommandRefused, ValueError, OverflowError, OSError):
            log.warning("What was chosen for an option (%s) is not understood and left out; choose it again.", row.layer)
            continue
        made.append(Choice(option, value, row.layer, row.holder, row.person_id, when))
    return made


def _holder(spot: Spot, layer: Layer) -> str:
    holder = clean(spot.holder(layer))
    if len(holder) > LONGEST_ID:
        raise CommandRefused(f"The id of this {layer} is too long to keep anything under.")
    return holder


def _in(layer: Layer, option: Option) -> Option:
    if layer not in option.layers:
        raise CommandRefused(f"{option.name} can be chosen for {', '.join(option.layers)}, not for a {layer}.")
    return option


def _json(option: Option, value: Any) -> str:
    text = json.dumps(option.checked(value))
    if len(text) > LONGEST_VALUE:
        raise CommandRefused(f"{option.name}: that is more than can be kept. Say it shorter.")
    return text


def _removal(layer: Layer, holder: str, names: Iterable[str]) -> sa.Delete:
    return sa.delete(chosen).where(chosen.c.layer == layer, chosen.c.holder == holder, chosen.c.name.in_(sorted(names)))
