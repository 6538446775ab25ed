"""Zips of exports: the chats in them unpacked into a temporary folder, and nothing else of what is often gigabytes of pictures."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ...errors import ImportRefused

MOST_FILES = 200_000
LARGEST = 16 * 1024**3
"""Bytes that all of the chats in a zip may unpack to."""
_RATIO = 200
"""How many times its packed size a file may be, from a megabyte on; chats are some ten to fifty times."""
_SMALL = 1_000_000
_PIECE = 1024 * 1024
_HEAD = 64 * 1024
_ENCRYPTED = 1
_LINK = 0o120000
_CLUTTER = re.compile(r"(?:^|/)(?:__MACOSX|\.[^/.])")
_ODD = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\\]")
_LONGEST_NAME = 100
"""Characters of one part of a path."""


@contextmanager
def unpacked(path: Path, wanted: Callable[[bytes, str], bool]) -> Iterator[Path]:
    """Unpack the files of a zip that are wanted, by how they begin and their name, and yield the folder they lie in meanwhile.

    No name leads out of that folder, and links are not followed. Raises ImportRefused for a zip that is damaged, protected with a
    password, or unpacks to what no export does; OSError.
    """
    with TemporaryDirectory(prefix="familiar-import-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                for number, member in enumerate(_checked(archive)):
                    with archive.open(member) as packed:
                        head = packed.read(_HEAD)
                        if wanted(head, member.filename):
                            _write(folder / _safe(member.filename, number), head, packed)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError) as exc:
            raise ImportRefused(f"the zip is damaged ({type(exc).__name__}). Download it again, or unpack it otherwise") from None
        yield folder


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files that may be chats."""
    members = [each for each in archive.infolist() if not each.is_dir() and not _CLUTTER.search(each.filename)]
    members = [each for each in members if each.external_attr >> 16 & 0o170000 != _LINK]
    if len(members) > MOST_FILES:
        raise ImportRefused(f"the zip holds more than {MOST_FILES:,} files. Unpack it, and import the folder of its chats")
    if any(each.flag_bits & _ENCRYPTED for each in members):
        raise ImportRefused("the zip is protected with a password. Unpack it, and import the folder")
    texts = [each for each in members if each.filename.lower().endswith((".json", ".jsonl", ".txt", ".csv", ".tsv"))]
    if any(each.file_size > _SMALL and each.file_size > _RATIO * max(each.compress_size, 1) for each in texts):
        raise ImportRefused("the zip unpacks to hundreds of times its size, as a zip bomb does. If you trust it, unpack it yourself")
    if sum(each.file_size for each in texts) > LARGEST:
        raise ImportRefused(f"the zip unpacks to more than {LARGEST // 1024**3} GB. Unpack it, and import its folders one by one")
    return texts


def _safe(name: str, number: int) -> Path:
    """Return where a file goes: as it is called, without what leads elsewhere or no file system takes."""
    parts = [_ODD.sub("_", part)[-_LONGEST_NAME:] for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return Path(*parts[-6:]) if parts else Path(f"unnamed-{number}")


def _write(path: Path, head: bytes, rest: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    while path.exists():
        path = path.with_name(f"_{path.name}")
    with path.open("xb") as out:
        out.write(head)
        while piece := rest.read(_PIECE):
            out.write(piece)
