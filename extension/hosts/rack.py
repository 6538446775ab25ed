"""What exchanges the model of a host: by the kind of host, and the way back where a swap fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import FamiliarError
from ..ports import Host, Rack
from ..settings import Settings


def rack_for(host: Host, settings: Settings) -> Rack | None:
    """Return what exchanges the model of a host that was made by these settings, None where nothing can."""
    from .embedded import Embedded
    from .openai_http import OpenAIHTTP

    if isinstance(host, Embedded):
        from .shelf import Shelf

        return Shelf(host, settings)
    if isinstance(host, OpenAIHTTP):
        from .server_rack import ServerRack

        return ServerRack(host)
    return None


@contextmanager
def going_back(back: Callable[[], str]) -> Iterator[None]:
    """Go back where what is done inside raises an error of ours, and say in it who answers now; `back` returns that name.

    Raises an error of the same kind.
    """
    try:
        yield
    except FamiliarError as exc:
        try:
            now = f"{back()} goes on answering."
        except FamiliarError as second:
            now = f"What answered before does not either: {second}"
        raise type(exc)(f"{exc} {now}") from exc
