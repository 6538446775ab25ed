"""A sheet: what every checkpoint of a training says to the same prompts, side by side for a person to read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from ...messages import Generation
from ..clones import Clones
from .journal import Journal
from .occasions import Occasion
from .persona import generated

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1a1a1a;background:#fff}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccc;padding:.5rem .7rem;vertical-align:top;text-align:left;max-width:26rem;white-space:pre-wrap}"
    "thead th{position:sticky;top:0;background:#f2f2f2}"
    "@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}th,td{border-color:#444}thead th{background:#242424}}"
)
_LEADING = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of texts: a row for each prompt, with what was really said, and a column for each checkpoint."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def csv(self) -> str:
        """Return it for spreadsheets; what would be a formula there is text."""
        made = io.StringIO()
        writer = csv.writer(made)
        writer.writerows([self.columns, *([_safe(cell) for cell in row] for row in self.rows)])
        return made.getvalue()

    def html(self) -> str:
        """Return it as a page."""
        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows)
        top = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Checkpoints</title><style>{_STYLE}</style>'
        return f"{top}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></html>\n"

    def markdown(self) -> str:
        """Return it as a table in Markdown."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in lines)


def sheet(
    checkpoints: Sequence[tuple[str, Clones]],
    moments: Sequence[Occasion],
    options: Generation,
    journal: Callable[[str], Journal],
    progress: Callable[[str, int, int], None],
) -> Sheet:
    """Return what clones of every checkpoint say on some occasions. `journal` opens the file of one by its name. Raises as they do."""
    made = {name: generated(clones, moments, options, 1, journal(name), partial(progress, name)) for name, clones in checkpoints}
    rows = [(*_prompt(moment), *("\n".join(made[name][number]) for name, _ in checkpoints)) for number, moment in enumerate(moments)]
    return Sheet(("context", "speaker", "really said", *(name for name, _ in checkpoints)), tuple(rows))


def _prompt(moment: Occasion) -> tuple[str, str, str]:
    return "\n".join(f"{name}: {text}" for name, text in moment.said[-4:]), moment.speaker.name, moment.text


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_LEADING) else cell


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")
