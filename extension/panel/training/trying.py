"""Handlers of the panel whose failures are sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ...errors import FamiliarError
from ..cards import note

log = logging.getLogger(__name__)


def tried(action: Callable[..., list[Any]], outputs: int, where: int) -> Callable[..., list[Any]]:
    """Return a handler that shows a failure of `action` as a sentence in the output of this number, and leaves the others as they are."""

    def handler(*values: Any) -> list[Any]:
        import gradio as gr

        try:
            return action(*values)
        except FamiliarError as exc:
            told = note(str(exc), "bad")
        except Exception as exc:
            log.exception("A step of a training failed")
            told = note(f"This did not work ({type(exc).__name__}); the log has the details.", "bad")
        return [told if number == where else gr.update() for number in range(outputs)]

    return handler
