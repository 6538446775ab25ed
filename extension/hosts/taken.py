"""What of the things that were chosen for a generation a host does nothing with, to be told to who chose them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..messages import Generation
from ..ports import Host


@runtime_checkable
class Choosy(Protocol):
    """A host that says what it does not take."""

    def untaken(self, options: Generation) -> list[str]:
        """Return the names of what was chosen for a generation and does nothing here."""


def untaken(host: Host, options: Generation) -> list[str]:
    """Return the names of the options, as options.catalogue has them, that do nothing with a host; all beside the common ones where it
    does not say.
    """
    if isinstance(host, Choosy):
        return host.untaken(options)
    words = [("banned-words", options.banned), ("word-weights", options.weighted)]
    return [*(name for name, value in options.further if value is not None), *(name for name, chosen in words if chosen)]
