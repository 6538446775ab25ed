"""What the character of a chat is an expert in: its file's `familiar:` part, and what follows from it for one turn of the webui."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..characters import Expert, character
from ..characters.webui import expert_in
from ..errors import FamiliarError
from ..messages import Generation
from ..options.layers import Choices
from ..options.length import LONG_LIMIT, limited
from .samplers import sampling

log = logging.getLogger(__name__)


def expert_of(companion: str, ours: Path) -> Expert:
    """Return what the webui's file of a character says, else what the one in our own folder does. Never raises.

    The webui's own editor leaves nothing of `familiar:` in a file, so ours is looked at, too.
    """
    from modules import shared

    try:
        found = expert_in(companion, Path(shared.user_data_dir) / "characters")
        return character(companion, ours).expert if found is None else found
    except FamiliarError as exc:
        log.warning("The turn goes on without what its companion's file says: %s", exc)
        return Expert()


def preset(state: Mapping[str, Any], expert: Expert, choices: Choices, said: str) -> dict[str, Any]:
    """Return the values of a state of the page that are other with an expert, and with what was chosen for the answer to something.

    Callers of the API choose their own: none for them.
    """
    if "character_menu" not in state:
        return {}
    wished = choices.generation(expert.generation(Generation(max_new_tokens=0)))
    values = sampling(wished, state)
    if most := _limit(state, wished, choices, said):
        values |= {"max_new_tokens": most, "auto_max_new_tokens": False}
    system = "custom_system_message" if state.get("mode") == "instruct" else "context"
    if (words := choices.context(str(state.get(system) or ""), said)) != str(state.get(system) or ""):
        values[system] = words
    if wished.stop:
        values["custom_stopping_strings"] = _stops(state.get("custom_stopping_strings"), wished.stop)
    return values


def _limit(state: Mapping[str, Any], wished: Generation, choices: Choices, said: str) -> int:
    """Return the longest reply in tokens; 0 where the page's own limit holds."""
    length = choices.length(said)
    if not length:
        return wished.max_new_tokens
    usual = replace(wished, max_new_tokens=wished.max_new_tokens or int(state.get("max_new_tokens") or LONG_LIMIT))
    return limited(usual, length, choices.value("max_new_tokens").given).max_new_tokens


def _stops(before: Any, stop: tuple[str, ...]) -> Any:
    """Return stop strings as the webui takes them: a list, or a text of Python literals with commas between them."""
    if isinstance(before, list):
        return [*before, *stop]
    texts = str(before or "").strip().strip(",")
    return ", ".join([*([texts] if texts else []), *map(repr, stop)])
