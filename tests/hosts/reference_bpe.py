"""Byte-level BPE written out in plain Python from what a GGUF file says, to compare tokenizers with.

It shares nothing with the tokenizer under test: pre-tokens are cut by the two expressions llama.cpp has for `smollm`,
and merges are made one by one, lowest rank first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import regex

from .tiny_gguf import byte_letters

DIGIT = r"\p{N}"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CONTROL = 3


class ReferenceBPE:
    """Encodes and decodes with the vocabulary, merges and control tokens of a GGUF file."""

    def __init__(self, value: Callable[[str], Any]) -> None:
        self.tokens: list[str] = value("tokenizer.ggml.tokens")
        self.ids = {token: at for at, token in enumerate(self.tokens)}
        self.ranks = {tuple(merge.split(" ", 1)): rank for rank, merge in enumerate(value("tokenizer.ggml.merges"))}
        self.controls = [token for token, kind in zip(self.tokens, value("tokenizer.ggml.token_type"), strict=True) if kind == CONTROL]
        self.letters = byte_letters()

    def encode(self, text: str) -> list[int]:
        """Return the ids, control tokens in the text taken as such. The vocabulary has to have its bytes."""
        control = "|".join(map(regex.escape, sorted(self.controls, key=len, reverse=True)))
        ids: list[int] = []
        for part in regex.split(f"({control})", text):
            tokens = [part] if part in self.controls else [token for word in self._words(part) for token in self._merged(word)]
            ids += [self.ids[token] for token in tokens]
        return ids

    def decode(self, ids: list[int]) -> str:
        """Return the text of ids, control tokens left out."""
        bytes_of = {letter: byte for byte, letter in self.letters.items()}
        letters = "".join(self.tokens[each] for each in ids if self.tokens[each] not in self.controls)
        return bytes(bytes_of[letter] for letter in letters).decode("utf-8", "replace")

    def has(self, text: str) -> bool:
        """Whether the vocabulary has every byte of the text, so that it can come back."""
        return all(self.letters[byte] in self.ids for byte in text.encode())

    def _words(self, text: str) -> list[str]:
        return [word for part in regex.split(f"({DIGIT})", text) for word in regex.findall(WORDS, part)]

    def _merged(self, word: str) -> list[str]:
        parts = [self.letters[byte] for byte in word.encode()]
        while True:
            pairs = [(self.ranks[pair], at) for at, pair in enumerate(pairwise(parts)) if pair in self.ranks]
            if not pairs:
                return parts
            _, at = min(pairs)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
