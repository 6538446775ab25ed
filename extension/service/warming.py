"""Opening the stores and loading the models in the background, so that the first reply comes sooner."""

from __future__ import annotations

import logging
from threading import Thread

from ..app import App
from ..errors import FamiliarError

log = logging.getLogger(__name__)


def warm_up(app: App) -> Thread:
    """Begin with it."""

    def work() -> None:
        app.memories.warm_up()
        try:
            load = getattr(app.host, "load", None)
            if load is not None:
                load()
        except FamiliarError as exc:
            log.warning("The model is not ready: %s", exc)
        except Exception:
            log.exception("The model could not be loaded")

    thread = Thread(target=work, name="familiar-warm-up", daemon=True)
    thread.start()
    return thread
