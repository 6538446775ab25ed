"""`familiar dataset`: what a recipe makes of the chats, token by token and in numbers, and as a folder to train on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import NotFound
from ..hosts import smollm2
from ..refresh.building import renderer_of
from ..refresh.dataset import Dataset
from ..refresh.entries import Entry
from ..refresh.gathering import gathered
from ..refresh.recipe import files
from ..refresh.recipe.recipe import Recipe
from ..refresh.rendering.loading import tokenizer
from ..refresh.rendering.viewer import Token, coloured, plain, view
from ..refresh.report import Report
from ..refresh.statistics import Statistics, statistics
from ..refresh.training import base
from ..refresh.videos import Videos
from ..settings import Settings
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened

Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The recipe.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value of the recipe: dataset.name=max_tokens; repeat it.", show_default=False
    ),
]
Built = Annotated[Path | None, typer.Option("--dataset", metavar="FOLDER", help="Look at one that is built already.", show_default=False)]
_BAR = 40


def preview(
    ctx: typer.Context,
    sample: Annotated[int, typer.Option("--sample", min=1, metavar="N", help="Which one.")] = 1,
    person: Annotated[
        str | None,
        typer.Option("--person", callback=cleaned, help="Only those in which this one, by name or id, is learned.", show_default=False),
    ] = None,
    config: Config = None,
    changes: Set = None,
    dataset: Built = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show a sample as the model sees it: every token, and which of them are learned. Docs: docs/datasets.md"""
    given = settings(ctx)
    recipe = _recipe(config, changes)
    made = Dataset.load(dataset) if dataset else _gathered(given, recipe)[0]
    number = _chosen(made, sample, person)
    entry, (half, at) = made.entries[number], made.half(number)
    used = renderer_of(made.manifest, tokenizer(_model(given, recipe))).tokenizer
    tokens = view(*half.sample(at), entry.spans, entry.conversation.turns, used)
    if as_json:
        console.answer_json({"sample": number + 1, "half": "train" if half is made.train else "eval", "tokens": list(_plain(tokens))})
        return
    console.aside(_headline(made, number, entry, tokens))
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        _draw(tokens)
        return
    for line in plain(tokens):
        console.answer(console.printable(line))


def stats(
    ctx: typer.Context,
    config: Config = None,
    changes: Set = None,
    dataset: Built = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show what a recipe makes of the chats, in numbers."""
    made, report = (Dataset.load(dataset), None) if dataset else _gathered(settings(ctx), _recipe(config, changes))
    found = statistics(made)
    if as_json:
        console.answer_json(found.plain() | ({"prepared": report.plain()} if report else {}))
        return
    for line in (*(_prepared(report) if report else ()), *_counted(found)):
        console.answer(console.printable(line))


def build(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write; a dataset that is there is replaced.")],
    config: Config = None,
    changes: Set = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Write the dataset of a recipe, to train on."""
    made, report = _gathered(settings(ctx), _recipe(config, changes))
    made.save(out)
    if as_json:
        console.answer_json({"folder": str(out), **statistics(made).plain(), "prepared": report.plain()})
        return
    told = made.manifest
    console.answer(
        f"Written: {out} ({console.counted(told.samples, 'sample', 'samples')}, {told.tokens:,} tokens, {told.learned_tokens:,} of them"
        f" learned; {told.eval.samples:,} kept to measure by)."
    )
    if not told.samples:
        console.say(_NOTHING)


_NOTHING = "Nothing in it is learned. Import a chat (`familiar import-chat`), and see who agreed to it (`familiar people`)."


def _recipe(config: Path | None, changes: Sequence[str] | None) -> Recipe:
    return files.read(config, changes or ()) if config else files.changed(Recipe(), changes or ())


def _model(given: Settings, recipe: Recipe) -> Path:
    return base.located(recipe.model.model_id, None if recipe.model.model_id else smollm2.folder(given.data_dir))


def _gathered(given: Settings, recipe: Recipe) -> tuple[Dataset, Report]:
    model = _model(given, recipe)
    with opened(given) as app:
        titles = Videos(given.data_dir, given.youtube_api_key).titles
        return gathered(app.memories.database, given.data_dir, recipe, model, given.person, given.retention_days, titles)


def _chosen(made: Dataset, sample: int, person: str | None) -> int:
    """Return the number of a sample, counted among those of a person where one is named. Raises NotFound."""
    numbers = [number for number, entry in enumerate(made.entries) if person is None or _is_learned(entry, person)]
    if not numbers:
        raise NotFound(
            f"Nothing of {console.brief(person, 60)} is learned in this dataset. `familiar people` says why." if person else _NOTHING
        )
    if sample > len(numbers):
        raise NotFound(f"There is no sample {sample}: there are {len(numbers):,}. Give a number up to that.")
    return numbers[sample - 1]


def _is_learned(entry: Entry, person: str) -> bool:
    wanted = person.casefold()
    return any(turn.learned and wanted in (turn.speaker.id.casefold(), turn.speaker.name.casefold()) for turn in entry.conversation.turns)


def _plain(tokens: Sequence[Token]) -> Iterator[dict[str, Any]]:
    for token in tokens:
        yield asdict(token) | {"speaker": token.speaker.id if token.speaker else None}


def _headline(made: Dataset, number: int, entry: Entry, tokens: Sequence[Token]) -> str:
    half = "to learn" if number < len(made.train) else "kept to measure by"
    learned = sum(token.learned for token in tokens)
    begun = next((f", {console.local(turn.at)}" for turn in entry.conversation.turns if turn.at), "")
    turns = console.counted(len(entry.conversation.turns), "turn", "turns")
    return f"Sample {number + 1} of {len(made.entries):,} ({half}{begun}): {turns}, {len(tokens):,} tokens, {learned:,} of them learned."


def _draw(tokens: Sequence[Token]) -> None:
    from dataclasses import replace

    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(coloured([replace(token, text=console.printable(token.text)) for token in tokens]))


def _prepared(report: Report) -> Iterator[str]:
    messages = console.counted(report.lines, "message", "messages")
    yield f"{messages} in the sources, {report.kept:,} kept, joined into {report.turns:,} turns."
    for name, counts in (("Left out", report.dropped), ("Redacted", report.redacted)):
        if counts:
            yield f"{name}: {', '.join(f'{reason} {count:,}' for reason, count in sorted(counts.items(), key=lambda each: -each[1]))}."
    for share in report.people:
        if not share.learned:
            yield f"Not learned: {console.brief(share.name, 60)} ({share.lines:,} messages, {share.because})."


def _counted(found: Statistics) -> Iterator[str]:
    samples = console.counted(found.samples, "sample", "samples")
    yield f"To learn: {samples}, {found.tokens:,} tokens, {found.learned_tokens:,} of them learned; the longest has {found.longest:,}."
    yield f"To measure by: {console.counted(found.eval_samples, 'sample', 'samples')}, {found.eval_tokens:,} tokens."
    if found.truncated:
        yield f"Cut off: {console.counted(found.truncated, 'turn', 'turns')}."
    for voice in found.people:
        yield f"  {console.brief(voice.name, 30):30} {voice.turns:>9,} turns {voice.tokens:>12,} tokens {voice.learned_tokens:>12,} learned"
    most = max((count for _, count in found.lengths), default=1)
    for bound, count in found.lengths:
        yield f"  up to {bound:>6,} tokens {count:>9,} {'█' * max(1, _BAR * count // most)}"
    if found.packing:
        row = found.packing
        yield (
            f"Packed: {row.rows:,} rows of {row.row:,} tokens, {row.filled:.1%} full;"
            f" two samples at a time, padded, would be {row.unpacked:.1%} full."
        )
    if not found.samples:
        yield _NOTHING
