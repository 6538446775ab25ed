"""The title that a sentence gives to the document."""

from __future__ import annotations

import re

from .sentence import Sentence

LONGEST = 150
"""Characters of a title."""
DOCUMENT = r"(?:(?:word |docx |google )?(?:document|docx|file)|word doc)"
_THE = r"(?:(?:the|this|that|my|our|your|a|new|whole) )*"
_TITLE = r"(?:title|name|heading)"
_CALLED = r"(?:called|named|titled|entitled)"
_MUST = r"(?:should|shall|must|will|has to|have to|needs to|is to|ought to)(?: now)? be|is now|is from now on|from now on is"
_TO = r"(?: (?:to be|to read|to say|to|as|into|be|is))?\s*[:=]?"
_REST = r"\s+(?P<title>\S.*)$"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:call|name|title|rename|entitle|label) {_THE}{DOCUMENT}(?: {_TITLE})?{_TO}{_REST}",
        rf"\b(?:set|change|make|update|switch|edit|put|alter|adjust|turn|rename|use) {_THE}(?:{DOCUMENT}(?:'?s)? ?)?{_TITLE}(?: "
        rf"(?:of|for|on) {_THE}{DOCUMENT})?{_TO}{_REST}",
        rf"^(?:set[ -]?)?(?:new )?(?:{DOCUMENT}[ -])?title(?:\s*[:=]|(?<=document title)|(?<=-title)| to\b){_REST}",
        rf"\b{DOCUMENT}(?:'?s)? {_TITLE} (?:{_MUST}){_REST}",
        rf"\b{_TITLE} (?:of|for) {_THE}{DOCUMENT} (?:{_MUST}){_REST}",
        rf"\bnew {_TITLE} (?:(?:of|for) {_THE}{DOCUMENT} )?(?:is|will be){_TO}{_REST}",
        rf"\b{DOCUMENT} (?:{_MUST}) {_CALLED}{_REST}",
        rf"^{_THE}(?:{DOCUMENT}(?:'?s)? )?title(?: (?:of|for) {_THE}{DOCUMENT})? is\s+(?P<quoted>\S.*)$",
        rf"\b(?:i|we) want (?:that )?{_THE}{DOCUMENT} (?:is|be) {_CALLED}{_REST}",
        rf"\bfrom now on,? {_THE}{DOCUMENT} (?:is|will be|shall be) {_CALLED}{_REST}",
        rf"\b(?:want|like|have|need|see|get|prefer|make) {_THE}{DOCUMENT} (?:to be |being )?{_CALLED}{_REST}",
        rf"\b(?:give|gets?|needs?|assign|has|have|carry) (?:{_THE}{DOCUMENT} )?the {_TITLE}{_REST}",
        rf"\buse (?P<before>\S.*?) (?:as|for) {_THE}(?:{DOCUMENT}(?:'?s)? ?{_TITLE}|{_TITLE})\b",
        rf"\buse the {_TITLE} (?P<before>\S.*?) for {_THE}{DOCUMENT}",
    )
)
_LEAD = re.compile(r"^(?:(?:to|as|to be|:|=|is|be)(?=\s)\s+|[:=]\s*|[-–—>]+\s+)")
_TAIL = re.compile(
    r"(?:[,;]? (?:please|pls|plz|for me|thanks|thank you|thx|from now on|instead|will you|would you|could you|if you can|ok|okay|now "
    r"please))+\s*(?=[.!?]*$)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"^(?:can|could|would|will|may|shall|how about|what about|why not|do you mind|mind)\b")
_EMPTY = re.compile(
    r"^(?:it|this|that|them|what|something|anything|nothing|so|again|back|else|better|now|here|please|to|as|is|was|"
    r"the document)$"
)


def title(sentence: Sentence) -> tuple[str, int, int] | None:
    """Return the title that a sentence gives, and from where to where it stands in its text; None where it gives none."""
    for pattern in _PATTERNS:
        found = pattern.search(sentence.plain)
        if found is None:
            continue
        group = next(iter(found.groupdict()))
        start, end = sentence.original(found.start(group)), len(sentence.text)
        if group == "quoted" and not re.match(r"[A-Z\d\W]", sentence.text[start]):
            continue  # the title is too long
        if group == "before":
            end = next((place for at, place, _ in sentence.origins if at >= found.end(group)), end)
        if (chosen := _cleaned(sentence, start, end)) is not None:
            return chosen
    return None


def _cleaned(sentence: Sentence, start: int, end: int) -> tuple[str, int, int] | None:
    """Return a title without what stands around it: a colon, quotes, a please and the sentence's own full stop."""
    while lead := _LEAD.match(sentence.text[start:end].lower()):
        start += lead.end()
    quoted = next((part for part in sentence.quotes if start - 1 <= part.start <= start + 1 and part.end <= end + 1), None)
    if quoted is not None:
        chosen, end = quoted.text.strip(), quoted.end
    else:
        chosen = sentence.text[start:end].rstrip()
        if tail := _TAIL.search(chosen):
            chosen = chosen[: tail.start()] + chosen[tail.end() :]
        marks = ".!?," if _ASKED.match(sentence.plain) else ".!,"
        chosen = chosen if chosen.endswith("...") else chosen.rstrip(marks).strip()
    if not chosen or len(chosen) > LONGEST or _EMPTY.match(chosen.lower()) or not any(map(str.isalnum, chosen)):
        return None
    return chosen, start, end
