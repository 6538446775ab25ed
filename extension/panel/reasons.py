"""The answer to "why did it answer so?": the memories shown to the model for the last reply, as HTML."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Sized
from dataclasses import replace

from ..app import App
from ..errors import FamiliarError
from ..messages import Briefing, Exchange, Memory
from .cards import Viewer, cards, note
from .cited import quoted, quotes
from .door import Door, Here
from .why import Why

log = logging.getLogger(__name__)

NOTHING_YET = "Nothing yet. After the next reply, this shows which memories the model was given for it."
NOTHING_FOUND = "No memory bears on the last message, so the model was given none."
OFF = "Memories are switched off, so the model is given none."


def reasons(door: Door, here: Here) -> str:
    """Return HTML that says what was recalled for the last reply here. Never raises: a failure is a sentence too."""
    try:
        app, person = door.app(), door.person()
        why = door.whys.last(person.id, here.place)
        viewer = Viewer(person.id, here.place)
        if why is not None:
            return _shown(app, why, viewer, enabled=door.attention().enabled)
        return _from_diary(app, viewer) or note(NOTHING_YET)
    except FamiliarError as exc:
        return note(str(exc), "bad")
    except Exception as exc:
        log.exception("The last briefing could not be shown")
        return note(f"This cannot be shown ({type(exc).__name__}); the log has the details.", "bad")


def _shown(app: App, why: Why, viewer: Viewer, *, enabled: bool) -> str:
    briefing = why.briefing
    if not briefing.memories and not briefing.excerpts:
        return _further(briefing) if briefing.note else note(NOTHING_FOUND if enabled else OFF) + _further(briefing)
    found = _found(app, briefing.memory_ids)
    memories = [replace(memory, exchange=found[memory.exchange.id]) for memory in briefing.memories if memory.exchange.id in found]
    tokens = f" in {briefing.tokens:,} tokens" if briefing.tokens else ""
    opening = _opening(viewer.when(why.when), len(briefing.memories), len(briefing.excerpts), tokens)
    return opening + cards(memories, viewer) + _rest(briefing.memories, memories) + quoted(briefing.excerpts) + _further(briefing)


def _from_diary(app: App, viewer: Viewer) -> str:
    """Return what the diary knows of a reply from before this program was started: which memories and excerpts, but no scores."""
    chat = app.memories.diary.chat(viewer.place) if viewer.place else []
    if not chat or chat[-1].person.id != viewer.person or not (chat[-1].memories or chat[-1].excerpts):
        return ""
    found = _found(app, chat[-1].memories)
    memories = [Memory(found[number], 0.0) for number in chat[-1].memories if number in found]
    opening = _opening(viewer.when(chat[-1].when), len(chat[-1].memories), len(chat[-1].excerpts))
    kept = quoted(app.library.excerpts(chat[-1].excerpts), with_scores=False)
    return opening + cards(memories, viewer, with_scores=False) + _rest(chat[-1].memories, memories) + kept


def _found(app: App, numbers: Sequence[int]) -> dict[int, Exchange]:
    """Return what the diary still holds of some exchanges, in its present words."""
    return {exchange.id: exchange for exchange in app.memories.diary.get(numbers)}


def _opening(when: str, memories: int, excerpts: int, tokens: str = "") -> str:
    parts = (_plural(memories) if memories else "", quotes(excerpts) if excerpts else "")
    return note(f"For the message of {when}, the model was given {' and '.join(filter(None, parts))}{tokens}.")


def _rest(shown: Sized, left: Sized) -> str:
    gone = len(shown) - len(left)
    return note(f"{_plural(gone)} of them {'was' if gone == 1 else 'were'} forgotten since.") if gone else ""


def _further(briefing: Briefing) -> str:
    """Return what else there is to say of a briefing: its note, how the question was put, and what summaries saved."""
    asked = f"{briefing.rewritten_by or 'A model'} put the question as: {briefing.question}" if briefing.question else ""
    return note(briefing.note) + note(asked) + note(_saved(briefing))


def _saved(briefing: Briefing) -> str:
    if not briefing.summaries:
        return ""
    count = sum(summary.exchanges for summary in briefing.summaries)
    summaries = "1 summary stands" if len(briefing.summaries) == 1 else f"{len(briefing.summaries)} summaries stand"
    exchanges = "1 exchange" if count == 1 else f"{count:,} exchanges"
    return f"{summaries} for {exchanges} that the model does not see: {briefing.saved:,} tokens saved."


def _plural(count: int) -> str:
    return "1 memory" if count == 1 else f"{count} memories"
