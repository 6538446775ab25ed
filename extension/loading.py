"""Loading models of transformers: one at a time in a process, and quietly.

transformers fills its namespace lazily, and two threads that import it at once may find it half filled ("module
'transformers' has no attribute 'AutoTokenizer'"); the embedding model and the embedded one load in two threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_lock = RLock()


@contextmanager
def loading(*, bars: bool = False) -> Iterator[None]:
    """Hold every other load of this process off, and without `bars` keep the terminal free of them.

    Raises ImportError without transformers.
    """
    with _lock:
        from transformers.utils import logging

        shown = logging.is_progress_bar_enabled()
        if not bars:
            logging.disable_progress_bar()
        try:
            yield
        finally:
            if shown:
                logging.enable_progress_bar()
