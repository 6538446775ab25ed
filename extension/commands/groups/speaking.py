"""Commands that let the model or a companion speak: raw, without the conversation, in other words, as somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import CommandRefused
from ...memory.diary import Filter
from ...messages import Message
from ...options.kinds import Found, OneOf, Whole, Words
from ...permissions.level import Level
from ...prompt import split_reasoning
from ..call import Call
from ..command import Argument, Command, Outcome
from ..speakers import lines_of, speakers
from . import cloning

_REWORD = "Say the following in other words. Keep what it means, its language and about its length. Answer with the new text alone.\n\n"


def generate(call: Call) -> Outcome:
    """Show what the model makes of a prompt that stands alone."""
    return _told(call, [Message("user", call["prompt"])], private=True)


def ask(call: Call) -> Outcome:
    """Ask the companion something without the conversation and without memory."""
    context = call.app.choices(call.scene.spot).context(call.app.character(call.scene.companion).context, call["question"])
    system = [Message("system", context)] if context else []
    return _told(call, [*system, Message("user", call["question"])])


def reword(call: Call) -> Outcome:
    """Put a text, or the last reply here, in other words."""
    text = call["text"] or _reply(call)
    if call["voice"]:
        return cloning.reword(call, text, call["voice"])
    return _told(call, [Message("user", f"{_REWORD}{text}")])


def _reply(call: Call) -> str:
    """Return the reply that the command acts on, or the last one here."""
    diary = call.app.memories.diary
    if call.scene.message is not None:
        return diary.one(call.scene.message).reply
    newest = call.app.memories.seen.of(call.place.id, diary.browse(Filter(place=call.place.id), limit=20))
    found = next((each.reply for each in newest if each.reply.strip()), "")
    if not found:
        raise CommandRefused("There is no reply here that could be put in other words. Give a text.")
    return found


def _told(call: Call, messages: list[Message], *, private: bool = False) -> Outcome:
    generation = call.app.choices(call.scene.spot).generation(call.app.generation)
    made = "".join(call.scene.generate(messages, generation))
    text = split_reasoning(made)[1].strip()
    if not text:
        raise CommandRefused("The model answered nothing. Try again, or in other words.")
    return Outcome(text, private=private)


def speak_as(call: Call) -> Outcome:
    """Let a companion speak next, or the clone of somebody who agreed to it."""
    found = None if _is_companion(call) else cloning.find(call, call["name"])
    if found is not None:
        clones, part = found
        return cloning.speak(call, clones, replace(part, seed=call["seed"] or ""))
    call.scene.answer([call["name"]])
    return Outcome("", private=True)


def say_as(call: Call) -> Outcome:
    """Say a text as a companion, or as the clone of somebody who agreed to it."""
    found = None if _is_companion(call) else cloning.find(call, call["name"])
    if found is not None:
        return Outcome(call.scene.voice(found[1].speaker.name + cloning.SUFFIX, call["text"]) or "Said.", private=not call.asker.here)
    call.scene.speak(call["name"], call["text"])
    return Outcome("Said.", private=True)


def batch(call: Call) -> Outcome:
    """Let the companion speak several times, or show what clones would say next."""
    if call["names"]:
        return cloning.batch(call, "" if call["names"].strip().lower() == "everybody" else call["names"], call["n"])
    call.scene.answer([call.scene.companion], call["n"])
    return Outcome("", private=True)


def next_speaker(call: Call) -> Outcome:
    """Say who the model finds likeliest to speak next."""
    if call["among"]:
        return cloning.next_speaker(call)
    lines = lines_of(call.scene.talk())[-_LINES:]
    if not lines:
        raise CommandRefused("Nothing was said here yet.")
    found = speakers(call.app.host, lines, call.scene.companion)
    if found is None:
        raise CommandRefused(f"{call.app.host.model} does not tell how likely words are; the model in this process does.")
    return Outcome("\n".join(f"{share:4.0%}  {name}" for name, share in sorted(found.items(), key=lambda each: -each[1])))


def _is_companion(call: Call) -> bool:
    return call["name"].strip().casefold() in {name.casefold() for name in call.app.companions()}


def _speakers(call: Call) -> Sequence[str]:
    return [*call.app.companions(), *cloning.names(call)]


_LINES = 40
"""Messages that are looked at, the newest."""
_NAME = Found("the name of a companion, or how it begins; or of a person who can be spoken as")

GROUP = (
    Command(
        "generate",
        "Show what the model makes of a prompt alone, to you only.",
        generate,
        (Argument("prompt", Words(20_000), "the prompt, as it is", rest=True),),
        level=Level.MOD,
        spends=True,
    ),
    Command(
        "ask",
        "Ask the companion something without the conversation and without memory.",
        ask,
        (Argument("question", Words(20_000), "what to ask", rest=True),),
        spends=True,
    ),
    Command(
        "reword",
        "Put the last reply here, or a text, in other words.",
        reword,
        (
            Argument("text", Words(20_000), "what to put in other words; the last reply here", required=False, rest=True),
            Argument("voice", Found("a person who can be spoken as"), "in whose words", required=False, choices=cloning.names),
        ),
        spends=True,
        on_message=True,
    ),
    Command(
        "as",
        "Let a companion speak next, or the clone of a person.",
        speak_as,
        (
            Argument("name", _NAME, "which one", rest=True, choices=_speakers),
            Argument("seed", Words(500), "words a clone begins with", required=False),
        ),
        spends=True,
    ),
    Command(
        "sayas",
        "Say a text as a companion, or as the clone of a person.",
        say_as,
        (
            Argument("name", _NAME, "which one", choices=_speakers),
            Argument("text", Words(20_000), "what it says", rest=True),
        ),
        level=Level.MOD,
    ),
    Command(
        "batch",
        "Let the companion speak several times in a row, or show what clones of people would say, so many versions of each.",
        batch,
        (
            Argument("n", Whole(1, 10), "how often"),
            Argument("names", Words(1000), "whose clones, with commas between, or everybody", required=False, rest=True),
        ),
        level=Level.MOD,
        spends=True,
    ),
    Command(
        "next-speaker",
        "Say how likely the model finds each of those who talk to speak next.",
        next_speaker,
        (Argument("among", OneOf(("clones",)), "those who can be spoken as, by the model trained on them", required=False),),
        spends=True,
    ),
)
