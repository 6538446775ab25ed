"""Prompt enrichment: a model, perhaps a small other one, puts what memory says into the question before it is asked.

"What is he allergic to?" becomes "What is my dog Biscuit allergic to?". The diary keeps the person's own words. Whatever
goes wrong, and whatever does not look like the same question, the question is asked as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from ..errors import FamiliarError, HostTimeout
from ..messages import Generation, Message
from ..ports import Host
from ..prompt import quoted
from .asking import answer_of
from .fulltext import meaningful
from .stems import Stems

log = logging.getLogger(__name__)

LONGEST_QUESTION = 1_000
"""Characters of a message that is rewritten; a longer one says by itself what it means."""
KEPT = 0.5
"""Part of the words of the question that must be left in the rewritten one."""
KNOWN = 0.8
"""Part of the rewritten question's words that must stand in the question or in the briefing."""
_SYSTEM = (
    "You rewrite messages. You are given excerpts from earlier conversations and a message. Rewrite the message so that it is clear "
    "without the excerpts: put in the names, dates and facts that it means. Keep its wish, its language, and who speaks: I stays I. "
    "Do not answer it. If the excerpts do not help, repeat the message as it is. Write only the message."
)
_TRIVIAL = ' \t"“”'


class Enrichment:
    """Rewrites questions with the host that `host` returns, in at most `timeout` seconds each."""

    def __init__(self, host: Callable[[], Host], timeout: float) -> None:
        self._host = host
        self._timeout = timeout

    def rewritten(self, question: str, briefing: str) -> tuple[str, str]:
        """Return the question rewritten with a briefing, and the model that did it; ('', '') where it stays as it is.

        Raises what making the host raises, and HostError, HostTimeout among them.
        """
        if len(question) > LONGEST_QUESTION or "```" in question:
            return "", ""
        host = self._host()
        answer = self._answer(host, question, briefing)
        return (text, host.model) if (text := accepted(question, briefing, answer)) else ("", "")

    def _answer(self, host: Host, question: str, briefing: str) -> str:
        """Ask in a thread of its own, so that a host that is silent costs no more than the timeout."""
        over, told = Event(), _Told()
        options = Generation(max_new_tokens=64 + len(question) // 2, temperature=0.0)
        asked = [Message("system", _SYSTEM), Message("user", f"{briefing}\n\nThe message:\n{question}\n\nThe message, rewritten:")]

        def ask() -> None:
            try:
                told.answer = answer_of(host, asked, options, over.is_set) or ""
            except FamiliarError as exc:
                told.error = exc
            except Exception as exc:
                log.exception("A question could not be rewritten")
                told.error = HostTimeout(f"it failed ({type(exc).__name__}), see the log.")
            told.done.set()

        Thread(target=ask, name="familiar-enrichment", daemon=True).start()
        if not told.done.wait(self._timeout):
            over.set()
            raise HostTimeout(f"it took longer than {self._timeout:g} seconds. Use a faster model, or raise FAMILIAR_ENRICH_TIMEOUT.")
        if told.error is not None:
            raise told.error
        return told.answer


class _Told:
    """What a thread has to tell."""

    def __init__(self) -> None:
        self.done = Event()
        self.answer = ""
        self.error: FamiliarError | None = None


def accepted(question: str, briefing: str, answer: str) -> str:
    """Return the answer as a question of one line if it is the same question, put more clearly; '' otherwise."""
    longest = max(3 * len(question), 300)
    if len(answer) > longest:
        return ""
    text = quoted(answer.strip(_TRIVIAL), longest)
    asks = question.rstrip(_TRIVIAL).endswith(("?", "？"))
    if not text or text == quoted(question, longest) or asks is not text.endswith(("?", "？")):
        return ""
    before, after = meaningful(question), meaningful(text)
    known = [word for start in range(0, len(briefing), 4_000) for word in meaningful(briefing[start : start + 4_000])]
    kept = _part(before, after)
    return text if kept >= KEPT and _part(after, [*before, *known]) >= KNOWN else ""


def _part(words: Sequence[str], among: Sequence[str]) -> float:
    """Return which part of the words is among others, whatever their endings; 1 for no words."""
    stems = Stems()
    there = set(stems.of(list(dict.fromkeys(among))))
    return sum(stem in there for stem in stems.of(words)) / len(words) if words else 1.0
