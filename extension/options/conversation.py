"""What people choose about a conversation beside generation: who answers when, what it is told, and which words it uses."""

from __future__ import annotations

from .kinds import Either, Many, Number, OneOf, Switch, Whole, Words
from .option import Layer, Option
from .texts import Escaped, Weighted

_PLACE: tuple[Layer, ...] = ("global", "server", "channel", "thread")
_OWN: tuple[Layer, ...] = ("global", "person")

WORDS = (
    Option("stop-words", Many(Escaped(), 16), "Texts at which a reply ends; \\n is a line break.", "words", default=()),
    Option("banned-words", Many(Words(60), 64), "Words that are not to be said.", "words", default=()),
    Option("word-weights", Many(Weighted(), 64), "Words to be said more, or less with a weight below 0.", "words", default=()),
)

CONVERSATION = (
    Option(
        "input-buffer-size",
        Whole(1, 1000),
        "How many messages of the chat the model is shown; the system prompt is not counted. None for as many as fit.",
        "conversation",
        layers=_OWN,
        optional=True,
    ),
    Option("prompt", Words(8000), "The system prompt, in place of the companion's own.", "conversation", optional=True),
    Option(
        "answer-length", OneOf(("auto", "short", "long")), "How long answers are; auto is by the question.", "conversation", optional=True
    ),
    Option("autoreply", Switch(), "Whether it answers every message here.", "conversation", default=False, layers=_PLACE),
    Option(
        "lurk",
        Either(OneOf(("off",)), Number(0, 1, open_below=True)),
        "Speaks by itself where the model finds it as likely as this that it would be next.",
        "conversation",
        default="off",
        layers=_PLACE,
    ),
    Option("by-reaction", Switch(), "Whether it answers only what somebody reacts to.", "conversation", default=False, layers=_PLACE),
    Option("speaking", Switch(), "Whether it speaks here at all.", "conversation", default=True, layers=_PLACE),
    Option("streaming", Switch(), "Whether a reply is shown while it is made.", "conversation", default=True),
    Option("alias", Many(Words(40), 16), "Further names it listens to.", "conversation", default=(), layers=_PLACE),
    Option("companion", Words(200), "Who answers here.", "conversation", optional=True),
    Option(
        "companions",
        Many(Words(200), 16),
        "Who else can be spoken to here: `!` and the first letter of a name, before what is said, asks that one.",
        "conversation",
        default=(),
        layers=_PLACE,
    ),
    Option(
        "keep-attachments",
        Switch(),
        "Whether files that come with messages are kept in the library of this place.",
        "conversation",
        default=False,
        layers=_PLACE,
    ),
    Option("banter", Whole(0, 20), "How many turns companions go on by themselves; 0 for none.", "conversation", default=0, layers=_PLACE),
)
