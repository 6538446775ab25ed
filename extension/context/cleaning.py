"""Text without what nobody sees: controls, invisible characters and marks that turn the direction of writing.

They would hide words from a person that the model reads, split words a person sees whole, or break a fence of the prompt.
Removed: control characters but tab and line feed, zero-width and bidirectional controls, tags, supplementary variation selectors,
invisible fillers and operators, annotation marks, noncharacters. Replaced: other line ends by a line feed, a page end by two, spaces
of other widths by a space, Latin ligatures by their letters, lone surrogates by U+FFFD. What remains is put into normal form C. The
joiners U+200C and U+200D stay: Persian, Indian scripts and emoji are spelled with them.
"""

from __future__ import annotations

import re
import unicodedata

_NEWLINE = re.compile(r"\r\n?|[\v\x85\u2028\u2029]")
_PAGE_END = re.compile(r"\f+")
_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f"
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\ufdd0-\ufdef\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|" + "|".join(f"[{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}]" for plane in range(1, 17))
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


def clean(text: str) -> str:
    """Return a text as a person sees it."""
    if text.isascii() and not _CONTROL.search(text):
        return text
    text = _PAGE_END.sub("\n\n", _NEWLINE.sub("\n", text))
    text = _INVISIBLE.sub("", _SPACE.sub(" ", text))
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text).translate(_LIGATURES))
