"""What parsers of other people raise over damaged files, made into one error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import FamiliarError, UnreadableDocument


@contextmanager
def translated(called: str) -> Iterator[None]:
    """Raise UnreadableDocument for whatever is raised within that is no error of ours; it quotes nothing of the document."""
    try:
        yield
    except FamiliarError:
        raise
    except MemoryError:
        raise UnreadableDocument("It needs too much memory. Cut it into parts, or save it as text.") from None
    except Exception as exc:  # noqa: BLE001 - no parser says what it may raise
        advice = "Open it in the program it is from and save it anew, or as text."
        raise UnreadableDocument(f"It is damaged, or not quite {called} ({type(exc).__name__}). {advice}") from None
