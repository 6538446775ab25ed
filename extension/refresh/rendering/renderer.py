"""The one renderer: conversations as tokens, with what is learned of them, and prompts that are their beginnings.

A conversation is a sequence of segments (what stands before the first turn; then for each turn its head, its tag, what was said, its end),
and each is tokenised by itself. So a prompt is, token for token, what the model saw in training up to where somebody began to speak.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...prompt import WORD_JOINER, defused
from ..recipe.format import CHATML, Format, TagPlacement
from ..turns import Conversation, Speaker, Turn
from .encoder import After, Encoder, Key
from .tags import require_distinct, system_prompt, tag
from .template import CHATML as CHATML_TEMPLATE
from .template import CHATML_TOKENS, Bracket, Template, read

log = logging.getLogger(__name__)

Kind = Literal["opening", "head", "tag", "content", "end"]
LEAST_MARK = 4
"""Characters of plain text below which a template's is too usual to be taken out of people's words."""
_NOBODY = Speaker("", "Nobody")
BETWEEN = "\n\n"
"""Between what several users say in one message, for templates that want users and assistant to alternate."""


@dataclass(frozen=True, slots=True)
class Span:
    """A segment among the tokens of a sample."""

    start: int
    end: int
    kind: Kind
    turn: int
    """Which turn of the conversation it is of; -1 before the first."""
    learned: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as tokens."""

    ids: list[int]
    learned: list[bool]
    """Whether the loss is taken on a token, as what is to be predicted."""
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Stops:
    """What ends a generated turn."""

    ids: tuple[int, ...]
    strings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    after: After
    kind: Kind
    turn: int
    learned: bool

    @property
    def key(self) -> Key:
        return self.text, self.after, self.kind == "content"


class Renderer:
    """Renders conversations in one format for one model.

    `people` are those the model learns to speak as: their names stand in the system prompt, and with `content_prefix` they speak as the
    assistant. `others` speak, too, and are only read. Both belong to the adapter: training and inference must be given the same.
    """

    def __init__(self, tokenizer: Any, style: Format, people: Sequence[Speaker] = (), others: Sequence[Speaker] = ()) -> None:
        """Raises SettingsError where the template of the model, or the one of the recipe, takes no conversation."""
        require_distinct(people, others, style.author_tag)
        self.style, self.people = style, tuple(people)
        self.tokenizer, self.added = _prepared(tokenizer, style)
        self._encoder = Encoder(self.tokenizer)
        self._voices = frozenset(person.id for person in people)
        self._template = _bare(self.tokenizer, style) if style.tag_placement == "tag_only" else read(self.tokenizer, self._encoder)
        self.placement: TagPlacement = style.tag_placement
        """Where tags stand: `content_prefix` where `replace_role` was asked for and the template has no place for a name."""
        if self.placement == "replace_role" and not self._template.role:
            self.placement = "content_prefix"
            log.warning("The chat template of the model has no place for a name: tags stand before the content (content_prefix) instead.")
        self._openings: dict[str, tuple[str, str | None]] = {}
        self._tags: dict[Speaker, str] = {}
        self._frames: dict[Speaker, tuple[int, str, After]] = {}
        self._cast = (*people, *others)
        self._literals = self._plain_marks()
        self._posing = _posing(*self._turnings())
        self.stops = self._stops()

    def render(self, conversation: Conversation) -> Rendered:
        """Return a whole conversation, each turn with its end."""
        ids: list[int] = []
        learned: list[bool] = []
        spans: list[Span] = []
        for segment in self._segments(conversation):
            if found := self._encoder.ids(*segment.key[:2], data=segment.key[2]):
                spans.append(Span(len(ids), len(ids) + len(found), segment.kind, segment.turn, segment.learned))
                ids += found
                learned += [segment.learned] * len(found)
        return Rendered(ids, learned, tuple(spans))

    def prompt(self, conversation: Conversation, next_speaker: Speaker | None = None) -> list[int]:
        """Return the conversation up to where the words of the next speaker begin; without one, up to the end of the last turn.

        What comes between the two is the speaker's tag, with what leads to it: its likelihood tells who speaks next.
        """
        return [
            token
            for segment in self._leading(conversation, next_speaker)
            for token in self._encoder.ids(*segment.key[:2], data=segment.key[2])
        ]

    def prompt_text(self, conversation: Conversation, next_speaker: Speaker | None = None) -> str:
        """Return the prompt as text, for a host that takes no tokens. It may cut a few of them in another way."""
        return "".join(segment.text for segment in self._leading(conversation, next_speaker))

    def measured(self, turns: Sequence[Turn]) -> list[int]:
        """Return how many tokens each turn takes in a conversation, at most, tokenising all of them at once."""
        frames = {speaker: self._frame(speaker) for speaker in dict.fromkeys(turn.speaker for turn in turns)}
        keys: list[Key] = [(frames[turn.speaker][1] + self._said(turn.text), frames[turn.speaker][2], True) for turn in turns]
        self._encoder.learn(keys)
        return [frames[turn.speaker][0] + len(self._encoder.ids(*key[:2], data=True)) for turn, key in zip(turns, keys, strict=True)]

    def around(self, conversation: Conversation) -> int:
        """Return how many tokens a conversation takes beside its turns, at most."""
        return len(self.prompt(Conversation(conversation.id, (), conversation.system)))

    def _frame(self, speaker: Speaker) -> tuple[int, str, After]:
        """Return what a turn of a speaker takes beside the words, at most, and what stands before these: spaces, and after what."""
        if speaker not in self._frames:
            costs = []
            for before in ((), *((Turn(other, ""),) for other in (_NOBODY, *self.people[:1]))):
                whole = self.render(Conversation("", (*before, Turn(speaker, "")))).ids
                costs.append(len(whole) - len(self.prompt(Conversation("", before))))
            segments = self._segments(Conversation("", (Turn(speaker, "x"),)))
            said = next(segment for segment in segments if segment.kind == "content")
            self._frames[speaker] = max(costs), said.text[:-1], said.after
        return self._frames[speaker]

    def _leading(self, conversation: Conversation, speaker: Speaker | None) -> Iterator[_Segment]:
        if speaker is None:
            yield from self._segments(conversation)
            return
        turn = Turn(speaker, "", learned=False)
        count = len(conversation.turns)
        for segment in self._segments(Conversation(conversation.id, (*conversation.turns, turn), conversation.system)):
            if segment.turn < count or segment.kind in ("head", "tag"):
                yield segment

    def _segments(self, conversation: Conversation) -> Iterator[_Segment]:
        """Yield the segments. Spaces at the end of a tag stand before the words instead, where tokenizers expect them."""
        after: After = "start"
        held = ""
        for text, kind, turn, learned in self._pieces(conversation):
            text = held + text
            held = ""
            if kind in ("opening", "head", "tag"):
                held = text[len(text.rstrip(" ")) :]
                text = text.rstrip(" ")
            if text:
                yield _Segment(text, after, kind, turn, learned)
                after = "text" if kind == "content" else self._encoder.after(text, after)

    def _pieces(self, conversation: Conversation) -> Iterator[tuple[str, Kind, int, bool]]:
        if conversation.system not in self._openings:
            self._openings[conversation.system] = self._opening(conversation.system)
        opening, pending = self._openings[conversation.system]
        yield opening, "opening", -1, False
        for number, turn in enumerate(conversation.turns):
            voiced = self.placement != "content_prefix" or turn.speaker.id in self._voices
            around = self._template.assistant if voiced else self._template.user
            lead, name = self._head(turn.speaker, around)
            if not voiced and pending is not None:
                lead = BETWEEN
            elif pending is not None:
                lead = pending + lead
            yield lead, "head", number, False
            yield name, "tag", number, turn.learned and self.style.learn_tags
            yield self._said(turn.text), "content", number, turn.learned
            pending = around.end if not voiced and self._template.alternates else None
            yield "" if pending is not None else around.end, "end", number, turn.learned

    def _opening(self, system: str) -> tuple[str, str | None]:
        """Return what stands before the first turn, and what still has to close it: a message of the user that may go on."""
        own = self._encoder.defused(system).strip()
        template = self._template
        if self.placement == "tag_only":
            return template.opening + (own + BETWEEN if own else ""), None
        prompt = own or self._encoder.defused(system_prompt(self.style, self.people)).strip()
        if not prompt:
            return template.opening, None
        if template.system:
            return template.system.head + prompt + template.system.end, None
        asked = template.opening + template.user.head + prompt
        if answer := self._encoder.defused(self.style.prompt.append_msg).strip():
            return asked + template.user.end + template.assistant.head + answer + template.assistant.end, None
        return asked, template.user.end

    def _head(self, speaker: Speaker, around: Bracket) -> tuple[str, str]:
        """Return what leads to the tag of a speaker, and the tag with what parts it from the words."""
        name = self._tag(speaker)
        if self.placement == "replace_role" and self._template.role:
            before, behind = self._template.role
            return before, name + behind
        return around.head, name + self.style.tag_sep if name else ""

    def _tag(self, speaker: Speaker) -> str:
        if speaker not in self._tags:
            self._tags[speaker] = self._encoder.defused(tag(speaker, self.style.author_tag))
        return self._tags[speaker]

    def _said(self, text: str) -> str:
        """Return what somebody said as data: it neither ends their turn nor begins one of another person."""
        text = defused(self._encoder.defused(text).strip(), self._literals)
        return self._posing.sub(lambda found: found[0] + WORD_JOINER, text) if self._posing else text

    def _plain_marks(self) -> tuple[str, ...]:
        """Return what parts messages in a template of plain text, as `[/INST]` or `### Response:`, which is no special token then."""
        if self.placement == "tag_only":
            return ()
        parts = [part for around in (self._template.user, self._template.assistant) for part in (around.head, around.end)]
        return tuple(dict.fromkeys(part.strip() for part in parts if not self._encoder.marked(part) and len(part.strip()) >= LEAST_MARK))

    def _turnings(self) -> tuple[str, tuple[str, ...]]:
        """Return what ends a turn, and with whom the next one then begins; nobody where a special token stands between the two."""
        template, names = self._template, [self._tag(speaker) for speaker in self._cast if self.style.author_tag]
        end, behind = template.assistant.end, self.style.tag_sep
        if self.placement == "replace_role" and template.role:
            end, behind = end + template.role[0], template.role[1]
        elif self.placement == "content_prefix":
            end = "\n"
        return end, () if self._encoder.marked(end) else tuple(name + behind.rstrip(" ") for name in names)

    def _stops(self) -> Stops:
        template, tokenizer = self._template, self.tokenizer
        marked = [found for end in (template.assistant.end, template.user.end) if (found := self._encoder.marked(end))]
        ids = [tokenizer.convert_tokens_to_ids(marker) for marker in marked]
        ids += [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
        strings: list[str] = []
        if not self._encoder.marked(template.assistant.end):
            end, names = self._turnings()
            strings = [end + name for name in names]
            if self.placement == "content_prefix":
                strings = [(template.assistant.end + around.head).rstrip() for around in (template.user, template.assistant)]
            elif not strings:
                strings = [end]
        return Stops(tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(filter(None, strings))))


def _prepared(tokenizer: Any, style: Format) -> tuple[Any, tuple[str, ...]]:
    """Return a tokenizer with the template of the recipe, and the tokens added for it. The one that was given stays as it is."""
    if not style.custom_chat_template or style.tag_placement == "tag_only":
        return tokenizer, ()
    tokenizer = copy.deepcopy(tokenizer)
    if style.custom_chat_template.strip().lower() != CHATML:
        tokenizer.chat_template = style.custom_chat_template
        return tokenizer, ()
    from tokenizers import AddedToken

    known = tokenizer.get_vocab()
    added = tuple(token for token in CHATML_TOKENS if token not in known)
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in CHATML_TOKENS], special_tokens=True)
    tokenizer.chat_template = CHATML_TEMPLATE
    return tokenizer, added


def _bare(tokenizer: Any, style: Format) -> Template:
    """Return what stands around turns where no template is used: the token that the model's texts begin with, and the postfix."""
    first = tokenizer("a")["input_ids"][:1]
    opening = tokenizer.bos_token if tokenizer.bos_token and first == [tokenizer.bos_token_id] else ""
    around = Bracket("", style.postfix)
    return Template(opening, None, around, around, alternates=False, role=None)


def _posing(end: str, names: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds the end of a turn in somebody's words that goes on as another one's turn."""
    if not names:
        return None
    return re.compile(f"{re.escape(end)}(?={'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})")
