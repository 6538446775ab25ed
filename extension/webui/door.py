"""The panel's door inside the webui: who sits there, which chat is open, and where settings are kept."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..messages import Person
from ..panel.door import Door, Here
from .identity import companion_of, logged_in, place_of

if TYPE_CHECKING:
    from .hooks import Extension

log = logging.getLogger(__name__)

OPEN_CHAT = ("unique_id", "character_menu", "mode")
"""The webui's components that say which chat is open."""


def door_of(extension: Extension) -> Door:
    """Return the door of the running webui."""
    from modules import shared

    return Door(
        app=lambda: extension.app,
        person=lambda: Person(logged_in() or extension.app.settings.person),
        here=_here,
        attention=lambda: extension.preferences.attention(extension.app.settings),
        keep=lambda **values: extension.preferences.change(extension.app.settings, **values),
        whys=extension.whys,
        inputs=tuple(shared.gradio[name] for name in OPEN_CHAT if name in shared.gradio),
        shelf=lambda companion: extension.attention(companion).shelf or companion,
        bridges=extension.bridges,
    )


def show_panel(extension: Extension) -> None:
    """Put the panel into the page that is being built; what is wrong with it is said there instead."""
    import gradio as gr

    from ..panel.panel import build_panel

    if extension.trouble:
        gr.Markdown(f"**Familiar is off.** {extension.trouble}")
        return
    try:
        build_panel(door_of(extension))
    except Exception:
        log.exception("The panel could not be built")
        gr.Markdown("**Familiar works, but its panel could not be built.** The log has the details.")


def _here(*values: Any) -> Here:
    state = dict(zip(OPEN_CHAT, values, strict=False))
    unique_id = str(state.get("unique_id") or "")
    return Here(companion_of(state), place_of(state, unique_id) if unique_id else None)
