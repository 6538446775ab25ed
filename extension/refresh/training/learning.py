"""The trainer: trl's SFTTrainer over rows that are packed already, stopping at a loss that is no number."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ...errors import TrainingError
from ..recipe.recipe import Recipe
from . import attention
from .checkpoints import KEPT
from .folder import Run
from .packing import MASKED
from .plan import Plan
from .reporting import Reporter, callback_of


class Diverged(TrainingError):
    """The loss is no number any more."""


def trainer_of(
    run: Run, recipe: Recipe, plan: Plan, reporter: Reporter, model: Any, tokenizer: Any, lora: Any, rows: Any, held_out: Any
) -> Any:
    """Return the trainer of a run."""
    import torch
    import trl

    fused = plan.device == "cuda" and not lora.trainable_token_indices  # trl's head takes no output layer with trained tokens

    class Learner(trl.SFTTrainer):  # type: ignore[misc]
        def training_step(self, *args: Any, **kwargs: Any) -> Any:
            loss = super().training_step(*args, **kwargs)
            if not torch.isfinite(loss):
                raise Diverged(f"The loss at step {self.state.global_step + 1} is {float(loss)}.")
            return loss

        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
            if fused or return_outputs:
                return super().compute_loss(model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch)
            loss = loss_of(model, inputs, num_items_in_batch)
            return loss if num_items_in_batch is None else loss * self.accelerator.num_processes

    torch.set_float32_matmul_precision("high" if recipe.training.tf32 else "highest")
    flattened = plan.attention == attention.NAME or plan.attention.startswith("flash_attention")
    made = Learner(
        model=model,
        args=arguments(
            run.checkpoints, recipe, plan, steps_of(len(rows), recipe, plan), flattened=flattened, held_out=held_out is not None
        ),
        data_collator=None if flattened else reporter.collator,
        train_dataset=rows,
        eval_dataset=held_out,
        processing_class=tokenizer,
        peft_config=lora,
    )
    # of embeddings that grew the trained rows alone are kept: the others are the base model's
    made.model.save_pretrained = partial(made.model.save_pretrained, save_embedding_layers=False)
    if flattened:
        made.data_collator = reporter.counted(made.data_collator)
    made.add_callback(callback_of(reporter, made))
    if recipe.training.early_stopping_patience and held_out is not None:
        from transformers import EarlyStoppingCallback

        made.add_callback(EarlyStoppingCallback(recipe.training.early_stopping_patience))
    return made


def loss_of(model: Any, inputs: dict[str, Any], count: Any = None) -> Any:
    """Return the mean loss over the learned tokens, of which there are `count` in all batches of the step.

    Only their positions go through the output layer. trl's own head does so on graphics cards alone, and takes five times the memory of
    the logits elsewhere.
    """
    import torch

    wanted = inputs["labels"][:, 1:]
    learned = wanted != MASKED
    inner = model.module if hasattr(model, "module") else model
    hook = inner.get_output_embeddings().register_forward_pre_hook(lambda head, given: (given[0][:, :-1][learned],))
    try:
        logits = model(**{name: value for name, value in inputs.items() if name != "labels"}, use_cache=False).logits
    finally:
        hook.remove()
    total = torch.nn.functional.cross_entropy(logits.float(), wanted[learned], reduction="sum")
    return total / (learned.sum().clamp(min=1) if count is None else count)


def steps_of(rows: int, recipe: Recipe, plan: Plan) -> int:
    """Return how many optimizer steps a run has."""
    if recipe.training.max_steps:
        return recipe.training.max_steps
    batches = -(-rows // (plan.batch * plan.processes))
    each = max(-(-batches // plan.accumulation), 1)
    return max(int(-(-recipe.training.num_epochs * each // 1)), 1)


def arguments(folder: Path, recipe: Recipe, plan: Plan, steps: int, *, flattened: bool, held_out: bool) -> Any:
    """Return the arguments of the trainer."""
    import trl

    wanted = recipe.training
    logged = interval(wanted.logging_steps, steps)
    evaluated = interval(wanted.eval_steps, steps, logged)
    saved = interval(wanted.save_steps, steps, evaluated if wanted.early_stopping_patience else logged)
    return trl.SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=plan.batch,
        per_device_eval_batch_size=plan.batch,
        gradient_accumulation_steps=plan.accumulation,
        num_train_epochs=wanted.num_epochs,
        max_steps=wanted.max_steps or -1,
        learning_rate=wanted.learning_rate,
        lr_scheduler_type=wanted.lr_scheduler,
        warmup_steps=wanted.warmup_steps if wanted.warmup_steps < 1 else int(wanted.warmup_steps),
        optim=wanted.optimizer,
        weight_decay=wanted.weight_decay,
        max_grad_norm=wanted.max_grad_norm,
        neftune_noise_alpha=wanted.neftune_noise_alpha,
        gradient_checkpointing=plan.checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        bf16=plan.autocast == "bfloat16",
        fp16=plan.autocast == "float16",
        use_cpu=plan.device == "cpu",
        seed=wanted.seed,
        data_seed=wanted.seed,
        train_sampling_strategy="group_by_length" if wanted.group_by_length and not plan.packing else "random",
        logging_steps=logged,
        logging_nan_inf_filter=False,
        save_steps=saved,
        eval_strategy="steps" if held_out else "no",
        eval_steps=evaluated,
        eval_on_start=held_out,
        save_total_limit=KEPT,
        load_best_model_at_end=bool(wanted.early_stopping_patience and held_out),
        metric_for_best_model="eval_loss" if held_out else None,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=plan.device == "cuda",
        remove_unused_columns=False,
        packing=False,
        padding_free=flattened,
        max_length=None,
        shuffle_dataset=False,
        dataset_kwargs={"skip_prepare_dataset": True},
    )


def interval(part: float, steps: int, of: int = 1) -> int:
    """Return every how many steps something is done: a part of all below 1, a number from 1 on; rounded up to a multiple.

    Checkpoints lie on logged steps, so that the losses logged after a resumption are means of the same steps as without one.
    """
    wanted = max(round(part * steps) if part < 1 else int(part), 1)
    return -(-wanted // of) * of
