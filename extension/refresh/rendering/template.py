"""What a chat template writes around messages, found by rendering conversations whose contents are marks.

A template is a program: it may write a system prompt of its own, move one, refuse roles, trim, end the text with a token. What a
conversation needs of it are four texts (the head and the end of a turn, for users and for the assistant) and what stands before the first
turn. They are taken from the middle of a long exchange, so that they hold at any length: the beginning of a conversation is rendered alike
whether it goes on or not, which a template itself does not always promise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import SettingsError
from .encoder import Encoder

CHATML = (
    "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>' }}{% endif %}"
)
CHATML_TOKENS = ("<|im_start|>", "<|im_end|>")
MARKS = tuple(f"Qz{number}Vx" for number in range(7))
_INSTEAD = "Take tag_placement: tag_only, or another template as custom_chat_template (`chatml` for instance)."
_DAY = "{%- macro strftime_now(format) -%}{% if format == '%Y-%m-%d' %}2024-07-26{% else %}26 Jul 2024{% endif %}{%- endmacro -%}"
"""What a template is told that asks for today: with another day in it, a prompt would not be the one that was learned."""
_USER = re.compile("user|human", re.IGNORECASE)
_REFUSES = (TypeError, ValueError, KeyError, AttributeError, IndexError)
"""What a template raises, beside Jinja's own errors, that does not take the messages it is given."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """What stands around what somebody says."""

    head: str
    end: str


@dataclass(frozen=True, slots=True)
class Template:
    """What a chat template writes around messages."""

    opening: str
    """Before the first turn, where there is no system prompt."""
    system: Bracket | None
    """Around a system prompt, from the very beginning; None where the template knows none."""
    user: Bracket
    assistant: Bracket
    alternates: bool
    """Whether it takes no two messages of a user in a row."""
    role: tuple[str, str] | None
    """The head of a turn before and after the name of the role, where that is plain text; None where it is not, or there is none."""


def read(tokenizer: Any, encoder: Encoder) -> Template:
    """Return what the chat template of a tokenizer writes. Raises SettingsError where it has none, or one that takes no conversation."""
    if not tokenizer.chat_template:
        raise SettingsError(f"The model has no chat template. {_INSTEAD}")
    probe = _Probe(tokenizer)
    between = probe.between(["user", "assistant"] * 3)
    after_user = probe.between(["user", "assistant", "user"])
    if between is None or after_user is None:
        raise SettingsError(f"The chat template of the model does not take a conversation of user and assistant{probe.reason}. {_INSTEAD}")
    user_end = _shared(encoder, between[3], after_user[3])
    assistant_end = _shared(encoder, between[4], between[6])
    if not assistant_end and user_end and between[4].startswith(user_end):
        assistant_end = user_end  # at the very end it writes another token than between turns
    user = Bracket(between[4][len(assistant_end) :], user_end)
    assistant = Bracket(between[3][len(user_end) :], assistant_end or tokenizer.eos_token or "")
    if not assistant.end:
        raise SettingsError(f"Nothing in the chat template of the model ends what the assistant says. {_INSTEAD}")
    opening = between[0][: len(between[0]) - _same_end(between[0], user.head)]
    alternates = probe.between(["user", "user", "assistant"]) is None
    return Template(opening, _system(probe, user.head), user, assistant, alternates, _role(user.head, encoder))


class _Probe:
    """A template, asked what it writes."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        template = tokenizer.chat_template
        written = template if isinstance(template, str) else str(dict(template).get("default", ""))
        self._template = _DAY + written if "strftime_now" in written else written
        self._bos = tokenizer.bos_token or ""
        self.reason = ""

    def between(self, roles: Sequence[str]) -> list[str] | None:
        """Return what stands before, between and after the contents of messages of these roles; None where it does not take them."""
        marks = MARKS[: len(roles)]
        for contents in (marks, [[{"type": "text", "text": mark}] for mark in marks]):  # some know images, too, and want parts
            text = self._rendered([{"role": role, "content": content} for role, content in zip(roles, contents, strict=True)])
            if re.findall("Qz.Vx", text) == list(marks):
                return re.split("|".join(marks), text)
        return None

    def _rendered(self, rows: list[dict[str, Any]]) -> str:
        from jinja2 import TemplateError

        try:
            text = str(self._tokenizer.apply_chat_template(rows, chat_template=self._template, tokenize=False, add_generation_prompt=False))
        except (TemplateError, *_REFUSES) as exc:
            self.reason = self.reason or f" ({str(exc)[:200]})"
            return ""
        while self._bos and text.startswith(self._bos * 2):
            text = text[len(self._bos) :]
        return text


def _system(probe: _Probe, user_head: str) -> Bracket | None:
    """Return what stands around a system prompt, where it is a message of its own."""
    between = probe.between(["system", "user", "assistant", "user"])
    if between is None or not user_head or not between[1].endswith(user_head):
        return None
    return Bracket(between[0], between[1][: len(between[1]) - len(user_head)])


def _role(head: str, encoder: Encoder) -> tuple[str, str] | None:
    """Return a head before and after the word that names the role."""
    taken = [found.span() for marker in encoder.markers for found in re.finditer(re.escape(marker), head)]
    found = [each for each in _USER.finditer(head) if not any(start < each.end() and each.start() < end for start, end in taken)]
    return (head[: found[0].start()], head[found[0].end() :]) if len(found) == 1 else None


def _shared(encoder: Encoder, one: str, other: str) -> str:
    """Return what two texts begin with alike, in whole tokens: `<|end|>` and `<|endoftext|>` share nothing."""
    markers = "|".join(map(re.escape, encoder.markers))
    pieces = [re.findall(f"{markers}|." if markers else ".", text, re.DOTALL) for text in (one, other)]
    shared = ""
    for left, right in zip(*pieces, strict=False):
        if left != right:
            break
        shared += left
    return shared


def _same_end(text: str, head: str) -> int:
    """Return how many characters two texts end with alike."""
    pairs = zip(reversed(text), reversed(head), strict=False)
    return next((count for count, (left, right) in enumerate(pairs) if left != right), min(len(text), len(head)))
