"""What text-generation-webui loads: names this folder `extension`, whatever the webui calls it, and re-exports the hooks.

The webui imports this file as `extensions.NAME.script`, or runs it anew from `user_data/extensions/NAME` at every
restart of its interface. The package behind it is loaded once, under one name, so that there is one copy of it.
"""

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent
_PACKAGE = "extension"
NAME = __name__.removeprefix("user_ext_").removeprefix("extensions.").removesuffix(".script")
"""The folder the webui found us under; its settings.yaml calls our settings by it."""


def _package() -> str:
    """Load this folder as a package, once, and return its name."""
    loaded = sys.modules.get(_PACKAGE)
    name = _PACKAGE if loaded is None or Path(loaded.__file__ or "").resolve().parent == _FOLDER else "familiar_extension"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)])
        if spec is None or spec.loader is None:
            raise ImportError(f"{_FOLDER} is not the folder of Familiar")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return name


try:
    _hooks = importlib.import_module(f"{_package()}.webui.hooks")
except ImportError as exc:  # the webui would not start at all if this got out
    # The webui silences every logger but its own.
    logging.getLogger("textgen").error("Familiar is off: %s. Install what it needs: make install WEBUI=THIS_FOLDER", exc)
else:
    params = _hooks.params
    state_modifier = _hooks.state_modifier
    custom_generate_chat_prompt = _hooks.custom_generate_chat_prompt
    output_modifier = _hooks.output_modifier
    custom_css = _hooks.custom_css
    custom_js = _hooks.custom_js
    ui = _hooks.ui

    def __getattr__(name: str) -> Any:
        """Have `custom_generate_reply` while the hooks have it: for the answer of a command, and for no other turn."""
        if name == "custom_generate_reply":
            return getattr(_hooks, name)
        raise AttributeError(name)

    def setup() -> None:
        """Get ready under the name the webui knows us by."""
        _hooks.setup(NAME)
