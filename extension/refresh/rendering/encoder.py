"""Texts to tokens a segment at a time: what stands after it never changes how a segment is cut."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Literal

from ...prompt import defused

After = Literal["start", "special", "text"]
"""What a segment stands after: nothing, a special token, or other text. Tokenizers of SentencePiece's kind put a space before words there
or do not."""
REMEMBERED = 1 << 18
"""Most segments whose tokens are kept from one time to the next."""

Key = tuple[str, After, bool]


class Encoder:
    """A tokenizer, for text in segments."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        added = [token for token in tokenizer.added_tokens_decoder.values() if len(str(token).strip()) > 1]
        template = tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else ""
        self.markers = tuple(sorted({str(t) for t in added if t.special or str(t) in template}, key=lambda each: (-len(each), each)))
        self._swallow = frozenset(str(token) for token in added if token.rstrip)
        self._closing = _ends_with(self.markers)
        self._written = _any_of(self.markers)
        self._following: dict[str, After] = {}
        self._known: dict[Key, list[int]] = {}
        self._backends = _Backends(tokenizer)

    def defused(self, text: str) -> str:
        """Return what somebody wrote as data: the model's markers in it are broken."""
        text = defused(text, ())
        return defused(text, self.markers) if self._written and self._written.search(text) else text

    def marked(self, text: str) -> str:
        """Return the first special token in a text; empty where there is none."""
        found = self._written.search(text) if self._written else None
        return found[0] if found else ""

    def after(self, text: str, before: After = "start") -> After:
        """Return what follows on a text; `before` is what the text itself stood after, for an empty one."""
        if not text:
            return before
        if text not in self._following:
            found = self._closing.search(text) if self._closing else None
            special = found and (found.end(1) == len(text) or found.group(1) in self._swallow)
            self._following[text] = "special" if special else "text"
        return self._following[text]

    def ids(self, text: str, after: After, *, data: bool = False) -> list[int]:
        """Return the tokens of a segment. `data` is what people wrote: no special token is ever read in it."""
        key = (text, after, data)
        if key not in self._known:
            self.learn([key])
        return self._known[key]

    def learn(self, keys: Iterable[Key]) -> None:
        """Tokenise many segments at once, so that asking for them is quick."""
        wanted: dict[tuple[After, bool], list[str]] = {}
        for old in list(islice(self._known, max(0, len(self._known) - REMEMBERED))):
            del self._known[old]
        for text, after, data in dict.fromkeys(keys):
            if (text, after, data) not in self._known:
                wanted.setdefault((after, data), []).append(text)
        for (after, data), texts in wanted.items():
            for text, ids in zip(texts, self._backends.encode(texts, after, data=data), strict=True):
                self._known[text, after, data] = ids


class _Backends:
    """The library's tokenizer and a copy of it that puts no space before the first word."""

    def __init__(self, tokenizer: Any) -> None:
        self._slow = tokenizer
        self._first: Any = None
        if (backend := getattr(tokenizer, "backend_tokenizer", None)) is None:
            return
        from tokenizers import Tokenizer

        shape = json.loads(backend.to_str())
        plain = {**shape, **{part: _without_prefix(shape.get(part)) for part in ("normalizer", "pre_tokenizer")}}
        self._prefixes = any(plain[part] != shape.get(part) for part in ("normalizer", "pre_tokenizer"))
        made = [Tokenizer.from_str(json.dumps(each)) for each in (shape, shape, plain, plain)]
        self._first, self._first_data, self._inner, self._inner_data = made
        for each in made:
            each.no_padding()
            each.no_truncation()
        self._first_data.encode_special_tokens = self._inner_data.encode_special_tokens = True
        self._anchor = next((str(t) for t in tokenizer.added_tokens_decoder.values() if t.special and not t.lstrip and not t.rstrip), "")

    def encode(self, texts: Sequence[str], after: After, *, data: bool) -> list[list[int]]:
        if self._first is None:
            return [list(self._slow(text, add_special_tokens=False)["input_ids"]) for text in texts]
        if self._prefixes and after == "special" and self._anchor:
            return [each[1:] for each in _batch(self._first, [self._anchor + text for text in texts])]
        if self._prefixes and after == "start":
            return _batch(self._first_data if data else self._first, texts)
        return _batch(self._inner_data if data else self._inner, texts)


def _batch(backend: Any, texts: Sequence[str]) -> list[list[int]]:
    return [each.ids for each in backend.encode_batch_fast(list(texts), add_special_tokens=False)]


def _without_prefix(part: Any) -> Any:
    """Return a part of a tokenizer without what puts a space before the first word."""
    if not isinstance(part, dict):
        return part
    if part.get("type") == "Prepend":
        return None
    if part.get("type") == "Metaspace":
        return {**part, "prepend_scheme": "never"}
    if part.get("type") == "ByteLevel":
        return {**part, "add_prefix_space": False}
    if part.get("type") == "Sequence":
        name = "normalizers" if "normalizers" in part else "pretokenizers"
        return {**part, name: [each for each in map(_without_prefix, part[name]) if each is not None]}
    return part


def _any_of(markers: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, markers))) if markers else None


def _ends_with(markers: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile(f"({'|'.join(map(re.escape, markers))})\\s*\\Z") if markers else None
