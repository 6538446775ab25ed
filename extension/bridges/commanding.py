"""Commands on a platform: run, answered in a code block that nothing ends, and shown to nobody whom it is not for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from ..commands.block import block
from ..commands.running import Answered, Given, Running
from ..errors import BridgeError, NotFound
from ..texts import tr
from .heard import Button, Handle, Heard, Post, defused
from .plan import plan
from .stage import Stage

log = logging.getLogger(__name__)

YES, NO = "familiar:yes:", "familiar:no:"


@dataclass
class Commanding:
    """Runs commands and shows what came of them. Never raises."""

    running: Running
    most_parts: int = 6

    def run(self, given: Given, stage: Stage) -> Answered | None:
        """Run a command and show the outcome; None, and nothing is shown, for people who are ignored."""
        answered = self.running.run(given, stage)
        if answered is not None:
            self.show(answered, stage.heard, stage.handle)
        stage.over()
        return answered

    def confirm(self, button: str, by: Heard, stage: Stage) -> Answered | None:
        """Do what somebody was asked about, if it is they who say yes, where they were asked."""
        try:
            given = self.running.questions.pressed(by.asker, button.removeprefix(YES).removeprefix(NO))
        except NotFound:
            self.show(Answered(tr("That was asked too long ago. Say it again."), "refused", private=True), by, stage.handle)
            return None
        if given is None:
            return None
        if button.startswith(NO):
            self.show(Answered(tr("Nothing was done.")), by, stage.handle)
            return None
        return self.run(given, stage)

    def show(self, answered: Answered, heard: Heard, handle: Handle) -> None:
        """Show what came of a command, to who gave it alone where it is private."""
        buttons: tuple[Button, ...] = ()
        if answered.question is not None:
            token = self.running.questions.put(heard.asker, heard.text, answered.question)
            buttons = (Button(f"{YES}{token}", tr("Yes")), Button(f"{NO}{token}", tr("No")))
            more = "" if handle.capabilities.buttons else " " + tr("`--yes` does it; say it again if you were only talking.")
            answered = replace(answered, text=f"{answered.text}{more}")
        try:
            self._show(answered, heard, handle, buttons)
        except BridgeError as exc:
            log.warning("What came of a command could not be shown: %s", exc)

    def _show(self, answered: Answered, heard: Heard, handle: Handle, buttons: tuple[Button, ...]) -> None:
        private = answered.private and not (heard.direct or heard.alone)
        if private and not handle.capabilities.private:
            elsewhere = handle.direct(heard.person)
            if elsewhere is None:
                refusal = tr("That is for you alone, and I cannot show it here. Ask me in private.")
                handle.post(Post(block(refusal), (heard.person.id,), heard.id))
                return
            handle, heard, private = elsewhere, replace(heard, id=""), False
        can = handle.capabilities
        text = defused(answered.text)
        parts, file = plan(block(text), can.limit, self.most_parts, measure=can.measure) if text.strip() else ([], None)
        parts += [answered.link] if answered.link else []
        usual = Post(mentions=(heard.person.id,), reply_to=heard.id, private=private)
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            handle.post(replace(usual, text=part, buttons=buttons if last and can.buttons else ()))
        for each in filter(None, (file, *answered.files)):
            handle.post(replace(usual, file=each))
