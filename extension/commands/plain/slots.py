"""What a sentence tells each command: the texts of its arguments, or nothing where it does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...documents.drive.link import folder_id
from ...errors import SettingsError
from .modelnames import model
from .numerals import NUMBER, in_digits
from .sentence import Sentence, sentence
from .titles import DOCUMENT, title

MESSAGES = r"(?:messages?|replies|reply|answers?|responses?|turns?|posts?|lines|exchanges?|entries|texts|comments|outputs?|ones?)"
_NEWEST = r"(?:last|latest|previous|most recent|recent|newest|past|preceding|prior|final)"
_ORDINAL = r"(?P<{}>\d{{1,3}})(?:st|nd|rd|th)?"
_SPAN = re.compile(
    rf"\b{_ORDINAL.format('one')}(?: {_NEWEST}| {MESSAGES})?\s*"
    rf"(?:-|–|to|through|until|till|up to|and)\s*(?:the )?{_ORDINAL.format('other')}"
    rf"(?=(?: to)?(?: {_NEWEST})?(?: {MESSAGES})?(?:$|\W))"
)
_MANY = re.compile(
    rf"(?:\b{_NEWEST} (?P<after>\d{{1,4}})\b(?!th)|\b(?P<before>\d{{1,4}})(?: of)?(?: the| your| my)?(?: {_NEWEST})* "
    rf"(?:{_NEWEST}|{MESSAGES})\b)"
)
_BACKWARDS = re.compile(rf"\b(?P<ordinal>\d{{1,3}})th(?:[ -]to)?[ -](?:last|latest|most recent) {MESSAGES}")
_ONLY_NUMBERS = re.compile(
    r"^(?:please )?(?:make|create|save|export)?[ -]?(?:a )?(?:docx|word document|"
    r"document)\s*:?\s*(?P<n>\d{1,4})(?: (?:to )?(?P<m>\d{1,4}))?\W*$"
)
_LAST_ONE = re.compile(
    r"\b(?:only|just|look at|use|see|read|consider|take) (?:(?:only|just|my|the|your) )*(?:last|latest|most "
    r"recent|previous) message\b"
)
_ALL = re.compile(r"\b(?:all|every|everything|whole|entire|full|complete)\b")
_OTHER_TOPIC = re.compile(r"\b(?:about|on how|that explains|describing|explaining|titled|called|regarding)\b")
_TEMPERATURE = re.compile(r"\btemperatures?\b")
_TOKENS = re.compile(r"\btokens?\b|\bmax[ _-]new[ _-]tokens\b|\bmax_?tokens\b")
_RELATIVE = re.compile(r"\b(?:by|than|plus|minus|between|per|times|percent|degrees?|celsius|fahrenheit|kelvin)\b|[%°€$£]|\d ?[cf]\b")
_BUFFER = re.compile(r"\b(?:buffer|input|context|history|memory|messages?|turns|replies)\b")
_OTHER_UNIT = re.compile(
    r"\d+ (?:most |more )?(?!most\b|messages?\b|turns\b|replies\b|last\b|recent\b|previous\b|latest\b|past\b|"
    r"of\b|as\b|in\b|for\b|when\b|please\b|now\b|from\b|to\b|at\b|and\b|exchanges\b|lines\b|posts\b|entries\b|texts\b|input\b|"
    r"context\b|so\b|if\b|before\b|instead\b|only\b|back\b|will\b|would\b|thanks\b)[a-z]+"
)
_FOLDER_ID = re.compile(r"(?<![\w/-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{15,80}(?![\w/])")
_ASKS = re.compile(r"^(?:is|are|was|were|does|did|has|why|which|who|where|when (?:did|do|will|was|is)|(?:what|how)(?! about))\b")
_CHANGES = re.compile(
    r"^(?:please |just |can you |could you |would you |will you |i want you to )*"
    r"(?:set|change|turn|raise|lower|increase|reduce|adjust|make|swap|switch|rename|put|improve|fix|"
    r"edit|update|rewrite|write|translate|give it|"
    r"(?:call|name|title) (?:the|this|that|my|our))\b"
)
Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence with everything in it that may be an argument."""

    sentence: Sentence
    plain: str
    """Numbers in digits; the title is `titleword` in it, the model `modelword`."""
    numbers: tuple[float, ...]
    title: str | None
    model: str | None
    link: str | None


def reading(sentence: Sentence, models: Sequence[str] = ()) -> Reading:
    """Return what may be an argument in a sentence. `models` are the names of those there are."""
    named = title(sentence)
    plain = _without_title(sentence, named[1], named[2]) if named else sentence.plain
    found = None if named else model(sentence, models)
    if found:
        plain = f"{plain[: found[1]]}modelword{plain[found[2] :]}"
    plain = in_digits(plain)
    numbers = tuple(float(each[1]) for each in NUMBER.finditer(plain))
    return Reading(sentence, plain, numbers, named[0] if named else None, found[0] if found else None, _folder(sentence))


def _without_title(given: Sentence, start: int, end: int) -> str:
    from_, to = (next((at for at, begin, _ in given.origins if begin >= place), len(given.plain)) for place in (start, end))
    return f"{given.plain[:from_]}titleword {given.plain[to:]}".strip()


def _folder(given: Sentence) -> str | None:
    """Return the one link to a folder of Drive in a sentence, or the id alone where a folder is spoken of."""
    links = [part.text for part in given.links]
    if not links and "folder" in given.plain:
        links = _FOLDER_ID.findall(given.text)
    try:
        return links[0] if len(links) == 1 and folder_id(links[0]) else None
    except SettingsError:
        return None


def _buffer(given: Reading) -> Texts | None:
    if _ASKS.match(given.plain) or not _BUFFER.search(given.plain) or _OTHER_UNIT.search(given.plain):
        return None
    if not given.numbers and _LAST_ONE.search(given.plain):
        return {"n": "1"}
    if len(given.numbers) != 1 or given.numbers[0] < 1 or given.numbers[0] % 1:
        return None
    return {"n": f"{given.numbers[0]:.0f}"}


def _config(given: Reading) -> Texts | None:
    temperature, tokens = _TEMPERATURE.search(given.plain), _TOKENS.search(given.plain)
    if _ASKS.match(given.plain) or _RELATIVE.search(_after_limit(given.plain)):
        return None
    if len(given.numbers) != 1 or bool(temperature) == bool(tokens):
        return None
    value = given.numbers[0]
    if temperature:
        return {"name": "temperature", "value": f"{value:g}"} if value <= 2 else None
    return {"name": "max_new_tokens", "value": f"{value:.0f}"} if value >= 1 and not value % 1 else None


def _after_limit(plain: str) -> str:
    """Return a sentence without the comparisons that set a limit: no more than 64 tokens; 80 tokens per answer."""
    return re.sub(r"\b(?:more|longer|less|fewer|higher|lower) than\b|\bper (?:answer|reply|message|response|turn)\b", "", plain)


def _docx(given: Reading) -> Texts | None:
    plain = given.plain
    if _ASKS.match(plain) or _ALL.search(plain) or _OTHER_TOPIC.search(plain):
        return None
    if alone := _ONLY_NUMBERS.match(plain):
        return _range(int(alone["n"]), int(alone["m"])) if alone["m"] else _last(int(alone["n"]))
    if span := _SPAN.search(plain):
        return _range(int(span["one"]), int(span["other"]))
    if back := _BACKWARDS.search(plain):
        return _range(int(back["ordinal"]), int(back["ordinal"]))
    if many := _MANY.search(plain):
        return _last(int(many["after"] or many["before"]))
    return None if re.search(r"\d|\bfew\b|\bseveral\b", plain) else {}


def _last(number: int) -> Texts | None:
    return {"n": str(number)} if number >= 1 else None


def _range(one: int, other: int) -> Texts | None:
    return {"n": str(min(one, other)), "m": str(max(one, other))} if min(one, other) >= 1 else None


def _where(pattern: str) -> Callable[[Reading], Texts | None]:
    """Return what gives no arguments where a pattern is found, and nothing elsewhere, or where an argument is."""
    searched = re.compile(pattern)

    def find(given: Reading) -> Texts | None:
        told = given.title or given.link or any(given.numbers)  # back to 0 is a beginning
        return {} if searched.search(given.plain) and not told else None

    return find


def _asked(pattern: str) -> Callable[[Reading], Texts | None]:
    """Return what gives no arguments where a pattern is found in a sentence that has nothing changed, and nothing elsewhere."""
    find = _where(pattern)
    return lambda given: None if _CHANGES.match(given.plain) else find(given)


def _only(name: str) -> Callable[[Reading], Texts | None]:
    def find(given: Reading) -> Texts | None:
        found = getattr(given, name)
        return {name: found} if found else None

    return find


def _made(given: Reading) -> Texts | None:
    wanted = rf"\b{DOCUMENT}s?\b|\bword\b|\bgdrive\b|\bdrive\b|\bsave\b|\bexport\b|\bupload\b"
    return None if given.link or given.title or not re.search(wanted, given.plain) else _docx(given)


SLOTS: Mapping[str, Callable[[Reading], Texts | None]] = {
    "commands": _where(
        r"\bhow do i\b|\bcommands?\b|\bhelp\b|\b(?:can|could|do) (?:you|i)\b.*\b(?:do|ask|tell|say|use|control|understand)\b|"
        r"\b(?:you|i) can (?:do|ask|tell|say|use)\b|\bable to\b|\bask you\b|\btell you\b|\bfunctions?\b|"
        r"\bfeatures?\b|\binstructions\b|\boptions\b|\bmake you do\b|\bcapab"
    ),
    "input-buffer-size": _asked(r"\bbuffer\b|\bhow (?:many|much|far|long|big|large)\b|\bnumber of\b.*\bmessages\b|\bcontext\b|\binput\b"),
    "set-input-buffer-size": _buffer,
    "prompt": _asked(r"\bprompt\b|\bsystem (?:message|instructions?|text)\b|\binstructions\b"),
    "reset-chat": _where(
        r"\b(?:re)?(?:set|start)\b|\brestart|\bbegin|\bclear\b|\bwipe|\bnew\b|\bfresh\b|\bforget\b|\bscratch\b|\bempty\b|\berase\b|"
        r"\bdelete\b|\bclean\b|\bscrap\b|"
        r"\bdrop\b|\bdiscard\b|\bpurge\b|\bflush\b|\bthrow\b|\banew\b|\bremove\b|\bdump\b|\bnuke\b|\bstarting over\b|\bdo over\b|"
        r"\bblank\b|\b(?:to|from) 0\b"
    ),
    "config": _asked(
        r"\bconfig|\bsettings?\b|\bparameters?\b|\btemperature\b|\btokens?\b|\bmax_new_tokens\b|\bset to\b|\bvalues\b|"
        r"\bsampling\b|\bsampler"
    ),
    "set-config": _config,
    "models": _asked(r"\bmodels?\b|\bllms?\b"),
    "swap-model": _only("model"),
    "document-title": _asked(
        rf"\btitle\b|\btitled\b|\b{DOCUMENT}(?:'s)?\b.*\b(?:called|name|named)\b|\b(?:call|called|name|"
        rf"named)\b.*\b{DOCUMENT}\b"
    ),
    "set-document-title": _only("title"),
    "set-gdrive-folder": _only("link"),
    "make-docx": _made,
}
"""For each command that plain language reaches, what finds its arguments in a reading: None where the sentence cannot mean it."""


def texts(given: Reading) -> dict[str, Texts]:
    """Return the commands that a sentence may mean, as far as its words go, each with the texts of its arguments."""
    found = ((name, find(given)) for name, find in SLOTS.items())
    return {name: each for name, each in found if each is not None}


def read(text: str, models: Sequence[str] = (), names: Sequence[str] = ()) -> Reading | None:
    """Return what may be an argument in a message; None for a message that is no sentence (see `sentence`)."""
    given = sentence(text, names)
    return reading(given, models) if given else None
