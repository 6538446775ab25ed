"""What is known of an account's rooms beyond a restart: how far was heard, what waits for its key, which message lies in which thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from ...errors import StoreError

MOST = 20_000
"""Rows of a kind that are kept; the oldest go first."""
MOST_WAITING = 1_000
LONGEST_WAIT = 7 * 86_400.0
"""Seconds that an event waits for its key."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS value (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS room (id TEXT PRIMARY KEY, algorithm TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (
    id TEXT PRIMARY KEY, room TEXT NOT NULL, session TEXT NOT NULL, since REAL NOT NULL, event TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS thread (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invite (room TEXT PRIMARY KEY, inviter TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS owed (id TEXT PRIMARY KEY, room TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reaction (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, message TEXT NOT NULL, emoji TEXT NOT NULL);
"""


class Ledger:
    """The ledger, in a file of its own. Safe to use from several threads; what fails raises StoreError."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        path.touch(0o600)
        with self._translated():
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._base.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; {SCHEMA}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def since(self) -> str:
        """Return the point up to which all was heard, '' before the first."""
        found = self._all("SELECT value FROM value WHERE name = 'since'")
        return str(found[0][0]) if found else ""

    def keep_since(self, token: str) -> None:
        """Keep the point up to which all was heard."""
        self._do("INSERT OR REPLACE INTO value VALUES ('since', ?)", token)

    def algorithm(self, room: str) -> str:
        """Return how a room is encrypted, '' for one that is not known to be."""
        found = self._all("SELECT algorithm FROM room WHERE id = ?", room)
        return str(found[0][0]) if found else ""

    def keep_algorithm(self, room: str, algorithm: str) -> None:
        """Keep that a room is encrypted, which never ends."""
        self._do("INSERT OR REPLACE INTO room VALUES (?, ?)", room, algorithm)

    def wait(self, event: str, room: str, session: str, since: float, given: dict[str, Any]) -> None:
        """Keep an event that cannot be decrypted yet."""
        self._do("INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, ?, ?)", event, room, session, since, json.dumps(given))
        self._do("DELETE FROM waiting WHERE since < ?", since - LONGEST_WAIT)
        self._do("DELETE FROM waiting WHERE id NOT IN (SELECT id FROM waiting ORDER BY since DESC LIMIT ?)", MOST_WAITING)

    def waiting(self, session: str = "") -> list[tuple[str, str, float, dict[str, Any]]]:
        """Return what waits for a key, or all: ids, rooms, since when, and the events, the oldest first."""
        found = self._all("SELECT id, room, since, event FROM waiting WHERE ?1 IN ('', session) ORDER BY since", session)
        return [(str(event), str(room), float(since), json.loads(given)) for event, room, since, given in found]

    def waited(self, event: str) -> None:
        """Take notice that an event waits no more."""
        self._do("DELETE FROM waiting WHERE id = ?", event)

    def waited_in(self, room: str) -> None:
        """Take notice that nothing of a room is waited for any more."""
        self._do("DELETE FROM waiting WHERE room = ?", room)

    def keep_invite(self, room: str, inviter: str) -> None:
        """Keep that we are invited into a room."""
        self._do("INSERT OR REPLACE INTO invite VALUES (?, ?)", room, inviter)

    def invites(self) -> list[tuple[str, str]]:
        """Return the rooms we are invited into, and by whom, as far as that is not answered."""
        return [(str(room), str(inviter)) for room, inviter in self._all("SELECT room, inviter FROM invite")]

    def answered_invite(self, room: str) -> None:
        """Take notice that an invitation is answered."""
        self._do("DELETE FROM invite WHERE room = ?", room)

    def note_thread(self, message: str, root: str) -> None:
        """Note the thread that a message lies in."""
        self._do("INSERT OR IGNORE INTO thread VALUES (NULL, ?, ?)", message, root)
        self._do("DELETE FROM thread WHERE number <= (SELECT max(number) FROM thread) - ?", MOST)

    def root(self, message: str) -> str:
        """Return the first message of the thread that a message lies in, '' for none that is known."""
        found = self._all("SELECT root FROM thread WHERE id = ?", message)
        return str(found[0][0]) if found else ""

    def note_reaction(self, event: str, message: str, emoji: str) -> None:
        """Note to which message a reaction is: once it is taken back, nobody tells that any more."""
        self._do("INSERT OR IGNORE INTO reaction VALUES (NULL, ?, ?, ?)", event, message, emoji)
        self._do("DELETE FROM reaction WHERE number <= (SELECT max(number) FROM reaction) - ?", MOST)

    def reaction(self, event: str) -> tuple[str, str] | None:
        """Return the message and the emoji of a reaction."""
        found = self._all("SELECT message, emoji FROM reaction WHERE id = ?", event)
        return (str(found[0][0]), str(found[0][1])) if found else None

    def owe(self, room: str, events: Sequence[str]) -> None:
        """Keep that events are to be removed from a room."""
        for event in events:
            self._do("INSERT OR IGNORE INTO owed VALUES (?, ?)", event, room)

    def owed(self) -> list[tuple[str, str]]:
        """Return the rooms and events that are to be removed from them."""
        return [(str(room), str(event)) for room, event in self._all("SELECT room, id FROM owed")]

    def paid(self, event: str) -> None:
        """Take notice that an event was removed."""
        self._do("DELETE FROM owed WHERE id = ?", event)

    def _do(self, statement: str, *values: object) -> None:
        with self._lock, self._translated():
            self._base.execute(statement, values)

    def _all(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._lock, self._translated():
            return self._base.execute(statement, values).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            text = f"{self._path} cannot be used ({type(exc).__name__}). Check the free space, or move the file away."
            raise StoreError(text) from exc
