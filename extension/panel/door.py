"""What differs between the webui and the standalone chat, as the panel sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..app import App
from ..messages import Attention, Person
from ..service.supervisor import Supervisor
from .why import Whys


@dataclass(frozen=True, slots=True)
class Here:
    """Where the person is now."""

    companion: str
    place: str | None = None
    """Id of the open chat; None where the door cannot tell, and then the last reply to this person counts."""


@dataclass(frozen=True, slots=True)
class Door:
    """The way a person came in. Its functions are called on events, never while the panel is built.

    Each of them may raise a FamiliarError, which the panel shows where the person looks.
    """

    app: Callable[[], App]
    person: Callable[[], Person]
    """Who it is, asked inside an event, so that a login can be looked up."""
    here: Callable[..., Here]
    """Where they are; called with the values of `inputs`."""
    attention: Callable[[], Attention]
    """The settings of the panel in effect."""
    keep: Callable[..., None]
    """Sets and keeps settings, by their names: those of settings.PANEL."""
    whys: Whys = field(default_factory=Whys)
    inputs: tuple[Any, ...] = ()
    """Gradio components whose values `here` takes."""
    title: str = ""
    """What the panel is headed with, where other panels may stand beside it."""
    shelf: Callable[[str], str] = str
    """Returns the companion whose documents one draws on."""
    bridges: Supervisor | None = None
    """What starts and ends bridges, None where that cannot be done from here."""
