"""What the character of a chat is an expert in: its file's `familiar:` part, and what follows from it for one turn of the webui."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..characters import Expert, character
from ..characters.webui import expert_in
from ..errors import FamiliarError
from ..messages import Generation
from .host import GREEDY

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


def preset(state: Mapping[str, Any], expert: Expert) -> dict[str, Any]:
    """Return the values of a state of the page that are other with an expert. Callers of the API choose their own: none for them."""
    if "character_menu" not in state:
        return {}
    wished = expert.generation(Generation(max_new_tokens=0))
    named = {name: getattr(wished, name) for name in ("temperature", "top_p", "top_k", "seed")}
    values = {name: value for name, value in named.items() if value is not None}
    if wished.temperature == 0:
        values |= GREEDY
    if wished.max_new_tokens:
        values |= {"max_new_tokens": wished.max_new_tokens, "auto_max_new_tokens": False}
    if wished.stop:
        values["custom_stopping_strings"] = _stops(state.get("custom_stopping_strings"), wished.stop)
    return values


def _stops(before: Any, stop: tuple[str, ...]) -> Any:
    """Return stop strings as the webui takes them: a list, or a text of Python literals with commas between them."""
    if isinstance(before, list):
        return [*before, *stop]
    texts = str(before or "").strip().strip(",")
    return ", ".join([*([texts] if texts else []), *map(repr, stop)])
