"""The ranking of memories: whether the trees can be used, and how what was learned from people is."""

from __future__ import annotations

from importlib.util import find_spec

from ..memory.ranking import Corrections
from ..settings import Settings
from .finding import Finding


def ranking(settings: Settings) -> Finding:
    """Return how the ranking is, without loading it."""
    held = Corrections(settings.data_dir).each()
    facts = {"learned": sum(bool(each and each.weights) for each in held), "damaged": held.count(None), "learns": settings.learn}
    if find_spec("lightgbm") is None:
        text = "lightgbm is not installed: memories are ranked by a plain sum, and nothing is learned from thumbs and pins"
        return Finding("ranking", "warning", text, "Install it: pip install lightgbm", facts)
    if facts["damaged"]:
        text = f"What the ranking learned is damaged for {facts['damaged']}: the shipped ranker ranks"
        fix = f"It is learned anew while nobody is talking; or remove the files in {settings.data_dir / 'ranking'}."
        return Finding("ranking", "warning", text, fix, facts)
    if not settings.learn:
        return Finding("ranking", "ok", "Memories are ranked as shipped; learning from thumbs and pins is switched off", facts=facts)
    return Finding("ranking", "ok", f"Ranking: something was learned for {facts['learned']} of {len(held)} people", facts=facts)
