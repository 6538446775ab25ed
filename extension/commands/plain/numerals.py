"""Numbers in sentences: written in words they become digits, so that one pattern finds both."""

from __future__ import annotations

import re

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_SMALL = {word: number for number, word in enumerate(_UNITS.split())}
_TENS = {word: 10 * number for number, word in enumerate(_DECADES.split(), 2)}
_ORDINALS = {word: number for number, word in enumerate(_PLACES.split(), 1)}
_SCALES = {"hundred": 100, "thousand": 1000}
_DIGIT = "|".join(list(_SMALL)[:10])
_WORD = "|".join([*_SMALL, *_TENS])
_FRACTION = re.compile(rf"\b(?:(?P<whole>{_WORD}|\d+|oh) )?point (?P<digits>(?:{_DIGIT}|\d+)(?: (?:{_DIGIT}))*)\b")
_HALF = re.compile(rf"\b(?:(?P<whole>{_WORD}|\d+) and )?(?:a |one )?(?P<part>half|quarter)\b(?! (?:a |of |an )?\w)")
_QUANTITY = re.compile(r"\b(?P<half>half a |half )?(?:a )?(?P<what>dozen|couple|single)\b(?: of)?")
_WHOLE = re.compile(rf"\b(?:(?:a|{_WORD}|hundred|thousand)(?:[ -]|\b(?=$|\W)))(?:(?:and )?(?:{_WORD}|hundred|thousand)\b[ -]?)*")
_ORDINAL = re.compile(rf"\b(?P<word>{'|'.join(_ORDINALS)})\b(?! (?:of|thought|draft|version)\b)")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_COMMA = re.compile(r"(?<![\d.,])(\d),(\d{1,2})(?![\d,])")
_BARE = re.compile(r"(?<![\w.])\.(\d+)\b")
_THOUSANDS = re.compile(r"\b(\d{1,3})k\b")
_PRONOUN = re.compile(r"\b(?:last|this|that|the|next|which|other|than|from|new|previous|another|every|any|no)$")
NUMBER = re.compile(r"(?<![\w.,/-])(\d{1,9}(?:\.\d{1,9})?)(?![\w/]|[.,]\d)")
"""A number in digits that belongs to no word, name, date or address."""


def in_digits(text: str) -> str:
    """Return a lower-case sentence with its numbers in digits: `point four` is 0.4, `a dozen` 12, `the fifth` the 5th."""
    text = _THOUSANDS.sub(r"\g<1>000", _GROUPED.sub(lambda found: found[0].replace(",", ""), text))
    text = _BARE.sub(r"0.\1", _COMMA.sub(r"\1.\2", text))
    text = _HALF.sub(_halved, _FRACTION.sub(_pointed, text))
    text = _WHOLE.sub(_counted, _QUANTITY.sub(_quantity, text))
    return _ORDINAL.sub(lambda found: f"{_ORDINALS[found['word']]}th", text)


def _pointed(found: re.Match[str]) -> str:
    whole = found["whole"] or "0"
    digits = "".join(part if part.isdigit() else str(_SMALL[part]) for part in found["digits"].split())
    return f"{0 if whole == 'oh' else whole if whole.isdigit() else _value([whole])}.{digits}"


def _halved(found: re.Match[str]) -> str:
    whole = found["whole"] or "0"
    number = int(whole) if whole.isdigit() else _value([whole])
    return f"{number + (0.5 if found['part'] == 'half' else 0.25):g}"


def _quantity(found: re.Match[str]) -> str:
    number = {"dozen": 12, "couple": 2, "single": 1}[found["what"]]
    return str(number // 2 if found["half"] and number > 1 else number)


def _counted(found: re.Match[str]) -> str:
    words = re.findall(r"[a-z]+", found[0])
    after = " " if found[0][-1:] in " -" else ""
    if words == ["a"] or (words[0] == "a" and words[1] not in _SCALES):
        return found[0]
    if words in (["one"], ["zero"]) and _PRONOUN.search(found.string[: found.start()].rstrip()):
        return found[0]
    return f"{_value([word for word in words if word not in ('a', 'and')])}{after}"


def _value(words: list[str]) -> int:
    total, current = 0, 0
    for word in words:
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0
        else:
            current += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return total + current
