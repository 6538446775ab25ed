"""Running commands: whether somebody may, whether they are sure, what came of it, and the record. Every door goes through here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import CommandRefused, Denied, FamiliarError, StoreError
from ..permissions.authorizer import require_level
from ..permissions.level import Level
from .call import Call
from .command import REASON, Command, File, Outcome
from .plain import understood
from .questions import Questions
from .registry import Registry
from .scene import Scene
from .written import Misspelt, Written, written

if TYPE_CHECKING:
    from ..app import App

log = logging.getLogger(__name__)

LONGEST_REASON = 200
NOT_YOURS = "Commands are not for you here. The owner of this machine can give you a level (docs/permissions.md)."


@dataclass(frozen=True, slots=True)
class Given:
    """A command as it was given: with the texts of its arguments, and by words that may mean something else."""

    command: Command
    texts: Mapping[str, str]
    plain: bool = False
    """Whether it was said in plain language."""
    sure: bool = False
    """Whether the person confirmed it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said to who gave a command."""

    text: str
    kind: str = "done"
    """done, asked (a question to be confirmed), denied, refused (it cannot be done so) or failed."""
    private: bool = False
    files: tuple[File, ...] = ()
    link: str = ""
    question: Given | None = None
    """What is run when the person confirms."""

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return self.kind == "done"


class Running:
    """Runs the commands of a registry for one application. Safe to use from several threads."""

    def __init__(self, app: App, registry: Registry) -> None:
        self.app = app
        self.registry = registry
        self.questions = Questions()

    @property
    def spending(self) -> frozenset[str]:
        """The names of the commands that keep the machine busy."""
        return frozenset(command.name for command in self.registry if command.spends)

    def find(self, text: str, *, slash: bool = True) -> Given | Misspelt | None:
        """Return the command that a text is when it is written out; None for what is said to the companion."""
        found = written(text, self.registry, slash=slash)
        return Given(found.command, found.texts) if isinstance(found, Written) else found

    def meant(self, text: str, companion: str) -> Given | None:
        """Return the command that a sentence to a companion means in plain language; None for what is said to it. Never raises."""
        app = self.app
        if not app.settings.plain_language or not app.memories.semantic.ready:
            return None
        try:
            found = understood(text, app.memories.semantic.embedder, names=(companion,))
        except Exception:
            log.exception("A sentence could not be looked at for a command")
            return None
        return None if found is None else Given(self.registry.get(found.name), found.texts, plain=True)

    def run(self, given: Given, scene: Scene) -> Answered | None:
        """Run a command, and return what to show; None for people who are ignored. Never raises."""
        app, asker, command = self.app, scene.asker, given.command
        level = app.authorizer.level(asker)
        answered = self._run(given, scene, level)
        denied = answered.kind == "denied"
        if denied or command.level > Level.VISIBLE or command.spends:
            try:
                outcome = answered.kind if denied else f"{answered.kind}{_why(given)}"
                app.authorizer.record.add(asker.person, asker.place, scene.door, command.name, level, outcome)
            except StoreError as exc:
                log.warning("What was done could not be recorded: %s", exc)
        return None if denied and level == Level.IGNORED else answered

    def _run(self, given: Given, scene: Scene, level: Level) -> Answered:
        command = given.command
        try:
            require_level(level, command.level, f"`{command.name}`")
            values = command.read(given.texts)
            if command.spends:
                self.app.authorizer.require_budget(scene.asker, level, self.spending)
            if command.changes and (given.plain or command.asks) and not given.sure:
                return Answered(f"{_asked(command, values)}?", "asked", question=replace(given, sure=True))
            outcome = command.run(Call(self.app, self.registry, command, scene, level, values))
        except Denied as exc:
            return Answered(str(exc), "denied", private=True)
        except CommandRefused as exc:
            return Answered(str(exc), "refused", private=True)
        except FamiliarError as exc:
            return Answered(str(exc), "failed")
        except Exception as exc:
            log.exception("The command %s failed", command.name)
            return Answered(f"This did not work ({type(exc).__name__}); the log has the details.", "failed")
        return _told(outcome)

    def taken(self, said: str, scene: Scene) -> Answered | None:
        """Return what came of a message at a door without buttons, None for what is said to the companion. Never raises.

        A question is answered with `--yes`; the same sentence once more is said.
        """
        if (agreed := self.questions.answered(scene.asker, said)) is not None:
            return self.run(agreed, scene)
        found: Given | Misspelt | None = self.find(said)
        if found is None and self.allowed(scene) and not self.questions.insisted(scene.asker, said):
            found = self.meant(said, scene.companion)
        if found is None or isinstance(found, Misspelt):
            return misspelt(found) if found else None
        answered = self.run(found, scene) or Answered(NOT_YOURS, "denied", private=True)
        if answered.question is None:
            return answered
        self.questions.put(scene.asker, said, answered.question)
        return replace(answered, text=f"{answered.text} Write --yes to do it. If it was just words, say it again.")

    def allowed(self, scene: Scene) -> list[Command]:
        """Return the commands that somebody may use in a place, in order of their names."""
        level = self.app.authorizer.level(scene.asker)
        return [] if level == Level.IGNORED else self.registry.up_to(level)

    def complete(self, command: Command, argument: str, begun: str, scene: Scene, texts: Mapping[str, str]) -> list[str]:
        """Return what may be said for an argument, best first; nothing to who may not use the command. Never raises.

        `texts` is what was said for the other arguments by now.
        """
        found = next((each for each in command.arguments if each.name == argument), None)
        if found is None or found.choices is None:
            return []
        try:
            level = self.app.authorizer.require(scene.asker, command.level, command.name)
            choices = found.choices(Call(self.app, self.registry, command, scene, level, dict(texts)))
        except FamiliarError as exc:
            log.debug("There is nothing to complete: %s", exc)
            return []
        except Exception:
            log.exception("A completion of %s failed", command.name)
            return []
        word = begun.strip().lower()
        starts = [choice for choice in choices if choice.lower().startswith(word)]
        return list(dict.fromkeys([*starts, *(choice for choice in choices if word in choice.lower())]))[:25]


def misspelt(found: Misspelt, mark: str = "--") -> Answered:
    """Return what is said about what looks like a command and is none."""
    meant = " or ".join(f"{mark}{name}" for name in found.meant)
    said = f"There is no command {mark}{found.name}. Did you mean {meant}? Nothing was done, and it was not said."
    return Answered(said, "refused", private=True)


def _asked(command: Command, values: Mapping[str, object]) -> str:
    given = ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)
    return f"{command.help.rstrip('.')}{f' ({given})' if given else ''}"


def _why(given: Given) -> str:
    """Return the reason that was given for the record, if the command takes one."""
    reason = " ".join(given.texts.get(REASON, "").split()) if any(each.name == REASON for each in given.command.arguments) else ""
    return f": {reason[:LONGEST_REASON]}" if reason else ""


def _told(outcome: Outcome) -> Answered:
    return Answered(outcome.text, "done", outcome.private, outcome.files, outcome.link)
