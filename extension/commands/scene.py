"""The scene: what the place a command was given in can do for it. A door gives what it has; the rest is refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import CommandRefused
from ..messages import Exchange, Generation, Message, Person
from ..options.layers import Spot
from ..permissions.authorizer import Asker


@dataclass(kw_only=True)
class Scene:
    """A place as commands find it. Doors derive their own from it, and override what they can do."""

    asker: Asker
    companion: str
    """Who answers here."""
    spot: Spot = field(default_factory=Spot)
    """Where things are chosen, and for whom."""
    door: str = "terminal"
    """For the record: terminal, chat, panel, webui, discord, matrix or memory."""
    message: int | None = None
    """The exchange that a command acts on which was given on a message."""

    def shown(self) -> Sequence[Message]:
        """Return what the model would be shown if something were said now. Raises FamiliarError."""
        raise CommandRefused("What the model would be shown is known where a conversation is going on, not here.")

    def begun_anew(self) -> None:
        """Take notice that what the model may see of this place has changed."""

    def people(self, named: str) -> list[Person]:
        """Return those who go by a name or an id here."""
        return []

    def roles(self, person: Person) -> tuple[str, ...]:
        """Return the ids of somebody's roles on this server."""
        return ()

    def make_thread(self, name: str) -> str:
        """Make a thread to talk in without mentions, and return what to show. Raises FamiliarError."""
        raise CommandRefused("There are no threads here.")

    def speak(self, companion: str, text: str) -> None:
        """Say a text as a companion. Raises FamiliarError."""
        raise CommandRefused("Nobody can speak for a companion here.")

    def answer(self, companions: Sequence[str], turns: int = 1) -> None:
        """Let companions speak next, in this order, so many turns each. Raises FamiliarError."""
        raise CommandRefused("A companion answers here when something is said to it, and not otherwise.")

    def talk(self) -> Sequence[Exchange]:
        """Return what was said here as the model would be shown it. Raises FamiliarError."""
        raise CommandRefused("What was said is known where a conversation is going on, not here.")

    def generate(self, messages: Sequence[Message], generation: Generation) -> Iterator[str]:
        """Yield what the model makes of a prompt; waits its turn where others are waiting. Raises HostError."""
        raise CommandRefused("The model cannot be asked from here.")

    def waiting(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yield pieces of a text that a model makes; waits its turn where others are waiting. Raises as they do."""
        yield from pieces

    def voice(self, name: str, text: str) -> str:
        """Say a text under a name that is no companion's, as part of the conversation where there is one of several people.

        Return what is left to show to who asked. Raises FamiliarError.
        """
        return f"{name}: {text}"

    def tell(self, text: str) -> None:
        """Show how a command that takes long comes along."""

    def hold(self) -> None:
        """Let what is being generated end, and begin nothing new until `release`."""

    def release(self) -> None:
        """Go on generating."""

    def restart(self) -> None:
        """Start the program anew, with the code as it is on disk now, once this command was answered."""
        raise CommandRefused("This cannot be restarted from here: stop the program and start it again.")

    def shut_down(self) -> None:
        """End the program once this command was answered."""
        raise CommandRefused("This cannot be stopped from here: close it where it was started.")

    def silences(self, *, everybody: bool) -> Sequence[str]:
        """Say why nothing was answered here lately, the newest first: to who asks, or to everybody."""
        return ()

    def queue(self) -> str:
        """Say who waits for the model, '' where nobody ever does."""
        return ""
