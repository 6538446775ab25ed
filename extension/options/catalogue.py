"""All options there are, by name."""

from __future__ import annotations

from .conversation import CONVERSATION, WORDS
from .decoding import MODE
from .generation import PARAMETERS
from .kinds import one_of
from .option import DECODING, Option

OPTIONS: tuple[Option, ...] = (MODE, *PARAMETERS, *WORDS, *CONVERSATION)
BY_NAME = {option.name: option for option in OPTIONS}
NAMES = {**{alias: option for option in OPTIONS for alias in option.aliases}, **BY_NAME}
DECODED = tuple(option for option in PARAMETERS if option.group in DECODING)
"""The parameters a decoding mode stands for."""
DECODED_NAMES = frozenset(option.name for option in DECODED)


def find(name: str) -> Option:
    """Return the option of a name or of one of its aliases, in whatever case. Raises CommandRefused, with the one that may be meant."""
    return NAMES[one_of(name, tuple(NAMES), "setting")]
