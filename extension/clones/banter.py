"""Banter: clones who talk among themselves, each next when the model finds that they would be."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from random import Random

from ..messages import Generation
from .clones import Clones, Part
from .context import Said

MOST = 50
"""Turns in all."""
IN_A_ROW = 2
"""Turns that one of several has in a row at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what somebody says in their turn."""

    turn: int
    part: Part
    text: str


def banter(
    clones: Clones, said: Sequence[Said], parts: Sequence[Part], turns: int, options: Generation, *, context: int = 40
) -> Generator[Piece, None, None]:
    """Yield what clones say one after another, in pieces; who is next is drawn by how probable the model finds each.

    So many lines of the talk are looked at, the newest. Ends before its turns are over when nobody has anything to say. With a seed in
    the options it goes the same way again. Closing stops it. Raises as `Clones.say` and `next_speakers` do.
    """
    chance = Random(options.seed)  # noqa: S311 (who is next in a game)
    talk, silent = list(said), 0
    spoken: list[Part] = []
    for turn in range(turns):
        part = _next(clones, talk[-context:], parts, spoken, chance)
        drawn = options if options.seed is None else replace(options, seed=options.seed + turn)
        text = ""
        with closing(clones.say(talk[-context:], [part], drawn)) as pieces:
            for _, piece in pieces:
                text += piece
                yield Piece(turn, part, piece)
        spoken.append(part)
        silent = 0 if text.strip() else silent + 1
        if text.strip():
            talk.append((part.speaker.id, text.strip()))
        elif silent > len(parts):
            return


def _next(clones: Clones, talk: Sequence[Said], parts: Sequence[Part], spoken: Sequence[Part], chance: Random) -> Part:
    last = spoken[-IN_A_ROW:]
    tired = last[0] if len(last) == IN_A_ROW and len(set(last)) == 1 else None
    able = [part for part in parts if part != tired] or list(parts)
    if not talk or len(able) == 1:
        return chance.choice(able)
    shares = clones.next_speakers(talk, able)
    return chance.choices(able, [shares[part.speaker] for part in able])[0]
