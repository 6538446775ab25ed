"""`familiar memory ranking`: what the ranking of memories learned from each person, and taking it back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..app import App
from ..memory.ranking.correction import Correction
from ..memory.ranking.fitting import FEWEST
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened
from .which import is_there, must_be_there

_HEAVIEST = 5
"""Weights that are shown of each person, the largest."""


def ranking(
    ctx: typer.Context,
    person: Annotated[str | None, typer.Option("--person", callback=cleaned, help="Only for this person.", show_default=False)] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take it back: only what is judged from now on counts.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show what the ranking of memories learned from thumbs, pins and edits, or take it back."""
    with opened(settings(ctx)) as app:
        if reset:
            must_be_there(app)
        people = _people(app, person)
        gone = sum(app.memories.learning.reset(each) for each in people) if reset else 0
        found = {each: app.memories.corrections.of(each) for each in people}
    learned = {each: correction for each, correction in found.items() if correction is not None}
    if as_json:
        console.answer_json([{"person": each, **_plain(correction)} for each, correction in learned.items()])
    elif reset:
        console.say(f"What was learned for {console.counted(gone, 'person', 'people')} was taken back.")
    else:
        for each, correction in learned.items():
            console.answer(f"{console.brief(each, 60)}: {_told(correction)}")
        if not learned:
            _say_nothing(app)


def _people(app: App, person: str | None) -> list[str]:
    people = app.memories.preferences.people() if is_there(app) else []
    return [each for each in people if person in (None, each)]


def _say_nothing(app: App) -> None:
    switched = "" if app.settings.learn else " It is switched off: FAMILIAR_LEARN=true."
    console.say(f"Nothing was learned yet: it takes {FEWEST} replies with a thumb up, pinned or edited memories of one person.{switched}")


def _told(correction: Correction) -> str:
    if not correction.weights:
        return f"ranked as shipped. {correction.refused}"
    figures = correction.figures
    heaviest = sorted(correction.weights.items(), key=lambda each: -abs(each[1]))[:_HEAVIEST]
    weighed = ", ".join(f"{name} {weight:+.2f}" for name, weight in heaviest)
    order = f"{figures['own_before']:.0%} of pairs in order before, {figures['own_after']:.0%} after"
    return f"learned from {figures['questions']:.0f} questions ({order}): {weighed}, …"


def _plain(correction: Correction) -> dict[str, object]:
    return {name: value for name, value in asdict(correction).items() if name not in ("learned_from", "scales")} | {
        "judgements": len(correction.learned_from)
    }
