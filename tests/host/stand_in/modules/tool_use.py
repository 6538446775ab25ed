"""Tools: each file in user_data/tools is run anew at every turn in which it is ticked."""

import importlib.util
import json
from typing import Any

import modules.shared as shared
from modules.logging_colors import logger


def load_tools(selected_names: list[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the descriptions of the ticked tools and what executes them, by the name of their function."""
    definitions, executors = [], {}
    for name in selected_names:
        path = shared.user_data_dir / "tools" / f"{name}.py"
        if not path.exists():
            continue
        spec = importlib.util.spec_from_file_location(f"tool_{name}", str(path))
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception:
            logger.exception(f'Failed to load tool script "{name}"')
            continue
        definitions.append(module.tool)
        executors[module.tool["function"]["name"]] = module.execute
    return definitions, executors


def execute_tool(func_name: str, arguments: Any, executors: dict[str, Any]) -> str:
    """Return the result as text: JSON unless it is text already."""
    try:
        arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
        result = executors[func_name](arguments)
        return result if isinstance(result, str) else json.dumps(result)
    except Exception as exc:
        logger.exception(f'Tool "{func_name}" execution failed')
        return json.dumps({"error": str(exc)})
