"""What a person sets in the panel, kept where the webui keeps its own settings: `familiar-*` in its settings.yaml."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import SettingsError, StoreError
from ..messages import Attention
from ..settings import PANEL, Settings, replace_text

log = logging.getLogger(__name__)


class Preferences:
    """The panel's settings inside the webui.

    `params` is the dict the webui fills from its settings.yaml and saves; it stays the one place they live in.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.name = "familiar"
        self._lock = Lock()

    def start(self, settings: Settings, name: str) -> None:
        """Take the values of our own settings for what the webui's settings.yaml does not say."""
        from modules import shared

        self.name = name
        for key in PANEL:
            if f"{name}-{key}" not in shared.settings:
                self.params[key] = getattr(settings, key)

    def attention(self, settings: Settings) -> Attention:
        """Return what is in effect; a value in settings.yaml that makes no sense is said in the log and not used."""
        try:
            chosen = settings.changed(**{key: self.params[key] for key in PANEL})
        except SettingsError as exc:
            log.warning("%s Using the default instead.", exc)
            chosen = settings
        return chosen.attention

    def change(self, settings: Settings, **values: Any) -> None:
        """Set values and keep them. Raises SettingsError for a wrong value, StoreError when the file cannot be written."""
        chosen = settings.changed(**values)
        with self._lock:
            self.params.update({key: getattr(chosen, key) for key in values})
            self._write({f"{self.name}-{key}": getattr(chosen, key) for key in values})

    def _write(self, values: dict[str, Any]) -> None:
        import yaml
        from modules import shared

        path = Path(shared.args.settings) if getattr(shared.args, "settings", None) else shared.user_data_dir / "settings.yaml"
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
            raise StoreError(f"The webui's {path} cannot be read ({exc}); the setting holds until the webui stops.") from exc
        if getattr(shared.args, "multi_user", False):
            return
        shared.settings.update(values)
        replace_text(path, yaml.safe_dump({**(found or {}), **values}, sort_keys=False, allow_unicode=True, width=float("inf")))
