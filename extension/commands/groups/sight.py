"""Commands about what the model sees of a place: begin anew, look, hide."""

from __future__ import annotations

from ...errors import CommandRefused, NotFound
from ...memory.diary import Filter
from ...messages import Exchange
from ...options.kinds import OneOf, Whole, Words
from ...permissions.level import Level
from ..block import brief
from ..call import Call
from ..command import Argument, Command, File, Outcome

_ROOM = 1800
"""Characters that are shown; what is longer comes as a file."""


def reset(call: Call) -> Outcome:
    """Begin a new conversation here, or go back to the old one."""
    seen = call.app.memories.seen
    if call["undo"]:
        if not seen.undo(call.place.id):
            raise CommandRefused("There is no reset here that could be undone.")
        call.scene.begun_anew()
        return Outcome("The conversation goes on where it was before the reset.")
    seen.begin_anew(call.place.id, call.person)
    call.scene.begun_anew()
    return Outcome("A new conversation. What was said before is not shown to the model; it may be remembered. `reset-chat undo` goes back.")


def input_messages(call: Call) -> Outcome:
    """Show what the model would be shown now."""
    shown = call.scene.shown()
    text = "\n\n".join(f"[{message.role}]\n{message.content}" for message in shown)
    if len(text) <= _ROOM:
        return Outcome(text or "Nothing.", private=True)
    return Outcome(f"{len(shown)} messages.", (File("input-messages.txt", text.encode("utf-8", "replace")),), private=True)


def view(call: Call) -> Outcome:
    """List what the model sees of the conversation here."""
    here = call.app.memories.diary.browse(Filter(place=call.place.id), limit=call["count"] or 20)
    seen = {each.id for each in call.app.memories.seen.of(call.place.id, here)}
    lines = [f"{' ' if each.id in seen else '-'} #{each.id}  {each.person.shown}: {brief(each.said, 120)}" for each in reversed(here)]
    lines += ["", "- stands before what the model does not see."] if len(seen) < len(here) else []
    return Outcome("\n".join(lines) or "Nothing was said here.", private=True)


def hide(call: Call) -> Outcome:
    """Take an exchange out of what the model sees."""
    found = _meant(call)
    call.app.memories.seen.hide([found.id])
    return Outcome(f"#{found.id} is hidden: the model does not see it any more. `context unhide {found.id}` shows it again.", private=True)


def unhide(call: Call) -> Outcome:
    """Let the model see what was hidden again."""
    seen = call.app.memories.seen
    hidden = seen.hidden_in(call.place.id)
    wanted = [call["number"]] if call["number"] else hidden
    count = seen.unhide(number for number in wanted if number in hidden)
    return Outcome(f"{count} shown again." if count else "Nothing of the kind is hidden here.", private=True)


def _meant(call: Call) -> Exchange:
    """Return the exchange that is meant: the one the command acts on, that of the number, or the last one here."""
    number = call.scene.message or call["number"]
    here = Filter(place=call.place.id)
    if number is None:
        newest = call.app.memories.seen.of(call.place.id, call.app.memories.diary.browse(here, limit=50))
        if not newest:
            raise CommandRefused("There is nothing here that could be hidden.")
        return newest[0]
    found = call.app.memories.diary.one(number)
    if found.place.id != call.place.id:
        raise NotFound(f"There is no exchange #{number} here.")
    if found.person.id != call.person.id and call.level < Level.MOD:
        raise CommandRefused("What others said is hidden by mods and above.")
    return found


def thread(call: Call) -> Outcome:
    """Make a thread to talk in without mentions."""
    return Outcome(call.scene.make_thread(call["name"]))


def why(call: Call) -> Outcome:
    """Say why nothing was answered here lately."""
    found = call.scene.silences(everybody=call.level >= Level.MOD)
    return Outcome("\n".join(found) or "Everything you said here lately was answered, or nothing of it is known any more.", private=True)


_NAME = Argument("name", Words(100), "of the thread", rest=True)
_NUMBER = Argument("number", Whole(1, 2**53), "of an exchange, as `context view` shows it; the last one here", required=False)

GROUP = (
    Command(
        "reset-chat",
        "Begin a new conversation here; `undo` goes back to the old one.",
        reset,
        (Argument("undo", OneOf(("undo",)), "goes back to the conversation before", required=False),),
        changes=True,
        aliases=("reset",),
    ),
    Command("input-messages", "Show what the model would be shown now.", input_messages),
    Command(
        "context view",
        "List what the model sees of the conversation here.",
        view,
        (Argument("count", Whole(1, 200), "of the latest", required=False),),
    ),
    Command("context hide", "Take an exchange out of what the model sees.", hide, (_NUMBER,), changes=True, on_message=True),
    Command("context unhide", "Show the model again what was hidden, one or all of it.", unhide, (_NUMBER,), changes=True),
    Command(
        "context clear",
        "Begin a new conversation here, as `reset-chat` does.",
        reset,
        changes=True,
    ),
    Command(
        "why",
        "Say why nothing was answered here lately.",
        why,
    ),
    Command("thread", "Make a thread to talk in without mentions.", thread, (_NAME,), changes=True),
)
