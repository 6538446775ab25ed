"""Commands about a place: whether and when the companion speaks there."""

from __future__ import annotations

from ...options.kinds import Found, Number, Words
from ...permissions.level import Level
from ..call import Call
from ..command import Argument, Command, Outcome
from .choosing import choose
from .layer import WHERE


def _option(name: str, help_: str, takes: str, *, level: Level = Level.VISIBLE) -> Command:
    """Return the command that shows an option of a place, or chooses it."""

    def run(call: Call) -> Outcome:
        if call["value"] is None:
            found = call.app.options.value(name, call.scene.spot)
            return Outcome(f"{name}: {found.shown or 'none'} ({found.why})")
        return choose(call, name, call["value"])

    value = Argument("value", Found(takes, 2000), "what it is to be; `default` takes it back", required=False, rest=True)
    return Command(name, help_, run, (value, WHERE), level=level, changes=True)


GROUP = (
    _option("autoreply", "Whether every message here is answered.", "on or off"),
    _option("lurk", "Speak by itself where it would be next: off, or how likely that must be (0 to 1).", f"off or {Number(0, 1).takes}"),
    _option("by-reaction", "Whether only messages are answered that somebody reacts to.", "on or off"),
    _option("speaking", "Whether it speaks here at all.", "on or off"),
    _option("streaming", "Whether a reply is shown while it is made.", "on or off"),
    _option("alias", "Further names it listens to, with commas between them.", Words(40).takes),
    _option("answer-length", "How long answers are: auto, short, long.", "auto, short, long or none"),
    _option("companion", "Who answers here.", "the name of a companion"),
    _option("banter", "How many turns companions go on by themselves.", "a whole number from 0 to 20"),
)
