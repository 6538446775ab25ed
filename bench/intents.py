"""How well plain sentences are understood: precision, recall, arguments and time, over sentences that say what they mean.

    python -m bench.intents [FILE.jsonl] [--split test] [--json] [--wrong]

A row is `{"text": …, "command": "set-config" or null, "arguments": {…}}`; null is chat. Precision is the share of right ones among
what was taken for a command; recall the share of the commands that were found; of those, argument accuracy is the share whose
arguments are all as labelled (numbers as numbers, words whatever their case). A sentence is timed from its text to the answer.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.labelled import FILE, Sentence, sentences
from bench.machine import machine, told
from extension.commands.plain import Meant, understood
from extension.embedders import MiniLM, minilm_folder
from extension.ports import Embedder


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence, what was made of it, and how long that took, in seconds."""

    sentence: Sentence
    meant: Meant | None
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the command is the labelled one; None is one, too."""
        return (self.meant.name if self.meant else None) == self.sentence.command

    @property
    def arguments(self) -> bool:
        """Whether the arguments are all as labelled."""
        return same(dict(self.meant.texts) if self.meant else {}, dict(self.sentence.arguments))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two sets of arguments say the same; what is None or empty counts as left out."""
    said = [{name: _value(value) for name, value in each.items() if value not in (None, "")} for each in (one, other)]
    return said[0] == said[1]


def _value(value: Any) -> float | str:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value).strip().lower()


def judge(given: Sequence[Sentence], embedder: Embedder) -> list[Judged]:
    """Return what is made of each sentence. The embedding model is loaded before the first is timed."""
    understood("set the temperature to 0.5", embedder)
    found = []
    for each in given:
        began = perf_counter()
        meant = understood(each.text, embedder)
        found.append(Judged(each, meant, perf_counter() - began))
    return found


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the figures of some sentences; None where there is nothing to divide by."""
    taken = [each for each in judged if each.meant]
    labelled = [each for each in judged if each.sentence.command]
    right = [each for each in taken if each.right]
    times = sorted(each.seconds * 1000 for each in judged)
    return {
        "sentences": len(judged),
        "chat": len(judged) - len(labelled),
        "precision": _share(len(right), len(taken)),
        "recall": _share(len(right), len(labelled)),
        "argument_accuracy": _share(sum(each.arguments for each in right), len(right)),
        "ms_p50": round(times[len(times) // 2], 1),
        "ms_p95": round(times[min(len(times) - 1, len(times) * 95 // 100)], 1),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def by_command(judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """Return precision, recall and argument accuracy of each command."""
    names = sorted({each.sentence.command for each in judged if each.sentence.command} | {each.meant.name for each in judged if each.meant})
    kept = ("precision", "recall", "argument_accuracy")
    concerned = {
        name: [each for each in judged if each.sentence.command == name or (each.meant and each.meant.name == name)] for name in names
    }
    sizes = {name: sum(each.sentence.command == name for each in some) for name, some in concerned.items()}
    return {name: {"sentences": sizes[name], **_of(name, some, kept)} for name, some in concerned.items()}


def _of(name: str, some: Sequence[Judged], kept: Sequence[str]) -> dict[str, Any]:
    found = figures([_for(name, each) for each in some])
    return {key: found[key] for key in kept}


def _for(name: str, judged: Judged) -> Judged:
    """Return a sentence as one command sees it: any other is chat."""
    sentence = judged.sentence if judged.sentence.command == name else Sentence(judged.sentence.text, None, {})
    return Judged(sentence, judged.meant if judged.meant and judged.meant.name == name else None, judged.seconds)


def table(given: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    shown = ["precision", "recall", "argument_accuracy", "ms_p50", "ms_p95"]
    lines = [told(given["machine"]), ""]
    lines += ["| sentences | of them chat | precision | recall | arguments right | p50, ms | p95, ms |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, each in given["parts"].items():
        lines.append(f"| {name}: {each['sentences']} | {each['chat']} | {' | '.join(str(each[key]) for key in shown)} |")
    lines += ["", "| command | sentences | precision | recall | arguments right |", "|---|---|---|---|---|"]
    for name, each in given["commands"].items():
        lines.append(f"| {name} | {each['sentences']} | {each['precision']} | {each['recall']} | {each['argument_accuracy']} |")
    return "\n".join(lines)


def wrong(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return the sentences that were misunderstood, with what was made of them."""
    some = (each for each in judged if not each.right or (each.meant and not each.arguments))
    return [{**asdict(each.sentence), "meant": asdict(each.meant) if each.meant else None} for each in some]


def main() -> None:
    """Judge the sentences of a file and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--split", default="", help="only the rows whose `split` is this")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--wrong", action="store_true", help="list what was misunderstood, too")
    given = parser.parse_args()
    about = machine()
    try:
        judged = judge(sentences(given.file, given.split), MiniLM(minilm_folder()))
    except (OSError, ValueError) as exc:
        parser.exit(1, f"{exc}\n")
    parts = {name: [each for each in judged if each.sentence.split == name] for name in sorted({each.sentence.split for each in judged})}
    named = {name or given.file.stem: figures(some) for name, some in parts.items()}
    unlearned = [each for each in judged if each.sentence.split != "tune"] or judged
    found = {"benchmark": "intents", "machine": about, **figures(judged), "parts": named, "commands": by_command(unlearned)}
    if given.wrong:
        found["wrong"] = wrong(judged)
    print(json.dumps(found, ensure_ascii=False, indent=1) if given.json else table(found))
    if given.wrong and not given.json:
        print("", *(json.dumps(each, ensure_ascii=False) for each in found["wrong"]), sep="\n")


if __name__ == "__main__":
    main()
