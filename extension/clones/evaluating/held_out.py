"""What a voice was trained on, and what was held out from that: the two halves of its dataset, as conversations."""

from __future__ import annotations

import hashlib

from ...errors import CommandRefused, StoreError
from ...refresh.dataset import MANIFEST, Dataset
from ...refresh.training.folder import Run
from ...refresh.turns import Conversation
from ..voices import dataset_of


def halves(run: Run) -> tuple[list[Conversation], list[Conversation]]:
    """Return what a run learned, and what was held out from it.

    Raises CommandRefused where nothing was, or where the dataset is another one now; and NotFound, StoreCorrupt, StoreError where it cannot
    be read.
    """
    folder = dataset_of(run)
    dataset = Dataset.load(folder)
    try:
        digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError as exc:
        raise StoreError(f"Cannot read {folder / MANIFEST}: {exc.strerror}. Check its permissions.") from exc
    if digest != run.config().get("data"):
        raise CommandRefused(
            f"The dataset in {folder} was built anew since {run.name} was trained, so nobody knows what was held out. Train on it first."
        )
    talks = [entry.conversation for entry in dataset.entries]
    learned, held_out = talks[: len(dataset.train)], talks[len(dataset.train) :]
    if not any(turn.learned for talk in held_out for turn in talk.turns):
        raise CommandRefused(
            "Nothing of what was learned was held out, so there is nothing to measure by: build the dataset with a greater eval_frac"
            " (in the section `dataset` of the recipe), and train again."
        )
    return learned, held_out
