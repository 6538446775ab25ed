"""For whom something is chosen by a command: oneself, this place, this server, everywhere; and whether one may."""

from __future__ import annotations

from ...errors import Denied
from ...options.kinds import OneOf
from ...options.option import Layer, Option
from ...permissions.level import Level
from ..call import Call
from ..command import Argument

WHERE = Argument("where", OneOf(("me", "here", "server", "everywhere")), "for whom: me, here, server or everywhere", required=False)
_SHOWN: dict[Layer, str] = {
    "person": "for you",
    "channel": "in this place",
    "thread": "in this thread",
    "server": "on this server",
    "global": "everywhere",
}


def layer_for(call: Call, option: Option) -> Layer:
    """Return the layer that a command chooses an option for: the one it names, else this place where one may, else oneself.

    Raises Denied where somebody may not choose for others.
    """
    here: Layer = "thread" if call.scene.spot.thread else "channel"
    shared = call.place.shared
    named: dict[str, Layer] = {"me": "person", "here": here, "server": "server", "everywhere": "global"}
    if call["where"]:
        layer = named[call["where"]]
    elif here in option.layers and (not shared or call.level >= Level.MOD or "person" not in option.layers):
        layer = here
    else:
        layer = "person"
    needed = {"person": Level.VISIBLE, "server": Level.ADMIN, "global": Level.OWNER}.get(layer, Level.MOD if shared else Level.VISIBLE)
    if call.level < needed:
        raise Denied(f"What holds {shown(layer)} is chosen by {needed.shown} and above; your level is {call.level.shown}.")
    return layer


def shown(layer: Layer | str) -> str:
    """Return a layer in words: `for you`, `in this place`."""
    return next((text for name, text in _SHOWN.items() if name == layer), "by default")
