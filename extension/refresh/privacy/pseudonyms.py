"""Fake names in the place of people's own: stable, so that somebody keeps theirs over every refresh, and of nobody else.

A name is drawn by Faker, seeded by a secret of the data directory and the person's id, so that nobody without it can tell who is who; and
it is kept, since other people that come later might otherwise have drawn it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa

from ...database import Database
from ...errors import StoreError
from ...memory.fulltext import stop_words
from ...tables import chat_person
from ..people import Member, keep

_FILE = "pseudonyms.key"
_SHORTEST = 3
"""Characters of a name that is looked for in texts; two letters stand for too much else, but where somebody is mentioned by them."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """What somebody is called instead."""

    name: str
    first_name: str


def secret_of(data_dir: Path) -> bytes:
    """Return the secret of a data directory, made at its first use. Raises StoreError."""
    path = data_dir / _FILE
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)
        if not (text := path.read_text(encoding="ascii").strip()):
            text = token_hex(32)
            path.write_text(text, encoding="ascii")
        return text.encode("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        advice = "See that the folder may be written; a damaged file can be removed"
        raise StoreError(f"Cannot use {path}: {type(exc).__name__}. {advice}.") from exc


def pseudonyms(database: Database, members: Iterable[Member], secret: bytes) -> dict[str, Pseudonym]:
    """Return the fake names of people by their ids; those without one are given it for good. Raises StoreError."""
    people = [each for each in members if not each.companion]
    with database.write() as connection:
        query = sa.select(chat_person.c.id, chat_person.c.pseudonym).where(chat_person.c.pseudonym != "")
        held = {row.id: row.pseudonym for row in connection.execute(query)}
        taken = set(held.values()) | {each.first_name for each in people} | {each.name for each in people}
        firsts = {name.partition(" ")[0] for name in taken}
        for each in sorted(people, key=lambda one: one.id):
            if each.id not in held:
                held[each.id] = name = _drawn(secret, each.id, firsts)
                firsts.add(name.partition(" ")[0])
                keep(connection, each.id, pseudonym=name)
    return {each.id: Pseudonym(held[each.id], held[each.id].partition(" ")[0]) for each in people}


def _drawn(secret: bytes, number: str, taken: set[str]) -> str:
    """Return a first and last name whose first name is nobody's yet; after many tries, with a number."""
    from faker import Faker

    fake = Faker("en_US")
    seed = int.from_bytes(blake2b(number.encode("utf-8", "surrogatepass"), key=secret[:64], digest_size=8).digest(), "big")
    fake.seed_instance(seed)
    first = next((name for _ in range(200) if (name := fake.first_name()) not in taken), "")
    if not first:
        first = next(name for count in range(2, len(taken) + 3) if (name := f"{fake.first_name()}{count}") not in taken)
    return f"{first} {fake.last_name()}"


class Names:
    """Exchanges the names of people where texts mention them, as whole words."""

    def __init__(self, people: Sequence[tuple[Member, Pseudonym]]) -> None:
        found: dict[str, str] = {}
        for member, fake in people:
            whole = {member.name, *(name.name for name in member.names)}
            for name in sorted(whole):
                found.setdefault(name.casefold(), fake.name)
            for name in sorted({member.first_name, *(each.split()[0] for each in whole if each.split())}):
                found.setdefault(name.casefold(), fake.first_name)
        self._fakes = found
        longest_first = sorted(found, key=lambda name: (-len(name), name))
        anywhere = "|".join(re.escape(name) for name in longest_first if len(name) >= _SHORTEST)
        mentioned = "|".join(re.escape(name) for name in longest_first if 0 < len(name) < _SHORTEST)
        patterns = [f"(?<!\\w)(?:{anywhere})" if anywhere else "", f"(?<=@)(?:{mentioned})" if mentioned else ""]
        joined = "|".join(filter(None, patterns))
        self._pattern = re.compile(rf"(?:{joined})(?!\w)", re.IGNORECASE) if joined else None

    def of(self, text: str) -> str:
        """Return a text with the fake names in it. A name that is a common word, as Will, is one only with a capital."""
        return self._pattern.sub(self._fake, text) if self._pattern is not None else text

    def _fake(self, found: re.Match[str]) -> str:
        word = found[0]
        if word.islower() and word in stop_words() and not found.string[: found.start()].endswith("@"):
            return word
        return self._fakes.get(word.casefold(), word)
