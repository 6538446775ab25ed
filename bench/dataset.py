"""How long it takes to make a dataset of prepared chats, from turns to the folder that training reads.

    python -m bench.dataset [--messages 100000] [--people 5] [--seed 1] [--json]

The chat is generated (see voices.py), with words of others added to each message so that no two of them are alike; the tokenizer is that of
the model the program comes with. *Built* is splitting, cutting into sessions, tokenising and masking; *saved* is writing the folder;
*loaded* is reading it again with every check.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.machine import machine, told
from bench.voices import lines
from extension.hosts import smollm2
from extension.refresh.building import build
from extension.refresh.dataset import Dataset
from extension.refresh.lines import Line
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.turns import Conversation, Speaker, Turn
from extension.settings import load

BUILDERS = ("whole", "max_tokens", "ungrouped")
MESSAGES_A_SESSION = 15
"""About, in a chat of voices.py."""


def turns(said: Sequence[Line], seed: int = 1) -> tuple[Turn, ...]:
    """Return messages as turns that are all learned, each with some words more."""
    dice = random.Random(seed)
    words = sorted({word for line in said for word in line.text.split()})
    texts = (f"{line.text} {' '.join(dice.choices(words, k=dice.randint(3, 15)))}" for line in said)
    return tuple(Turn(Speaker(line.author, line.name), text, True, line.at, (line.id,)) for line, text in zip(said, texts, strict=True))


def measure(chat: Conversation, builder: str, tokenizer: Any, folder: Path) -> dict[str, Any]:
    """Return the figures of one builder."""
    started = perf_counter()
    made = build([chat], Recipe.model_validate({"dataset": {"name": builder}}), tokenizer, "SmolLM2-135M-Instruct")
    built = perf_counter()
    made.save(folder)
    saved = perf_counter()
    loaded = Dataset.load(folder)
    return {
        "samples": len(loaded.entries),
        "tokens": loaded.manifest.tokens + loaded.manifest.eval.tokens,
        "built_s": round(built - started, 2),
        "saved_s": round(saved - built, 2),
        "loaded_s": round(perf_counter() - saved, 2),
        "disk_mib": round(sum(path.stat().st_size for path in folder.iterdir()) / 2**20, 1),
    }


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, help="folder of another model's tokenizer")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args()
    if given.messages < 100:
        parser.error("--messages takes a number of at least 100")
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(given.model or smollm2.folder(load().data_dir))
    sessions = given.messages // (MESSAGES_A_SESSION - 2)
    said = lines(given.people, sessions, given.seed)[: given.messages]
    chat = Conversation(said[0].conversation, turns(said, given.seed))
    with tempfile.TemporaryDirectory() as folder:
        builders = {name: measure(chat, name, tokenizer, Path(folder) / name) for name in BUILDERS}
    figures = {
        "benchmark": "dataset",
        "machine": machine(),
        "messages": len(said),
        "people": given.people,
        "builders": builders,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures, indent=2) if given.json else table(figures))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    about = f"{figures['messages']:,} messages of {figures['people']} people; at most {figures['peak_mib']:,} MiB of memory."
    head = ["builder", "samples", "tokens", "built, s", "saved, s", "loaded, s", "disk, MiB"]
    rows = [told(figures["machine"]), "", about, "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, each in figures["builders"].items():
        times = (each[key] for key in ("built_s", "saved_s", "loaded_s", "disk_mib"))
        cells = [name, f"{each['samples']:,}", f"{each['tokens']:,}", *map(str, times)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
