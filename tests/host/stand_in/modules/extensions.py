"""Loading extensions the host's two ways, and calling their hooks in the order of the command line."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from inspect import signature
from typing import Any

import modules.shared as shared
from modules.logging_colors import logger

state: dict[str, list[Any]] = {}
available_extensions: list[str] = []
setup_called: set[Any] = set()


def find_extensions() -> list[str]:
    """Return the names of the folders with a script.py, the user's and the bundled."""
    from pathlib import Path

    roots = (shared.user_data_dir / "extensions", Path("extensions"))
    return sorted({path.parent.name for root in roots for path in root.glob("*/script.py")})


def load_extensions() -> None:
    """Import, set up and activate the extensions asked for. Only a missing module stops the host."""
    state.clear()
    for order, name in enumerate(shared.args.extensions):
        if name not in available_extensions:
            continue
        try:
            extension = _imported(name)
            if extension not in setup_called:
                _take_settings(extension, name)
                if hasattr(extension, "setup"):
                    extension.setup()
                setup_called.add(extension)
            state[name] = [True, order, extension]
        except ModuleNotFoundError:
            raise
        except Exception:
            logger.exception('Failed to load the extension "%s".', name)


def _imported(name: str) -> Any:
    script = shared.user_data_dir / "extensions" / name / "script.py"
    if not script.exists():
        return importlib.import_module(f"extensions.{name}.script")
    spec = importlib.util.spec_from_file_location(f"user_ext_{name}", str(script))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _take_settings(extension: Any, name: str) -> None:
    for param, value in getattr(extension, "params", {}).items():
        shared.default_settings[f"{name}-{param}"] = value
        if f"{name}-{param}" in shared.settings:
            extension.params[param] = shared.settings[f"{name}-{param}"]


def iterator() -> Iterator[tuple[Any, str]]:
    """Yield (extension, name) of the active ones, in order."""
    for name in sorted(state, key=lambda name: state[name][1]):
        if state[name][0]:
            yield state[name][2], name


def apply_extensions(kind: str, *args: Any, **kwargs: Any) -> Any:
    """Call one kind of hook on every extension that has it."""
    if kind in ("input", "output", "bot_prefix"):
        return _texts(f"{kind}_modifier", *args, **kwargs)
    if kind in ("history", "state"):
        return _piped(f"{kind}_modifier", args[0])
    if kind == "chat_input":
        return _chat_input(*args)
    if kind == "custom_generate_reply":
        return next(_having(kind), None)
    if kind in ("custom_generate_chat_prompt", "tokenized_length"):
        first = next(_having(kind if kind != "tokenized_length" else "custom_tokenized_length"), None)
        return first(*args, **kwargs) if first else None
    if kind in ("css", "js"):
        return "".join(hook() for hook in _having(f"custom_{kind}"))
    raise ValueError(f"Invalid extension type {kind}")


def _having(hook: str) -> Iterator[Any]:
    return (getattr(extension, hook) for extension, _ in iterator() if hasattr(extension, hook))


def _texts(hook: str, text: str, state: Any, is_chat: bool = False) -> str:
    for function in _having(hook):
        names = list(signature(function).parameters)
        given = [text, state] if len([name for name in names if name != "is_chat"]) == 2 else [text]
        text = function(*given, **({"is_chat": is_chat} if "is_chat" in names else {}))
    return text


def _piped(hook: str, value: Any) -> Any:
    for function in _having(hook):
        value = function(value)
    return value


def _chat_input(text: str, visible: str, state: Any) -> tuple[str, str]:
    for function in _having("chat_input_modifier"):
        text, visible = function(text, visible, state)
    return text, visible
