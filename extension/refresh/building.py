"""From prepared chats to a dataset: split, cut, rendered, counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import SettingsError
from .conversations.builders import samples
from .conversations.cutting import split as sentences
from .conversations.split import split
from .dataset import Dataset, Half, Manifest, Person
from .entries import Entry
from .recipe.format import Dataset as Cutting
from .recipe.recipe import Recipe
from .rendering.renderer import Rendered, Renderer
from .turns import Conversation, Speaker, Turn

LEAST_ROOM = 8
"""Tokens that words must have in a sample beside the system prompt and a name tag."""
Progress = Callable[[int, int], None]
"""Is told (turns done, turns in all)."""


@dataclass(slots=True)
class _Told:
    """What happened on the way."""

    turns: int = 0
    truncated: int = 0
    entries: list[Entry] = field(default_factory=list)


def cast(chats: Iterable[Conversation]) -> tuple[tuple[Speaker, ...], tuple[Speaker, ...]]:
    """Return whose words are learned and who is only read, each by who speaks most, then by id."""
    learned: dict[Speaker, int] = {}
    others: dict[Speaker, int] = {}
    for chat in chats:
        for turn in chat.turns:
            which = learned if turn.learned else others
            which[turn.speaker] = which.get(turn.speaker, 0) + 1
    for speaker in learned:
        others.pop(speaker, None)
    return _ordered(learned), _ordered(others)


def build(
    chats: Sequence[Conversation], recipe: Recipe, tokenizer: Any, model: str, progress: Progress = lambda done, total: None
) -> Dataset:
    """Return the dataset of prepared chats for the tokenizer of a model.

    A sample in which nothing is learned is left out: there is nothing to be had from it. Raises SettingsError where the recipe does not
    fit the model, or two people would speak under one tag.
    """
    people, others = cast(chats)
    renderer = Renderer(tokenizer, recipe.format, people, others)
    how = recipe.dataset
    hours = how.hours_between_sessions if isinstance(how.hours_between_sessions, tuple) else (how.hours_between_sessions,)
    train, held = split(chats, how.eval_frac, max(hours), how.min_session_length)
    total = sum(len(chat.turns) for chat in chats)
    told = _Told()
    halves = []
    for part, thresholds in ((train, hours), (held, (max(hours),))):
        rendered = _rendered(part, renderer, how, thresholds, told, lambda done: progress(done, total))
        halves.append(Half.of((each.ids, each.learned) for each in rendered))
    counts = halves[0].counts
    manifest = Manifest(
        model=model,
        tokenizer=digest(renderer.tokenizer),
        added=renderer.added,
        people=tuple(_person(each) for each in people),
        others=tuple(_person(each) for each in others),
        format_section=recipe.format,
        dataset_section=how,
        placement=renderer.placement,
        **counts.model_dump(),
        eval=halves[1].counts,
        truncated=told.truncated,
    )
    return Dataset(halves[0], halves[1], tuple(told.entries), manifest)


def renderer_of(manifest: Manifest, tokenizer: Any) -> Renderer:
    """Return the renderer a dataset was made with, from the tokenizer of its model. Raises SettingsError for that of another one."""
    people, others = ([Speaker(each.id, each.name, each.first_name) for each in some] for some in (manifest.people, manifest.others))
    made = Renderer(tokenizer, manifest.format_section, people, others)
    if digest(made.tokenizer) != manifest.tokenizer:
        raise SettingsError(f"The dataset was made for the tokenizer of {manifest.model}. Name that model in the recipe, or build it anew.")
    return made


def digest(tokenizer: Any) -> str:
    """Return what a tokenizer is known by: its vocabulary and how it cuts, with tokens that were added; not its template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    told = json.loads(backend.to_str()) if backend is not None else {"vocab": tokenizer.get_vocab()}
    told = {key: value for key, value in told.items() if key not in ("truncation", "padding")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _rendered(
    chats: Sequence[Conversation],
    renderer: Renderer,
    how: Cutting,
    thresholds: Sequence[float],
    told: _Told,
    progress: Callable[[int], None],
) -> Iterator[Rendered]:
    for chat in chats:
        chat, costs, room = _fitted(chat, renderer, how, told)
        for hours in thresholds:
            for sample in samples(chat, costs, room, hours, how):
                rendered = renderer.render(sample)
                if any(rendered.learned):
                    told.entries.append(Entry(sample, rendered.spans))
                    yield rendered
        told.turns += len(chat.turns)
        progress(told.turns)


def _fitted(chat: Conversation, renderer: Renderer, how: Cutting, told: _Told) -> tuple[Conversation, list[int], int]:
    """Return a chat no turn of which is too long for a sample, what its turns take, and what a sample has room for."""
    room = how.chunk_size - renderer.around(chat)
    needed = max((renderer.measured([replace(turn, text="")])[0] for turn in {t.speaker: t for t in chat.turns}.values()), default=0)
    if room < needed + LEAST_ROOM:
        raise SettingsError(
            f"A chunk_size of {how.chunk_size} is too small: the system prompt and a name tag take {how.chunk_size - room + needed} tokens."
            f" Give {how.chunk_size - room + needed + LEAST_ROOM} at least, or a shorter prompt."
        )
    costs = renderer.measured(chat.turns)
    if max(costs, default=0) <= room:
        return chat, costs, room
    turns: list[Turn] = []
    for turn, cost in zip(chat.turns, costs, strict=True):
        if cost <= room:
            turns.append(turn)
            continue
        parts = sentences(turn, lambda each: renderer.measured([each])[0], room)
        told.truncated += how.allow_truncation
        turns += parts[:1] if how.allow_truncation else parts
    chat = Conversation(chat.id, tuple(turns), chat.system)
    return chat, renderer.measured(chat.turns), room


def _ordered(counts: dict[Speaker, int]) -> tuple[Speaker, ...]:
    return tuple(sorted(counts, key=lambda speaker: (-counts[speaker], speaker.id)))


def _person(speaker: Speaker) -> Person:
    return Person(id=speaker.id, name=speaker.name, first_name=speaker.first_name)
