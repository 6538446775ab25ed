"""`familiar clones`: speaking as the people of imported chats, with an adapter that was trained on their words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..app import App
from ..clones.banter import MOST, banter
from ..clones.clones import Clones, Part
from ..clones.context import LONGEST, Said, read
from ..clones.rewording import reworded
from ..clones.voices import examples_of
from ..errors import ImportRefused
from ..messages import Generation, Message
from ..options.layers import Spot
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings
from .program import opened

Run = Annotated[
    str | None, typer.Option("--run", metavar="NAME", callback=cleaned, help="Whose adapter speaks; the newest.", show_default=False)
]
As = Annotated[str, typer.Option("--as", metavar="PERSON", callback=cleaned, help="Who speaks, by name or id.")]
Several = Annotated[
    list[str] | None, typer.Option("--as", metavar="PERSON", help="Who, once for each; everybody who agreed.", show_default=False)
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="FILE|-", callback=cleaned, help="What was said so far: lines `Name: words`, or JSON; - is stdin."),
]
Temperature = Annotated[float | None, typer.Option("--temperature", min=0, max=5, help="0 always takes the likeliest token.")]
TopP = Annotated[float | None, typer.Option("--top-p", min=0, max=1, help="Only the likeliest tokens, up to this sum.")]
MinP = Annotated[float | None, typer.Option("--min-p", min=0, max=1, help="Only tokens at least so likely beside the likeliest.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Draws the same again.")]
Tokens = Annotated[int, typer.Option("--max-tokens", min=1, max=8192, help="Longest text, in tokens.")]


def say(
    ctx: typer.Context,
    person: As,
    run: Run = None,
    context: Context = None,
    seed_text: Annotated[str, typer.Option("--seed-text", callback=cleaned, help="Words it begins with.")] = "",
    count: Annotated[int, typer.Option("--n", min=1, max=100, help="How many versions.")] = 1,
    temperature: Temperature = None,
    top_p: TopP = None,
    min_p: MinP = None,
    seed: Seed = None,
    max_tokens: Tokens = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say what somebody would say next."""
    said = read_context(context)
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        options = generation(app, temperature, top_p, min_p, seed, max_tokens)
        _say(clones, said, [clones.part(person, seed_text)] * count, options, as_json=as_json, named=False)


def batch(
    ctx: typer.Context,
    people: Several = None,
    run: Run = None,
    context: Context = None,
    count: Annotated[int, typer.Option("--n", min=1, max=20, help="How many versions of each.")] = 1,
    temperature: Temperature = None,
    top_p: TopP = None,
    min_p: MinP = None,
    seed: Seed = None,
    max_tokens: Tokens = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say what several people would say next, all at the same time."""
    said = read_context(context)
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        parts = [part for part in parts_of(clones, people) for _ in range(count)]
        _say(clones, said, parts, generation(app, temperature, top_p, min_p, seed, max_tokens), as_json=as_json, named=True)


def next_(
    ctx: typer.Context,
    context: Context,
    run: Run = None,
    people: Several = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Say how probable it is that each speaks next."""
    said = read_context(context)
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        shares = clones.next_speakers(said, parts_of(clones, people))
    if as_json:
        console.answer_json([{"id": each.id, "name": each.name, "probability": share} for each, share in shares.items()])
    for speaker, share in () if as_json else shares.items():
        console.answer(f"{share:6.1%}  {console.brief(speaker.name, 60)}")


def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(callback=cleaned)],
    run: Run = None,
    adapted: Annotated[bool, typer.Option("--adapted", help="With the adapter on, to hear what it did to the model.")] = False,
    temperature: Temperature = None,
    top_p: TopP = None,
    min_p: MinP = None,
    seed: Seed = None,
    max_tokens: Tokens = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Ask the model below the clones, without the adapter."""
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        options = generation(app, temperature, top_p, min_p, seed, max_tokens)
        _told(clones.ask([Message("user", question)], options, adapted=adapted), as_json=as_json)


def reword(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(callback=cleaned)],
    person: As,
    run: Run = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    min_p: MinP = None,
    seed: Seed = None,
    max_tokens: Tokens = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Put a text into somebody's words."""
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        part = clones.part(person)
        lines = examples_of(app.voices.run(clones.voice.name), part.speaker)
        options = generation(app, temperature, top_p, min_p, seed, max_tokens)
        _told(reworded(clones, text, part, lines, options), as_json=as_json)


def banter_(
    ctx: typer.Context,
    people: Several = None,
    run: Run = None,
    context: Context = None,
    turns: Annotated[int, typer.Option("--turns", min=1, max=MOST, help="How many in all.")] = 6,
    temperature: Temperature = None,
    top_p: TopP = None,
    min_p: MinP = None,
    seed: Seed = None,
    max_tokens: Tokens = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Let people talk among themselves; the model says who is next."""
    said = read_context(context)
    spoken: dict[int, tuple[Part, str]] = {}
    with opened(settings(ctx)) as app:
        clones = open_(app, run)
        options = generation(app, temperature, top_p, min_p, seed, max_tokens)
        with closing(banter(clones, said, parts_of(clones, people), turns, options)) as pieces:
            for piece in pieces:
                if piece.turn not in spoken and not as_json:
                    console.stream(f"{chr(10) if spoken else ''}{console.brief(piece.part.speaker.name, 60)}: ")
                spoken[piece.turn] = (piece.part, spoken.get(piece.turn, (piece.part, ""))[1] + piece.text)
                console.stream("" if as_json else piece.text)
    if as_json:
        console.answer_json([_plain(part, text) for part, text in spoken.values()])
    else:
        console.answer()


def read_context(context: str | None) -> list[Said]:
    """Return what was said so far, of a file or of stdin. Raises ImportRefused."""
    if context is None:
        return []
    if context == "-":
        return read(sys.stdin.read(LONGEST + 1))
    try:
        with Path(context).expanduser().open(encoding="utf-8", errors="replace") as file:
            return read(file.read(LONGEST + 1))
    except OSError as exc:
        raise ImportRefused(f"The context {context} cannot be read: {exc.strerror}.") from exc


def open_(app: App, run: str | None) -> Clones:
    """Return the clones of a run; of the one in the settings, or the newest, where none is named."""
    return app.voices.clones(run or app.settings.voice)


def parts_of(clones: Clones, people: Sequence[str] | None) -> list[Part]:
    """Return the people that were named, everybody who agreed where nobody was."""
    return [clones.part(console.cleaned(each)) for each in people or ()] or clones.everybody()


def generation(app: App, temperature: float | None, top_p: float | None, min_p: float | None, seed: int | None, longest: int) -> Generation:
    """Return how is generated: as chosen for the owner, and with what was given here."""
    chosen = app.choices(Spot(person=app.settings.person)).generation(app.generation)
    given: dict[str, Any] = {"temperature": temperature, "top_p": top_p, "seed": seed}
    further = chosen.further if min_p is None else (*(each for each in chosen.further if each[0] != "min_p"), ("min_p", min_p))
    return replace(chosen, max_new_tokens=longest, further=further, **{name: value for name, value in given.items() if value is not None})


def _say(clones: Clones, said: Sequence[Said], parts: Sequence[Part], options: Generation, *, as_json: bool, named: bool) -> None:
    """Show what is said: one as it comes, several each as soon as all are whole."""
    texts = [""] * len(parts)
    streamed = not as_json and len(parts) == 1
    if streamed and named:
        console.stream(f"{console.brief(parts[0].speaker.name, 60)}: ")
    with closing(clones.say(said, parts, options)) as pieces:
        for number, piece in pieces:
            texts[number] += piece
            console.stream(piece if streamed else "")
    if streamed:
        console.answer()
    elif as_json:
        console.answer_json([_plain(part, text) for part, text in zip(parts, texts, strict=True)])
    else:
        for part, text in zip(parts, texts, strict=True):
            who = f"{console.brief(part.speaker.name, 60)}: " if named else ""
            console.answer(f"{who}{console.printable(text.strip())}")


def _told(pieces: Any, *, as_json: bool) -> None:
    text = ""
    for piece in pieces:
        text += piece
        console.stream("" if as_json else piece)
    if as_json:
        console.answer_json({"text": text.strip()})
    else:
        console.answer()


def _plain(part: Part, text: str) -> dict[str, str]:
    return {"id": part.speaker.id, "name": part.speaker.name, "text": text.strip()}
