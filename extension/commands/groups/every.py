"""Every command there is."""

from __future__ import annotations

from ..registry import Registry
from . import choosing, cloning, general, models, people, places, reading, remembering, sight, speaking, writing

COMMANDS = Registry(
    [
        *general.GROUP,
        *sight.GROUP,
        *choosing.GROUP,
        *models.GROUP,
        *places.GROUP,
        *remembering.GROUP,
        *reading.GROUP,
        *writing.GROUP,
        *speaking.GROUP,
        *cloning.GROUP,
        *people.GROUP,
    ]
)
