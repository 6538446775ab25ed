"""The webui's console: it silences every logger but its own, so our warnings go through that one."""

from __future__ import annotations

import logging

from ..errors import FamiliarError

PACKAGE = __name__.split(".")[0]


class _Console(logging.Handler):
    """Hands warnings and worse to the webui's logger in one line each; tracebacks are in our own log file."""

    def emit(self, record: logging.LogRecord) -> None:
        from modules.logging_colors import logger

        logger.log(record.levelno, "Familiar: %s%s", record.getMessage(), _reason(record))


def warn_in_console() -> None:
    """Show our warnings and errors on the webui's console, however often this is called."""
    package = logging.getLogger(PACKAGE)
    if not any(isinstance(handler, _Console) for handler in package.handlers):
        package.addHandler(_Console(logging.WARNING))


def _reason(record: logging.LogRecord) -> str:
    """Return the error in brackets: our own are written for the person, others may hold what somebody said."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    return f" ({error})" if isinstance(error, FamiliarError) else f" ({type(error).__name__}; see familiar.log)"
