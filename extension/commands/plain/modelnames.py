"""The model that a sentence names: one of those there are, or the words that stand in the place of a name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .sentence import Sentence

FAMILIES = (
    r"smol ?lm|llama|mistral|mixtral|ministral|qwen|qwq|gemma|phi|gpt|falcon|zephyr|deepseek|vicuna|alpaca|pythia|opt|bloom|yi|orca|hermes|"
    r"nous|tinyllama|stablelm|starcoder|codellama|granite|olmo|command-r|dolphin|wizard|openchat|mamba|rwkv|t5|bert|claude|solar|internlm|"
    r"baichuan|chatglm|glm|minicpm|nemotron|exaone|mpt|dolly|redpajama|openhermes|kimi|mythomax|airoboros|guanaco|xwin"
)
"""Families of language models, by the beginnings of their names."""
_NAME = (
    r"(?P<name>[\w][\w.\-/:+]*[\w](?: (?:v?\d+(?:\.\d+)?b?|large|small|mini|nemo|instruct|chat|base|coder|medium|tiny)(?=[\s.,!?]|"
    r"$)){0,3})"
)
_LIKE = re.compile(rf"(?:(?:{FAMILIES})(?:[\d.\-_/: ]\S*| .*)?$)|(?=.*[a-z])(?=.*\d)[\w./:]+[-_:/][\w.\-/:]+$|[\w.-]+/[\w.-]+$")
_THE = r"(?:(?:the|your|our|this|my|a) )?"
_END = (
    r"(?=\s*(?:$|[.,!?;]|(?:model|instead|please|now|from now on|for (?:this|me|the rest)|as (?:the|your|my) model|again|rather|next|"
    r"then|and|in place of|will you)\b))"
)
_MOVE = r"(?:switch|swap|change|move|go|revert|return|jump|flip|turn|convert|hop)"
_TAKE = (
    r"(?:load|use|run|try|select|activate|pick|choose|start|take|boot|want|answer with|speak with|talk to|talk with|chat with|run on|"
    r"run with|running on|running with|prefer|enable|put on|bring up|swap in|switch in|switch on|give me)"
)
_MODELS = r"(?:language |llm )?(?:models?|llm)"
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_MOVE}|set|load|use|run|pick|choose|select|replace)(?: over| back)? {_THE}(?:current |language |active "
        rf")*(?:{_MODELS}) (?:over |back )?(?:to|on|with|by|for|into|:|=)?\s*{_THE}{_NAME}{_END}",
        rf"\b{_MOVE}(?: us| me| yourself)?(?: over| back)? (?:to|for|into|onto) {_THE}(?:{_MODELS} )?{_NAME}{_END}",
        rf"\b(?:swap|replace|exchange) (?:\S+ ){{1,4}}?(?:for|with|by) {_THE}(?:{_MODELS} )?{_NAME}{_END}",
        rf"\b{_TAKE}(?: up)? {_THE}(?:(?:{_MODELS}) (?:called |named )?)?{_NAME}{_END}",
        rf"\b{_TAKE}(?: up)? {_THE}(?:(?:{_MODELS}) (?:called |named )?)?{_NAME} (?:instead|as)\b",
        rf"^(?:swap|switch|change|set|use|new)?[ -]?{_MODELS}\s*(?:[:=]|to|,)?\s*(?:i want|let's use|use|please "
        rf"use)?\s*{_THE}{_NAME}{_END}",
        rf"\b(?:with|on|to|want|use|take) the {_NAME} model\b",
        rf"\bmodel (?:should be|must be|shall be|to be) {_THE}{_NAME}{_END}",
    )
)
_NO_NAMES = """
    the a an it that this them another other others different better bigger smaller larger faster new newer old best same default language
    model models llm something anything one ones more some any my your our good next last previous current first second what which all them
    him her me you and or to for of in is are there available list right wrong cheaper supported do can
"""
_NEVER = frozenset(_NO_NAMES.split())


def model(sentence: Sentence, known: Sequence[str] = ()) -> tuple[str, int, int] | None:
    """Return the model that a sentence names, and from where to where it stands in `plain`; None where it names none.

    Of `known` names the one that alone fits is returned as it is written there. A name that fits none of them, or several, is
    returned as it was said.
    """
    for pattern in _PLACES:
        for found in pattern.finditer(sentence.plain):
            said = found["name"]
            quoted = said in ("quoteword", "linkword")
            chosen = _quoted(sentence, found.start("name")) if quoted else _said(sentence, *found.span("name"))
            words = chosen.lower()
            if not words or words.split()[0] in _NEVER or words.isdigit():
                continue
            fitting = [each for each in known if _fits(words, each)]
            if len(fitting) != 1:
                fitting = [each for each in fitting if _letters(each) == _letters(words)]
            if fitting or _LIKE.match(words) or any(_fits(words, each) for each in known) or _named(found):
                return (fitting[0] if fitting else chosen), *found.span("name")
    return None


def _quoted(sentence: Sentence, start: int) -> str:
    at = sentence.original(start)
    return next((part.text for part in sentence.quotes if part.start == at), "")


def _said(sentence: Sentence, start: int, end: int) -> str:
    """Return a name as it was written."""
    begin = sentence.original(start)
    last = max((stop for at, _, stop in sentence.origins if start <= at < end), default=begin)
    return sentence.text[begin:last]


def _named(found: re.Match[str]) -> bool:
    """Tell whether the word model itself stands where it says that a name is one."""
    start, end = found.span("name")
    around = f"{found.string[max(found.start(), start - 16) : start]}|{found.string[end : end + 7]}"
    return bool(re.search(r"\bmodels?(?: called| named| to| with|:| =|,)?[^|\w]*(?:the )?\||\| model\b", around))


def _fits(said: str, known: str) -> bool:
    """Tell whether what was said is the beginning, or whole parts, of a known name: `smollm` of SmolLM2-135M-Instruct."""
    short, long = _letters(said), _letters(known.rpartition("/")[2])
    parts = re.findall(r"[a-z]+|\d+(?:\.\d+)?[a-z]*", known.lower())
    return len(short) >= 2 and (long.startswith(short) or _letters(known) == short or (len(short) >= 3 and short in parts))


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
