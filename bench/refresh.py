"""How fast a training reads, against a plain transformers Trainer with padding, and whether its memory was foretold.

    python -m bench.refresh [--model FOLDER] [--steps 6] [--rounds 2] [--batch 4] [--row 512] [--seed 1] [--json]

The chat is generated (see voices.py); its sessions are of log-normal lengths, as those of chats are: many short, few long. Both train the
same LoRA on the same samples, at most `batch` rows of `row` tokens at a time, each in a process of its own, in turns; the better round of
each counts. Ours is what `familiar train` starts. Tokens are data, without padding; of a run the first step is not counted. It runs on
CUDA where there is a graphics card, with more and longer rows unless you say.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from datetime import timedelta
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
from extension.refresh.rendering.loading import tokenizer
from extension.refresh.training import machine as devices
from extension.refresh.training import run, samples, script
from extension.refresh.training.estimate import needed
from extension.refresh.training.packing import MASKED, labels
from extension.refresh.training.plan import Plan, kept_plan
from extension.refresh.training.reporting import peak
from extension.refresh.training.shape import shape_of
from extension.refresh.turns import Conversation, Speaker, Turn
from extension.settings import load

USUAL = {"cpu": (4, 512), "mps": (4, 512), "cuda": (8, 2048)}
"""Rows at a time, and tokens of a row."""
SESSIONS = 400
MEDIAN, SPREAD, LONGEST = 7, 0.9, 22
"""Turns of a session, and the standard deviation of their logarithm."""


def chat(seed: int) -> Conversation:
    """Return a chat whose sessions are of log-normal lengths."""
    dice, turns, at = random.Random(seed), [], None
    said = iter(_without_end(seed))
    for _ in range(SESSIONS):
        for number in range(min(max(round(MEDIAN * dice.lognormvariate(0, SPREAD)), 3), LONGEST)):
            line = next(said)
            gap = timedelta(days=1) if number == 0 else timedelta(minutes=2)
            at = line.at if at is None else at + gap
            turns.append(Turn(Speaker(line.author, line.name), line.text, True, at, (line.id,)))
    return Conversation("discord:1", tuple(turns))


def _without_end(seed: int) -> list[Line]:
    return [line for part in range(6) for line in lines(3, SESSIONS, seed + part)]


def recipe_of(given: argparse.Namespace) -> Recipe:
    """Return the recipe of both."""
    training = {
        "batch_size": given.batch,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "max_steps": given.steps,
        "logging_steps": 1,
        "save_steps": 10 * given.steps,
        "seed": given.seed,
    }
    return Recipe.model_validate({"dataset": {"chunk_size": given.row, "eval_frac": 0}, "training": training})


def ours(recipe: Recipe, data: Path, model: Path, place: Path) -> dict[str, Any]:
    """Return the figures of a training as it is."""
    made = run.prepared(place, recipe, data, model, "bench")
    last = run.follow(made, run.start(made, processes=1), lambda now: None)
    if last.state != "done":
        sys.exit(f"The training failed: {last.trouble}")
    plan, half = kept_plan(made), samples.read(data).train
    if plan is None:
        sys.exit("The training left no plan.")
    share = samples.learned(half) / sum(half.lengths)
    foretold = needed(shape_of(model), plan, recipe.lora, recipe.training.optimizer, share).total
    return {
        "tokens_per_second": last.tokens_per_second,
        "peak_mib": last.memory >> 20,
        "estimate_mib": (foretold - (600_000_000 if plan.device == "cuda" else 0)) >> 20,  # torch counts without what CUDA keeps for itself
        "plan": plan.told(),
    }


def plain(recipe: Recipe, data: Path, model: Path, plan: Plan) -> dict[str, Any]:
    """Return the figures of transformers' own Trainer, which pads every batch to its longest sample."""
    import peft
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainerCallback, TrainingArguments

    made, words = samples.read(data), tokenizer(model)
    adapter = script.lora(recipe, script.model_of(model, plan), words, made)
    counted = [0, 0.0, 0]  # tokens, since, tokens until then
    pad = DataCollatorForSeq2Seq(words, label_pad_token_id=MASKED)

    def collate(rows: list[dict[str, Any]]) -> Any:
        counted[0] += sum(len(row["input_ids"]) for row in rows)
        return pad(rows)

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if state.global_step == 1:
                counted[1:] = [perf_counter(), counted[0]]

    rows = [_row(*made.train.sample(number)) for number in range(len(made.train))]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        args = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=plan.batch,
            max_steps=recipe.training.max_steps,
            learning_rate=recipe.training.learning_rate,
            logging_steps=1,
            save_strategy="no",
            bf16=plan.autocast == "bfloat16",
            fp16=plan.autocast == "float16",
            use_cpu=plan.device == "cpu",
            seed=recipe.training.seed,
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=plan.device == "cuda",
        )
        trainer = Trainer(
            model=peft.get_peft_model(script.model_of(model, plan), adapter),
            args=args,
            data_collator=collate,
            train_dataset=rows,
            callbacks=[Clock()],
        )
        trainer.train()
        seconds = perf_counter() - counted[1]
    return {"tokens_per_second": round((counted[0] - counted[2]) / seconds, 1), "peak_mib": peak() >> 20}


def _row(ids: Sequence[int], learned: Sequence[bool]) -> dict[str, Any]:
    return {"input_ids": list(ids), "attention_mask": [1] * len(ids), "labels": labels(ids, learned)}


def filled(lengths: Sequence[int], batch: int, seed: int) -> float:
    """Return the part of padded batches that is data."""
    mixed = random.Random(seed).sample(list(lengths), len(lengths))
    batches = [mixed[at : at + batch] for at in range(0, len(mixed), batch)]
    return sum(lengths) / sum(max(each) * len(each) for each in batches)


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of both."""
    model = given.model or smollm2.folder(load().data_dir)
    recipe, before, rounds = recipe_of(given), machine(), []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        made: Dataset = build([chat(given.seed)], recipe, tokenizer(model), model.name)
        made.save(data)
        for number in range(given.rounds):
            own = ours(recipe, data, model, Path(folder) / str(number))
            words = [sys.executable, "-m", "bench.refresh", "--plain", str(data), "--plan", json.dumps(own["plan"]), "--model", str(model)]
            words += [word for name in ("steps", "batch", "row", "seed") for word in (f"--{name}", str(getattr(given, name)))]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            rounds.append((own, json.loads(done.stdout.splitlines()[-1])))
            print(f"{own['tokens_per_second']} against {rounds[-1][1]['tokens_per_second']} tokens/s", file=sys.stderr)
        lengths = made.train.lengths
    best = [max((each[side] for each in rounds), key=lambda figures: figures["tokens_per_second"]) for side in (0, 1)]
    share = samples.learned(made.train) / sum(lengths)
    return {
        "benchmark": "refresh",
        "machine": before,
        "device": devices.here().name,
        "model": model.name,
        "batch": given.batch,
        "row": given.row,
        "samples": len(lengths),
        "mean_length": round(sum(lengths) / len(lengths)),
        "padded_fill": round(filled(lengths, given.batch, given.seed), 3),
        "learned": round(share, 3),
        "ours": best[0],
        "plain": best[1],
        "ratio": round(best[0]["tokens_per_second"] / best[1]["tokens_per_second"], 2),
        "memory_off": round(best[0]["peak_mib"] / best[0]["estimate_mib"] - 1, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, metavar="FOLDER")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--row", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    usual = USUAL[devices.here().device]
    given.batch, given.row = given.batch or usual[0], given.row or usual[1]
    if given.steps < 2 or given.rounds < 1:
        parser.error("--steps takes a number of at least 2, --rounds one of at least 1")
    if given.plain is not None:
        print(json.dumps(plain(recipe_of(given), given.plain, given.model, Plan(**given.plan))))
        return
    figures = measure(given)
    print(json.dumps(figures, indent=2) if given.json else table(figures))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    own, other = figures["ours"], figures["plain"]
    about = [
        f"{figures['model']} on {figures['device']}, LoRA on all linear layers.",
        f"{figures['samples']:,} samples of {figures['mean_length']} tokens in the mean, {figures['learned']:.0%} of them learned;",
        f"{figures['batch']} rows of at most {figures['row']} tokens at a time;",
        f"padding leaves {figures['padded_fill']:.0%} of a batch to data.",
    ]
    foretold = f"{own['estimate_mib']:,} ({figures['memory_off']:+.0%})"
    machine_ = told(figures["machine"])
    return "\n".join(
        [
            machine_.replace(", no GPU used", "") if own["plan"]["device"] == "cuda" else machine_,
            "",
            " ".join(about),
            "",
            "|  | tokens of data a second | peak memory, MiB | estimate, MiB |",
            "|---|---|---|---|",
            f"| familiar | {own['tokens_per_second']:,.0f} | {own['peak_mib']:,} | {foretold} |",
            f"| transformers' Trainer, padded | {other['tokens_per_second']:,.0f} | {other['peak_mib']:,} |  |",
            f"| ratio (aim: at least 1.5) | {figures['ratio']} |  |  |",
        ]
    )


if __name__ == "__main__":
    main()
