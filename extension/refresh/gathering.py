"""From a database to a dataset: the sources of a recipe, prepared and built."""

from __future__ import annotations

from pathlib import Path

from ..database import Database
from .building import Progress, build
from .chats import Chats
from .dataset import Dataset
from .people import People
from .preparing import Titles, no_titles, prepared
from .privacy.pseudonyms import secret_of
from .recipe.recipe import Recipe
from .rendering.loading import tokenizer as loaded
from .report import Report


def gathered(
    database: Database,
    data_dir: Path,
    recipe: Recipe,
    model: Path,
    owner: str = "me",
    retention_days: int = 0,
    titles: Titles = no_titles,
    progress: Progress = lambda done, total: None,
) -> tuple[Dataset, Report]:
    """Return the dataset of a recipe for the model in a folder, and what became of the messages on the way.

    Raises NotFound for a chat, person or companion that the recipe names and there is not, SettingsError where the recipe does not fit the
    model, MissingModel, StoreError.
    """
    lines = Chats(database, retention_days).lines(recipe.data.sources)
    secret = secret_of(data_dir) if recipe.data.privacy.pseudonyms else b""
    chats, report = prepared(lines, People(database, owner), recipe.data, secret, titles)
    return build(chats, recipe, loaded(model), model.name, progress), report
