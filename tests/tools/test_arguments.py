"""What a model may pass to the tools, and what it is told about everything else."""

from __future__ import annotations

from typing import Any

import pytest

from extension.errors import ToolRefused
from extension.tools.arguments import Forget, Remember, Search, parsed, schema

SECRET = "marzipan"


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (Search, None, "The argument `query` is not usable: field required. The tool takes: query, limit."),
        (Search, {"query": "  "}, "The argument `query` is not usable: string should have at least 1 character."),
        (Search, {"query": SECRET * 1_000_000}, "The argument `query` is not usable: string should have at most 2000 characters."),
        (Search, {"query": [SECRET]}, "The argument `query` is not usable: input should be a valid string."),
        (Search, {"query": SECRET, "limit": 51}, "The argument `limit` is not usable: input should be less than or equal to 50."),
        (Search, {"query": SECRET, "limit": SECRET}, "The argument `limit` is not usable: input should be a valid integer"),
        (Search, {"query": "a", SECRET: 1}, "There is an argument that this tool does not take. It takes: query, limit."),
        (Search, [SECRET], "The arguments are not usable: input should be a valid dictionary"),
        (Remember, {"text": SECRET * 5_000}, "The argument `text` is not usable: string should have at most 20000 characters."),
        (Forget, {"ids": []}, "The argument `ids` is not usable: list should have at least 1 item"),
        (Forget, {"ids": [10**400]}, "The argument `ids` is not usable: input should be less than or equal to"),
        (Forget, {"ids": [1, SECRET]}, "The argument `ids` is not usable: input should be a valid integer"),
        (Forget, {"ids": list(range(1, 1000))}, "The argument `ids` is not usable: list should have at most 200 items"),
        (Forget, {"ids": [1], "dry_run": SECRET}, "The argument `dry_run` is not usable: input should be a valid boolean"),
    ],
)
def test_what_is_not_usable_is_named_and_never_repeated(kind: Any, given: Any, message: str) -> None:
    with pytest.raises(ToolRefused) as refused:
        parsed(kind, given)
    assert str(refused.value).startswith(message)
    assert SECRET not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_forgetting_is_a_dry_run_unless_it_is_asked_for() -> None:
    assert parsed(Forget, {"ids": [3]}) == Forget(ids=[3], dry_run=True)


def test_a_model_is_told_what_the_arguments_are() -> None:
    found = schema(Search)
    assert (found["type"], found["required"], found["additionalProperties"]) == ("object", ["query"], False)
    assert found["properties"]["limit"] == {
        "default": 10,
        "description": "Most memories to return.",
        "maximum": 50,
        "minimum": 1,
        "type": "integer",
    }
