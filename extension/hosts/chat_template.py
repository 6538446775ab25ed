"""The chat template of a model: messages in, the prompt as one text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import HostRefused
from ..messages import Message
from ..prompt import defused

PLAIN = "{% for m in messages %}{{ m.role | capitalize }}: {{ m.content }}\n{% endfor %}Assistant:"
"""For models that come without a template."""
PLAIN_STOPS = ("\nUser:", "\nSystem:")


def render(tokenizer: Any, messages: Sequence[Message], specials: Sequence[str], model: str) -> str:
    """Return the prompt, up to and including the mark where the reply begins.

    A template that knows no system message, or that wants user and assistant to alternate, is given the messages merged.
    Raises HostRefused when it takes them neither way.
    """
    from jinja2 import TemplateError

    rows = [{"role": message.role, "content": defused(message.content, specials)} for message in messages]
    try:
        return _applied(tokenizer, rows)
    except TemplateError:
        pass
    try:
        return _applied(tokenizer, merged(rows))
    except TemplateError as exc:
        raise HostRefused(f"The chat template of {model} does not take this conversation: {exc}. Choose another model.") from exc


def merged(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows with system messages put before what the user said next, and neighbours of one role as one row."""
    result: list[dict[str, str]] = []
    for row in rows:
        role = "user" if row["role"] == "system" else row["role"]
        if result and result[-1]["role"] == role:
            result[-1] = {"role": role, "content": "\n\n".join(filter(None, (result[-1]["content"], row["content"])))}
        else:
            result.append({"role": role, "content": row["content"]})
    return result


def _applied(tokenizer: Any, rows: Sequence[dict[str, str]]) -> str:
    template = None if tokenizer.chat_template else PLAIN
    return str(tokenizer.apply_chat_template(list(rows), chat_template=template, tokenize=False, add_generation_prompt=True))
