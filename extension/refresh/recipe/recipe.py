"""The whole recipe."""

from __future__ import annotations

from .data import Data
from .format import Dataset, Format
from .section import Section
from .training import Lora, Model, Training


class Recipe(Section):
    """Everything that decides what a training makes of which chats."""

    name: str = ""
    """Of the adapter; empty is the name of the companion and the date."""
    data: Data = Data()
    dataset: Dataset = Dataset()
    format: Format = Format()
    model: Model = Model()
    lora: Lora = Lora()
    training: Training = Training()
