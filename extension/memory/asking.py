"""A question to the model in idle time: given up at once when somebody speaks, and cut when the answer does not end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..messages import Generation, Message
from ..ports import Host
from ..prompt import split_reasoning

LONGEST = 20_000
"""Characters after which an answer is cut."""

Stopped = Callable[[], bool]
"""Says whether to stop at once."""


def answer_of(host: Host, messages: Sequence[Message], options: Generation, stopped: Stopped) -> str | None:
    """Return the model's answer without its reasoning; None when it was stopped. Raises HostError."""
    pieces = host.generate(messages, options)
    answer = ""
    try:
        if stopped():
            return None
        for piece in pieces:
            answer += piece
            if stopped():
                return None
            if len(answer) > LONGEST:
                break
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return split_reasoning(answer)[1].strip()
