"""The arguments of the tools: what a model may pass, described to it and checked when it calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import ToolRefused

LONGEST_QUERY = 2_000
LONGEST_NOTE = 20_000
MOST_FOUND = 50
MOST_FORGOTTEN = 200


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Search(_Arguments):
    """Arguments of a search."""

    query: str = Field(min_length=1, max_length=LONGEST_QUERY, description="What to look for, as a question or in a few words.")
    limit: int = Field(10, ge=1, le=MOST_FOUND, description="Most memories to return.")


class Remember(_Arguments):
    """Arguments of something to remember."""

    text: str = Field(
        min_length=1,
        max_length=LONGEST_NOTE,
        description="What to remember, as a sentence that is understood without what was said around it.",
    )


class Forget(_Arguments):
    """Arguments of what to forget."""

    ids: list[Annotated[int, Field(ge=1, le=2**53)]] = Field(
        min_length=1, max_length=MOST_FORGOTTEN, description="Ids of memories, as a search returns them."
    )
    dry_run: bool = Field(True, description="True only tells what would be forgotten. False forgets it for good; ask the person first.")


Given = TypeVar("Given", bound=_Arguments)


def parsed(kind: type[Given], arguments: Mapping[str, Any] | None) -> Given:
    """Return the arguments of a call. Raises ToolRefused, which names what is wrong and never repeats what was passed."""
    try:
        return kind.model_validate({} if arguments is None else arguments)
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        known = [str(part) for part in error["loc"][:1] if part in kind.model_fields]
        names = ", ".join(kind.model_fields)
        if error["type"] == "extra_forbidden":
            raise ToolRefused(f"There is an argument that this tool does not take. It takes: {names}.") from None
        what = f"The argument `{known[0]}` is" if known else "The arguments are"
        raise ToolRefused(f"{what} not usable: {error['msg'][0].lower()}{error['msg'][1:]}. The tool takes: {names}.") from None


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments, without the names and sentences that are for readers of the code."""
    found = kind.model_json_schema()
    properties = {name: {key: value for key, value in each.items() if key != "title"} for name, each in found["properties"].items()}
    return {"type": "object", "properties": properties, "required": found.get("required", []), "additionalProperties": False}
