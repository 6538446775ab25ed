"""The webui's superboogav2, from a checkout of the webui, in an environment of its own: see apart.py.

Its own collector, chunks and settings, driven as its chat mode does it: the chat as one text goes in, and for a question the
chunks that it would put before the model come out, as many as fit its own limit. The turns of a chunk are counted as
found, in reading order, the best chunk first. What is ours: MiniLM in place of all-mpnet-base-v2, which it would
download, and MiniLM's tokens in place of those of a loaded model.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.peers.answering import Find, answer

EXTENSION = "extensions/superboogav2"
_CLOCK = re.compile(r"^Current time is .*?The current date is [\d-]+\.")


def start(told: dict[str, Any]) -> tuple[Find, str]:
    """Let it read every conversation as a chat, and return how it is asked."""
    os.chdir(told["webui"])
    sys.path.insert(0, told["webui"])
    words = _language_data(Path(told["folder"]) / "nltk_data")
    sys.modules["modules.text_generation"] = _text_generation(told["model"])
    from chromadb.utils import embedding_functions

    ours = partial(embedding_functions.SentenceTransformerEmbeddingFunction, told["model"])
    embedding_functions.SentenceTransformerEmbeddingFunction = lambda name, **more: ours(**more)
    from extensions.superboogav2 import parameters  # type: ignore[import-not-found]

    if not words:
        parameters.Parameters.getInstance().hyperparameters["lemmatize"]["default"] = False
    chats = {name: Chat(turns) for name, turns in told["conversations"].items()}

    def find(conversation: str, question: str) -> list[int]:
        return chats[conversation].find(question, told["depth"])

    own = "its own settings" if words else "its own settings but for lemmatising, for which WordNet was missing"
    return find, f"superboogav2 with chromadb {version('chromadb')}, all-MiniLM-L6-v2 for all-mpnet-base-v2, {own}"


class Chat:
    """A chat as one text in a collector of its own, with where each turn stands in it."""

    def __init__(self, turns: Sequence[str]) -> None:
        from extensions.superboogav2.data_processor import process_and_add_to_collector  # type: ignore[import-not-found]

        self._text = "\n".join(turns)
        ends = list(accumulate(len(turn) + 1 for turn in turns))
        self._spans = [(end - 1 - len(turn), end - 1) for turn, end in zip(turns, ends, strict=True)]
        self._collector = _collector()
        process_and_add_to_collector(self._text, self._collector, False, {"source": "automatic-chat-insert"})

    def find(self, question: str, depth: int) -> list[int]:
        """Return the turns of which at least half stands in what it would show the model."""
        from extensions.superboogav2 import parameters

        shown = self._collector.get_sorted_by_dist(
            question, n_results=parameters.get_chunk_count(), max_token_count=int(parameters.get_max_token_count())
        )
        found = dict.fromkeys(number for document in reversed(shown) for number in self._turns(document))
        return list(found)[:depth]

    def _turns(self, document: str) -> Iterator[int]:
        document = _CLOCK.sub("", document)
        start = self._text.find(document) if document else -1
        for number, (first, last) in enumerate(self._spans):
            if start >= 0 and 2 * (min(last, start + len(document)) - max(first, start)) >= last - first:
                yield number


def _collector() -> Any:
    """Return a collector; the random name that it takes may be taken already."""
    from chromadb.errors import UniqueConstraintError
    from extensions.superboogav2.chromadb import make_collector  # type: ignore[import-not-found]

    while True:
        try:
            return make_collector()
        except UniqueConstraintError:
            continue


def _language_data(made: Path) -> bool:
    """Let NLTK find its data beside the extension, or where NLTK_DATA says; return whether WordNet is there.

    The list of stop words must be there to start, and is not used by the settings: an empty one does.
    """
    import nltk

    nltk.data.path[:] = [str(Path(EXTENSION, "nltk_data").resolve()), *nltk.data.path, str(made)]
    try:
        nltk.data.find("corpora/stopwords")
    except LookupError:
        (made / "corpora" / "stopwords").mkdir(parents=True)
        (made / "corpora" / "stopwords" / "english").write_text("", encoding="utf-8")
    for name in ("corpora/wordnet", "corpora/wordnet.zip"):
        try:
            nltk.data.find(name)
        except LookupError:
            continue
        return True
    return False


def _text_generation(model: str) -> ModuleType:
    """Return a stand-in for the webui's module of that name, which counts with the tokenizer of a loaded model."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)

    def encode(text: str) -> list[list[str]]:
        ends = [end for _, end in tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]]
        return [[text[first:last] for first, last in zip([0, *ends], [*ends, len(text)], strict=True)]]

    module = ModuleType("modules.text_generation")
    module.__dict__.update(encode=encode, decode=lambda pieces, **_: "".join(pieces))
    return module


if __name__ == "__main__":
    answer(start)
