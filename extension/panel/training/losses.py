"""The loss of a training as a figure, in SVG of our own, so that it needs no library and follows the theme."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 400, 150
"""The size of the drawing, which is stretched to the width there is."""
MOST = 400
"""Points that are drawn of a line; of more, every so-manieth."""
Line = Sequence[tuple[int, float]]
"""Steps and losses."""


def figure(losses: Line, held_out: Line, steps: int) -> str:
    """Return the figure of what is learned, and of what was held out; nothing before there is a loss."""
    every = [*losses, *held_out]
    if not every:
        return ""
    low, high = min(loss for _, loss in every), max(loss for _, loss in every)
    room = (high - low) * 0.08 or max(high * 0.05, 0.01)
    scale = _Scale(max(steps, *(step for step, _ in every)), low - room, high + room)
    drawn = _line(losses, scale, "learning") + _line(held_out, scale, "held-out") + _dots(held_out, scale)
    told = f"from {losses[0][1]:.3f} to {losses[-1][1]:.3f}" if losses else ""
    label = escape(f"Loss {told}")
    drawing = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">{drawn}</svg>'
    held = f' · <i class="held-out"></i>held out {held_out[-1][1]:.3f}' if held_out else ""
    legend = f'<b>Loss</b> <i class="learning"></i>learned {losses[-1][1]:.3f}{held}' if losses else f"<b>Loss</b>{held}"
    ends = f'<span class="high">{high:.2f}</span><span class="low">{low:.2f}</span>'
    axis = f'<div class="steps"><span>step 0</span><span>{scale.steps:,}</span></div>'
    return f'<figure class="losses"><figcaption>{legend}</figcaption><div class="plot">{ends}{drawing}</div>{axis}</figure>'


class _Scale:
    def __init__(self, steps: int, low: float, high: float) -> None:
        self.steps, self._low, self._span = max(steps, 1), low, high - low

    def at(self, step: int, loss: float) -> str:
        return f"{step / self.steps * WIDTH:.1f},{HEIGHT - (loss - self._low) / self._span * HEIGHT:.1f}"


def _line(points: Line, scale: _Scale, name: str) -> str:
    if not points:
        return ""
    step = -(-len(points) // MOST)
    chosen = [*points[:-1:step], points[-1]]
    places = " ".join(scale.at(*each) for each in chosen)
    return f'<polyline class="{name}" points="{places}" vector-effect="non-scaling-stroke"/>'


def _dots(points: Line, scale: _Scale) -> str:
    made = []
    for step, loss in points[-60:]:
        x, y = scale.at(step, loss).split(",")
        made.append(f'<circle class="held-out" cx="{x}" cy="{y}" r="3"><title>step {step}: {loss:.3f}</title></circle>')
    return "".join(made)
