"""A dataset: conversations as tokens with what is learned of them, in a folder that holds nothing that could be run.

train.safetensors, eval.safetensors   tokens (int32), learned (uint8), offsets (int64: where each sample begins, and the end of the last)
conversations.jsonl                   what each sample was made of, a line each: those of train, then those of eval
manifest.json                         what it was made with, counts, and the digests of the others; written last
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import FamiliarError, NotFound, StoreCorrupt, StoreError, StoreFull, StoreReadOnly
from .entries import Entry
from .recipe.format import Dataset as Cutting
from .recipe.format import Format

MANIFEST = "manifest.json"
CONVERSATIONS = "conversations.jsonl"
HALVES = ("train", "eval")
LONGEST_MANIFEST = 64 << 20
"""Bytes."""
_TENSORS = {"tokens": "int32", "learned": "uint8", "offsets": "int64"}
_REMEDY = "Build it anew: `familiar dataset build`."


class Person(BaseModel):
    """Somebody who speaks in the samples, as tags are made of them."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    first_name: str = ""


class Counts(BaseModel):
    """How much a half holds."""

    model_config = ConfigDict(frozen=True)

    samples: int
    tokens: int
    learned_tokens: int


class Manifest(BaseModel):
    """What a dataset was made with. Keys of a later version are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    format: Literal[1] = 1
    model: str
    """Name or folder of the model whose tokenizer it is."""
    tokenizer: str
    """The digest of the tokenizer, with the tokens that were added."""
    added: tuple[str, ...] = ()
    """Special tokens the model did not have: their embeddings are to be trained."""
    people: tuple[Person, ...] = ()
    """Whom the model learns to speak as, as the renderer was given them; inference must give it the same."""
    others: tuple[Person, ...] = ()
    format_section: Format
    dataset_section: Cutting
    placement: str
    """Where tags stand in fact."""
    samples: int
    tokens: int
    learned_tokens: int
    """Of train."""
    eval: Counts
    truncated: int = 0
    """Turns that were cut off."""
    sha256: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Half:
    """The samples that are learned, or those that are kept to measure by, one behind the other."""

    tokens: Any
    learned: Any
    offsets: Any

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample."""
        return [int(each) for each in self.offsets[1:] - self.offsets[:-1]]

    def sample(self, number: int) -> tuple[list[int], list[bool]]:
        """Return the tokens of a sample, and which of them are learned. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, end = int(self.offsets[number]), int(self.offsets[number + 1])
        return self.tokens[start:end].tolist(), self.learned[start:end].astype(bool).tolist()

    @property
    def counts(self) -> Counts:
        """How much it holds."""
        return Counts(samples=len(self), tokens=len(self.tokens), learned_tokens=int(self.learned.sum(dtype="int64")))

    @classmethod
    def of(cls, samples: Iterable[tuple[Sequence[int], Sequence[bool]]]) -> Half:
        """Return samples as one."""
        import numpy as np

        tokens, learned, offsets = array("i"), array("B"), array("q", [0])
        for ids, flags in samples:
            tokens.extend(ids)
            learned.extend(flags)
            offsets.append(len(tokens))
        return cls(np.array(tokens, np.int32), np.array(learned, np.uint8), np.array(offsets, np.int64))


@dataclass(frozen=True, slots=True)
class Dataset:
    """Samples, what they were made of, and what they were made with."""

    train: Half
    eval: Half
    entries: tuple[Entry, ...]
    """One for each sample: those of train, then those of eval."""
    manifest: Manifest

    def half(self, entry: int) -> tuple[Half, int]:
        """Return where the sample of an entry is."""
        return (self.train, entry) if entry < len(self.train) else (self.eval, entry - len(self.train))

    def save(self, folder: Path) -> None:
        """Write the folder, whole or not at all. A dataset that is there is replaced, anything else is not.

        Raises StoreError, StoreFull, StoreReadOnly.
        """
        if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise StoreError(f"{folder} is there, and no dataset. Name another folder.")
        partial, old = (folder.with_name(f".{folder.name}.{each}") for each in ("partial", "old"))
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            self._write(partial)
            shutil.rmtree(old, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            partial.rename(folder)
        except OSError as exc:
            raise _refused(exc, folder) from exc
        finally:
            for left in (partial, old) if (folder / MANIFEST).is_file() else (partial,):
                shutil.rmtree(left, ignore_errors=True)

    def _write(self, folder: Path) -> None:
        from safetensors.numpy import save

        files = {f"{name}.safetensors": save(_named(half)) for name, half in zip(HALVES, (self.train, self.eval), strict=True)}
        files[CONVERSATIONS] = "".join(f"{entry.line()}\n" for entry in self.entries).encode()
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        manifest = self.manifest.model_copy(update={"sha256": digests})
        for name, data in {**files, MANIFEST: manifest.model_dump_json(indent=2).encode()}.items():
            with (folder / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Return what a folder holds, every file checked first. Raises NotFound, StoreCorrupt, StoreError."""
        manifest = read_manifest(folder)
        train, held_out = (_half(_checked(folder, f"{name}.safetensors", manifest), folder / f"{name}.safetensors") for name in HALVES)
        try:
            lines = _checked(folder, CONVERSATIONS, manifest).decode().splitlines()
            entries = tuple(Entry.of(line) for line in lines)
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            raise StoreCorrupt(f"{folder / CONVERSATIONS} is no list of conversations ({type(exc).__name__}). {_REMEDY}") from exc
        made = cls(train, held_out, entries, manifest)
        told = Counts(samples=manifest.samples, tokens=manifest.tokens, learned_tokens=manifest.learned_tokens)
        if (told, manifest.eval, len(entries)) != (train.counts, held_out.counts, len(train) + len(held_out)):
            raise StoreCorrupt(f"{folder} holds other samples than its manifest says. {_REMEDY}")
        if [entry.length for entry in entries] != [*train.lengths, *held_out.lengths]:
            raise StoreCorrupt(f"{folder / CONVERSATIONS} is no list of conversations of these samples. {_REMEDY}")
        return made


def read_manifest(folder: Path) -> Manifest:
    """Return what a dataset was made with. Raises NotFound, StoreCorrupt, StoreError."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > LONGEST_MANIFEST:
            raise StoreCorrupt(f"{path} is larger than a manifest is. {_REMEDY}")
        return Manifest.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError as exc:
        raise NotFound(f"There is no dataset in {folder}. {_REMEDY}") from exc
    except OSError as exc:
        raise StoreError(f"Cannot read {path}: {exc.strerror}. Check its permissions.") from exc
    except ValidationError as exc:
        where = ".".join(str(part) for part in exc.errors()[0]["loc"])
        raise StoreCorrupt(f"{path} is no manifest of this version (see {where or 'its beginning'}). {_REMEDY}") from exc
    except (ValueError, RecursionError) as exc:
        raise StoreCorrupt(f"{path} is no JSON. {_REMEDY}") from exc


def _checked(folder: Path, name: str, manifest: Manifest) -> bytes:
    """Return a file that is what the manifest says. Raises StoreCorrupt, StoreError."""
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError as exc:
        raise StoreCorrupt(f"{folder / name} is missing. {_REMEDY}") from exc
    except OSError as exc:
        raise StoreError(f"Cannot read {folder / name}: {exc.strerror}. Check its permissions.") from exc
    if hashlib.sha256(data).hexdigest() != manifest.sha256.get(name):
        raise StoreCorrupt(f"{folder / name} is damaged: it is not what the manifest says. {_REMEDY}")
    return data


def _half(data: bytes, path: Path) -> Half:
    """Return tensors that belong together. Raises StoreCorrupt."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except (SafetensorError, KeyError, TypeError, ValueError) as exc:
        raise StoreCorrupt(f"{path} is no file of tensors that is read here. {_REMEDY}") from exc
    kinds = {name: str(tensor.dtype) for name, tensor in tensors.items() if tensor.ndim == 1}
    if kinds != _TENSORS or len(tensors) != len(_TENSORS):
        raise StoreCorrupt(f"{path} holds other tensors than {', '.join(_TENSORS)}. {_REMEDY}")
    half = Half(**tensors)
    tokens, learned, offsets = half.tokens, half.learned, half.offsets
    whole = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(tokens) == len(learned)
    if not (whole and bool((offsets[1:] > offsets[:-1]).all()) and bool((tokens >= 0).all()) and bool((learned <= 1).all())):
        raise StoreCorrupt(f"The tensors in {path} do not belong together. {_REMEDY}")
    return half


def _named(half: Half) -> dict[str, Any]:
    return {"tokens": half.tokens, "learned": half.learned, "offsets": half.offsets}


def _refused(exc: OSError, folder: Path) -> FamiliarError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"The disk is full: the dataset was not written to {folder}. Make room, or name a folder on another disk.")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(f"{folder} may not be written. Change its permissions, or name another folder.")
    return StoreError(f"Cannot write {folder}: {exc.strerror or exc}. Name another folder.")
