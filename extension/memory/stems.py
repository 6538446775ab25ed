"""The stems of words, asked of FTS5's own tokenizer: whatever this SQLite makes of a word, the index made of it too."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from threading import Lock
from typing import Any

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""As in the migration that made the index."""
WORD = re.compile(r"[^\W_]+")
"""Runs of letters and digits, as the tokenizer has them: an underscore parts words."""
_MOST_KEPT = 20_000


class Stems:
    """Tokenizes words in a full-text table in memory, and keeps what it found. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, ...]] = {}
        self._lock = Lock()
        self._connection: Any = None

    def of(self, words: Sequence[str]) -> list[tuple[bytes, ...]]:
        """Return the tokens of each word, in UTF-8: one for most, none for what holds no letter or digit.

        They are bytes, since the stemmer may cut a letter beyond ASCII in two.
        """
        with self._lock:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            missing = [word for word in dict.fromkeys(words) if word not in self._kept]
            if missing:
                self._kept.update(zip(missing, self._tokenized(missing), strict=True))
            return [self._kept[word] for word in words]

    def joined(self, words: Sequence[str]) -> list[str]:
        """Return the stem of each word as text, '' for one that has none."""
        return [b"".join(tokens).decode("utf-8", "replace") for tokens in self.of(words)]

    def counts(self, texts: Sequence[str]) -> list[Counter[bytes]]:
        """Return how often each token occurs in each text."""
        found: list[Counter[bytes]] = [Counter() for _ in texts]
        with self._lock:
            for number, term in self._tokens(texts, "SELECT doc, term FROM token"):
                found[number][term] += 1
            self._opened().execute("DELETE FROM words")  # what people said is not kept here
        return found

    def _tokenized(self, words: Sequence[str]) -> list[tuple[bytes, ...]]:
        found: list[list[bytes]] = [[] for _ in words]
        for number, term in self._tokens(words, "SELECT doc, term FROM token ORDER BY doc, offset"):
            found[number].append(term)
        return [tuple(terms) for terms in found]

    def _tokens(self, texts: Sequence[str], query: str) -> Any:
        connection = self._opened()
        connection.execute("DELETE FROM words")
        connection.executemany("INSERT INTO words(rowid, word) VALUES (?, ?)", enumerate(texts))
        return connection.execute(query)

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._connection.text_factory = bytes
            self._connection.execute(f'CREATE VIRTUAL TABLE words USING fts5(word, tokenize = "{TOKENIZER}")')
            self._connection.execute("CREATE VIRTUAL TABLE token USING fts5vocab(words, instance)")
        return self._connection
