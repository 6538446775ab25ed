"""The lines of a file of memories, and what they may hold: JSON Lines in UTF-8, most of them an exchange each.

The first line is the header `{"kind": "familiar-memories", "format": 1}`. A line of kind `exchange` holds

    person, person_name     who spoke: the identity, and the name it is shown under ("" for none)
    place, place_title      where: the identity, and its title ("" for none)
    shared                  whether several people share the place
    companion               who answered
    row, branch             the position in the place (0, 1, …), and which of its conversations this is ("" for the only one)
    when                    ISO 8601 with a time zone
    said, reply, reasoning  the words, reasoning apart
    model, adapter          what answered
    memories                what was shown to the model for the reply, as [place, row, branch] of each exchange
    feedback                1 thumbs up, -1 thumbs down, 0 none
    pinned                  true or false
    original                digest of the words before the person edited them, "" for never edited ones
    facts                   what was noted of it, as {about, speaker, attribute, value, ends} each: `speaker` says whether
                            it is about who spoke, `ends` whether earlier ones of the same are over; not there where
                            nobody looked for facts yet

of which person, place, companion, row, when and said must be there. A line of kind `summary` holds

    of                      `place` for a chat, `session` or `person`
    exchanges               what it stands for, as [place, branch, first row, last row] of each unbroken run
    digest                  digest of the digests of their words, in this order
    text, model             the summary, and what wrote it ("" for sentences chosen from what was said)
    tokens, stands_for      its tokens, and those of what it stands for

and a line of kind `forgotten` a `person` and the `digest` of words that were forgotten, so that no other copy of a chat
brings them back. Ids are not kept: they belong to one diary.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..errors import ImportRefused
from ..messages import SummaryKind
from .facts import LONGEST

FORMAT = 1
KIND = "familiar-memories"
LONGEST_SUMMARY = 100_000
"""Characters."""
_DIGEST = r"^[0-9a-f]{32}$"

Row = Annotated[int, Field(ge=0, lt=2**62)]


def _of_this_age(when: datetime) -> datetime:
    if not 1971 <= when.year <= 9000:  # so that no time zone moves it off the calendar
        raise ValueError("the year should lie between 1971 and 9000")
    return when.astimezone(UTC)


def _one_line(text: str) -> str:
    if not text.strip() or len(text.splitlines()) != 1:
        raise ValueError("it should be one line of text")
    return text


Part = Annotated[str, Field(max_length=LONGEST), AfterValidator(_one_line)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Note(_Strict):
    """A fact of an exchange."""

    about: Part
    speaker: bool = False
    attribute: Part
    value: Part
    ends: bool = False


class Line(_Strict):
    """One exchange of the file."""

    kind: Literal["exchange"] = "exchange"
    person: str
    person_name: str = ""
    place: str
    place_title: str = ""
    shared: bool = False
    companion: str
    row: Row
    branch: str = ""
    when: Annotated[AwareDatetime, AfterValidator(_of_this_age)]
    said: str
    reply: str = ""
    reasoning: str = ""
    model: str = ""
    adapter: str = ""
    memories: tuple[tuple[str, Row, str], ...] = Field((), max_length=1000)
    feedback: int = Field(0, ge=-1, le=1)
    pinned: bool = False
    original: str = Field("", pattern=r"^([0-9a-f]{32})?$")
    facts: tuple[Note, ...] | None = Field(None, max_length=100)


class Epitome(_Strict):
    """A summary of exchanges of the file."""

    kind: Literal["summary"] = "summary"
    of: SummaryKind
    exchanges: tuple[tuple[str, str, Row, Row], ...] = Field(min_length=1)
    digest: str = Field(pattern=_DIGEST)
    text: str = Field(min_length=1, max_length=LONGEST_SUMMARY)
    model: str = ""
    tokens: int = Field(ge=0, lt=2**31)
    stands_for: int = Field(ge=0, lt=2**31)


class Tombstone(_Strict):
    """Words of a person that were forgotten."""

    kind: Literal["forgotten"] = "forgotten"
    person: str
    digest: str = Field(pattern=_DIGEST)


class Header(_Strict):
    """The first line."""

    kind: Literal["familiar-memories"]
    format: int


AnyLine = Line | Epitome | Tombstone
_KINDS = ("exchange", "summary", "forgotten")
_ENTRIES: TypeAdapter[AnyLine] = TypeAdapter(Annotated[AnyLine, Field(discriminator="kind")])


def parsed(text: bytes) -> AnyLine:
    """Return what one line means. Raises ImportRefused, naming the field and not repeating the words."""
    try:
        return _ENTRIES.validate_json(text)
    except ValidationError as exc:
        raise ImportRefused(_reason(exc)) from None


def _reason(exc: ValidationError) -> str:
    error = exc.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in error["loc"] if part not in _KINDS)
    unknown = error["type"] in ("union_tag_invalid", "union_tag_not_found")
    message = "`kind` should be exchange, summary or forgotten" if unknown else error["msg"]
    return f"`{where}`: {message}" if where else message
