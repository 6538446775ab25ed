"""The context window of a model: what a text takes of it where nobody can count, and the refusal when a prompt does not fit."""

from __future__ import annotations

import re

from ..errors import HostRefused

RUNS = re.compile(r"[A-Za-z]+|\s+|[\x00-\x7f]|[^\x00-\x7f]+")


def estimate(text: str) -> int:
    """Return about how many tokens a text is for a tokenizer one cannot ask; meant to be rather too many than too few.

    A run of ASCII letters counts a token for each three, and so does a run of white space; a digit or punctuation mark
    counts one, and other characters two for each three of their bytes in UTF-8.
    """
    return sum(_tokens(run) for run in RUNS.findall(text))


def require_room(prompt: int, reply: int, window: int, model: str) -> None:
    """Raise HostRefused when a prompt and the longest allowed reply (both in tokens) do not fit into the window together."""
    if prompt + reply > window:
        raise HostRefused(
            f"The prompt takes {prompt:,} tokens and the reply may take {reply:,}, but {model} sees {window:,} at once."
            " Shorten the message, start a new chat, or lower FAMILIAR_BUDGET or FAMILIAR_MAX_NEW_TOKENS."
        )


def _tokens(run: str) -> int:
    if run.isascii():
        return -(-len(run) // 3)
    return -(-2 * len(run.encode("utf-8", "surrogatepass")) // 3)
