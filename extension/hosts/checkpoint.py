"""A model and its tokenizer as transformers loads them from a folder or from the hub."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import HostError, MissingModel, MissingPackage, TrainingRefused
from ..loading import loading
from ..messages import Message
from ..prompt import defused
from ..refresh.training import adapter as trained
from . import chat_template
from .adapters import WEIGHTS, Adapters

HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
UNKNOWN_WINDOW = 4096


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model. Encoding and decoding are safe from several threads; generating is for one at a time."""

    name: str
    model: Any
    tokenizer: Any
    window: int
    specials: tuple[str, ...]
    adapters: Adapters
    """What can be put on it beside the adapter it was loaded with."""
    place: Path | str = ""
    """The folder it was loaded from, or its name on the hub."""
    _lock: Lock = field(default_factory=Lock)

    @property
    def stops(self) -> tuple[str, ...]:
        """What ends a reply beside the end token: nothing, unless the model has no chat template."""
        return () if self.tokenizer.chat_template else chat_template.PLAIN_STOPS

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the ids of the whole prompt. Raises HostRefused when the template does not take the messages."""
        return self.ids(chat_template.render(self.tokenizer, messages, self.specials, self.name))

    def count(self, text: str) -> int:
        """Return how many ids the text is inside a message."""
        return len(self.ids(defused(text, self.specials)))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of the ids, special tokens left out."""
        with self._lock:
            return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, without anything added before or behind."""
        with self._lock:
            return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def load(source: str | Path, adapter: Path | None = None) -> Checkpoint:
    """Load a model from a folder or by its name on the hub, on CUDA where there is one, else in float32 on the processor.

    Raises MissingModel when it is not there or damaged, MissingPackage, and HostError when memory does not suffice.
    """
    place = located(source)
    try:
        with loading(bars=not isinstance(place, Path)):  # a folder loads in a moment; only a download is worth a bar
            return _load(place, adapter)
    except ImportError as exc:
        raise MissingPackage(f"Running a model here needs torch and transformers ({exc}): pip install torch transformers") from exc


def _load(place: Path | str, adapter: Path | None) -> Checkpoint:
    import torch
    import transformers

    name = place.name if isinstance(place, Path) else place
    base: Any = None
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(place)
        base = _model(transformers, torch, place)
        model = _with_adapter(base, adapter, place).eval()
    except (ImportError, MissingPackage, MissingModel, TrainingRefused):
        raise
    except (MemoryError, torch.OutOfMemoryError) as exc:
        raise HostError(f"There is not enough memory to load {name}. Close other programs, or choose a smaller model.") from exc
    except Exception as exc:  # a damaged file fails in as many ways as there are libraries below; tokenizers raises bare Exception
        raise (_unusable(place, exc) if base is None or adapter is None else _unfit(adapter, name, exc)) from exc
    specials = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special and len(str(token)) > 1]
    return Checkpoint(name, model, tokenizer, _window(model.config), tuple(sorted(specials, key=len, reverse=True)), Adapters(model), place)


def located(source: str | Path) -> Path | str:
    """Return the folder that the source names, or the source itself where it can only be a name on the hub.

    Raises MissingModel for a folder that is not there and for a file.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise MissingModel(
            f"{path} is a file; transformers loads folders. Name its folder, or serve the file with llama.cpp"
            " and set FAMILIAR_HOST to that server's URL."
        )
    if isinstance(source, str) and HUB_NAME.fullmatch(source) and not source.startswith("."):
        return source
    raise MissingModel(f"There is no model folder {path}. Check FAMILIAR_MODEL, or unset it to use the bundled model.")


def _model(transformers: Any, torch: Any, place: Path | str) -> Any:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = "auto" if device == "cuda" else torch.float32
    return transformers.AutoModelForCausalLM.from_pretrained(place, dtype=dtype).to(device)


def _with_adapter(model: Any, adapter: Path | None, place: Path | str) -> Any:
    """Return the model with an adapter on it. One that was trained here has to be whole, and of this very model; no code is ever run."""
    if adapter is None:
        return model
    if not (adapter / "adapter_config.json").is_file():
        raise MissingModel(f"{adapter} holds no LoRA adapter. Name a folder with adapter_config.json, or none.")
    if not (adapter / WEIGHTS).is_file():
        raise MissingModel(f"{adapter} has no {WEIGHTS}. Weights in other files could run code, and are not read.")
    try:
        import peft
    except ImportError as exc:
        raise MissingPackage(f"The adapter {adapter.name} needs the package peft: pip install peft") from exc
    if (adapter / trained.MANIFEST).is_file() and isinstance(place, Path):
        trained.check_adapter(adapter, place)
        return trained.put(adapter, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by names that are going
        return peft.PeftModel.from_pretrained(model, str(adapter))


def _unfit(adapter: Path, model: str, exc: Exception) -> MissingModel:
    return MissingModel(f"The adapter in {adapter} cannot be put on {model} ({_reason(exc)}). Check that it was made for this model.")


def _reason(exc: Exception) -> str:
    return f"{type(exc).__name__}: {(str(exc).strip().splitlines() or [''])[0][:200]}"


def _unusable(place: Path | str, exc: Exception) -> MissingModel:
    reason = _reason(exc)
    if isinstance(place, Path):
        return MissingModel(f"The model in {place} cannot be loaded ({reason}). Delete the folder and fetch or convert the model again.")
    return MissingModel(f"The model {place} cannot be had from the hub ({reason}). Check the name and the connection, or name a folder.")


def _window(config: Any) -> int:
    found = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(found) if found else UNKNOWN_WINDOW
