"""A conversation at the prompt: lines that begin with a slash or two hyphens are commands, all others are said to the companion."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..commands.groups.every import COMMANDS
from ..commands.local import LocalScene
from ..commands.running import Answered, Given, Running, misspelt
from ..commands.written import Misspelt
from ..documents.folder import put
from ..errors import FamiliarError
from ..messages import Briefing, Message
from ..prompt import origin
from . import console
from .reply import ReplyText
from .session import Session, one_interrupt

HELP = """\
/why        what was remembered for the last reply
/new        begin anew: what was said so far is only remembered
/commands   list all commands; each can be written /command or --command
/quit       leave (Ctrl+D does too)
Ctrl+C stops a reply. What begins with // is said with one slash."""


@dataclass(kw_only=True)
class _Here(LocalScene):
    """The place of a conversation in this terminal."""

    session: Session

    def tell(self, text: str) -> None:
        """Show how a command comes along."""
        console.say(console.printable(text))

    def begun_anew(self) -> None:
        """Let go of a conversation that no diary knows of; of one that it knows, the next turn sees what there is to be seen."""
        if not self.session.recorded:
            self.session.start()

    def shown(self) -> Sequence[Message]:
        """Return the system prompt and what of this conversation is shown."""
        rows = [(each.said, each.reply) for each in self.session.visible]
        return self.prompt_of(rows)


class Dialogue:
    """Reads lines until there are no more, from a terminal or from a pipe."""

    def __init__(self, session: Session, longest: int) -> None:
        self._session = session
        self._longest = longest
        self._running = Running(session.app, COMMANDS)
        self._commands = {"why": self._why, "new": self._new, "help": self._help}

    def run(self) -> None:
        """Answer line after line. Ctrl+C stops the reply under way; pressed twice at the prompt, it ends the program."""
        while (line := self._line()) is not None and line.strip() != "/quit":
            try:
                self._take(line.strip())
            except KeyboardInterrupt:
                console.aside("Stopped.")

    def _take(self, line: str) -> None:
        try:
            if line.startswith("//"):
                self._say(line[1:])
            elif line and not self._commanded(line):
                self._say(line)
        except FamiliarError as exc:
            console.say(f"Error: {exc}")

    def _say(self, said: str) -> None:
        session = self._session
        if sys.stdout.isatty() and sys.stderr.isatty():
            console.aside(f"{session.character.name}: ", nl=False)
        streamed(session, said)
        if session.recorded and session.app.settings.enabled:
            count = console.counted(len(session.shown), "memory", "memories")
            console.aside(f"remembered: {count} used{' (/why)' if session.shown else ''}")
        if session.note:
            console.aside(session.note)

    def _commanded(self, line: str) -> bool:
        """Do what a line says when it is a command, and return whether it is one."""
        name, _, rest = line[1:].partition(" ")
        if line.startswith("/") and name in self._commands:
            self._commands[name](rest.strip())
            return True
        found = self._running.find(line)
        if found is None and line.startswith("/"):
            console.say(f"There is no command /{name}. /help lists them; // says a line that begins with a slash.")
            return True
        found = found or self._running.meant(line, self._session.character.name)
        if found is None:
            return False
        self._answer(misspelt(found, line[: 1 if line.startswith("/") else 2]) if isinstance(found, Misspelt) else self._done(found))
        return True

    def _done(self, given: Given) -> Answered:
        session = self._session
        scene = _Here.at(session.app, session.place, session.character.name, "terminal", session.person, session=session)
        answered = self._running.run(given, scene)
        if answered is not None and answered.question is not None:
            if not console.agreed(answered.text):
                return Answered("Nothing was done. // in front says it as it is.", "refused")
            answered = self._running.run(answered.question, scene)
        return answered or Answered("You are ignored here.", "denied")

    def _answer(self, answered: Answered) -> None:
        (console.answer if answered.good else console.say)("\n".join(filter(None, (console.printable(answered.text), answered.link))))
        for file in answered.files:
            console.answer(str(file.path or put(Path(), file.name, file.content)))

    def _why(self, rest: str) -> None:
        briefing = self._session.last.briefing if self._session.last else Briefing()
        if not (briefing.memories or briefing.summaries or briefing.excerpts):
            console.say("Nothing was remembered for the last reply.")
        for memory in self._session.shown:
            exchange = memory.exchange
            console.say(f"#{exchange.id}  {memory.score:.2f}  {console.local(exchange.when)}  {exchange.place.title or exchange.place.id}")
            console.say(f"    {exchange.person.shown}: {console.brief(exchange.said)}")
        for number, excerpt in enumerate(briefing.excerpts, 1):
            console.say(f"[{number}]  {excerpt.score:.2f}  {console.brief(origin(excerpt), 200)}")
            console.say(f"    {console.brief(excerpt.text)}")
        for summary in briefing.summaries:
            saved = console.counted(summary.saved, "token", "tokens")
            console.say(f"summary of a {summary.kind}, {saved} saved: {console.brief(summary.text)}")

    def _new(self, rest: str) -> None:
        self._session.start()
        console.say("A new conversation.")

    def _help(self, rest: str) -> None:
        console.say(HELP)

    def _line(self) -> str | None:
        """Return the next line; None at the end."""
        if sys.stdin.isatty():
            return self._typed()
        found = sys.stdin.buffer.readline(self._longest + 1)
        if len(found) > self._longest:
            console.say(f"Error: a line of more than {console.size(self._longest)} is not taken.")
            return None
        return found.decode("utf-8", "replace").rstrip("\r\n") if found else None

    def _typed(self) -> str | None:
        try:
            return self._asked()
        except KeyboardInterrupt:
            console.aside("\nCtrl+C once more leaves; so do Ctrl+D and /quit.")
        return self._asked()

    def _asked(self) -> str | None:
        prompt = f"{console.printable(self._session.person.shown)}: "
        try:
            if sys.stdout.isatty():
                _edit_lines()
                return input(prompt)
            console.aside(prompt, nl=False)
            return input()
        except EOFError:
            console.say("")
            return None


def streamed(session: Session, said: str) -> None:
    """Say something and show the reply while it comes. Ctrl+C stops the reply and raises KeyboardInterrupt."""
    shown = ReplyText()
    try:
        with one_interrupt(), closing(session.reply(said)) as pieces:
            for piece in pieces:
                console.stream(shown.feed(piece))
        console.stream(shown.rest())
    finally:
        if shown.begun:
            console.answer()
        for line in session.footnotes:
            console.aside(console.brief(line, 300))
        if session.question:
            console.aside(f"asked as: {console.brief(session.question, 500)}")


def _edit_lines() -> None:
    """Let the arrow keys work in what is typed, where Python can."""
    try:
        import readline  # noqa: F401
    except ImportError:
        return
