"""Zip files, and those of Word, Excel and EPUB, which are zips: opened only as far as they are what they say."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from ...errors import UnreadableDocument
from ..blocks import Block, Found, Remark, Source
from ..cleaning import clean
from .damage import translated

_ENCRYPTED = 1
_LINK = 0o120000
_SMALL = 1_000_000
_IN_MEMORY = 16_000_000
_DOCTYPE = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)")
_CLUTTER = re.compile(r"(?:^|/)(?:__MACOSX|\.(?!\.?/))|(?:^|/)(?:Thumbs\.db|desktop\.ini)$")


def opened(source: Source) -> zipfile.ZipFile:
    """Open a zip. Raises zipfile.BadZipFile."""
    source.file.seek(0)
    return zipfile.ZipFile(source.file)


def checked(archive: zipfile.ZipFile, source: Source, size: int) -> None:
    """Raise UnreadableDocument for an archive with too many files, or that unpacks to too much: it alone, or with what it lies in."""
    members, limits = archive.infolist(), source.limits
    if len(members) > limits.members:
        raise UnreadableDocument(f"It holds more than {limits.members} files. Unpack it and read the folders you need.")
    if any(each.file_size > _SMALL and each.file_size > limits.ratio * max(each.compress_size, 1) for each in members):
        raise UnreadableDocument("It unpacks to hundreds of times its size, as a zip bomb does. If you trust it, unpack it yourself.")
    unpacked = sum(each.file_size for each in members)
    source.unpacked.size += unpacked
    if unpacked > size or source.unpacked.size > limits.size:
        raise UnreadableDocument(f"It unpacks to more than {size // 1_000_000} MB. Unpack it and read parts of it.")


def package(archive: zipfile.ZipFile, source: Source) -> None:
    """Check an archive of XML files that is read as a whole. Raises UnreadableDocument, also for declarations of entities."""
    checked(archive, source, source.limits.whole)
    for member in archive.infolist():
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableDocument("It is protected with a password. Save it without one and read it again.")
        if member.filename.lower().endswith((".xml", ".rels")):
            with archive.open(member) as file:
                if _DOCTYPE.search(file.read(_IN_MEMORY)):
                    raise UnreadableDocument("It declares XML entities, as no office program does. If you trust it, save it anew.")


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of every file of a zip, under its name. What cannot be read is remarked, and the rest goes on."""
    if source.depth >= source.limits.nesting:
        raise UnreadableDocument(f"It lies in {source.depth} other files. Unpack those and read it again.")
    with opened(source) as archive:
        checked(archive, source, source.limits.size)
        for member in archive.infolist():
            if not member.is_dir() and not _CLUTTER.search(member.filename):
                yield from _member(archive, member, source)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Source) -> Iterator[Found]:
    name = safe_name(member.filename)
    if member.external_attr >> 16 & 0o170000 == _LINK:
        yield Remark(f"{name}: a link to another file is not followed.")
    elif member.flag_bits & _ENCRYPTED:
        yield Remark(f"{name}: it is protected with a password. Unpack it and read it again.")
    else:
        try:
            with translated("a zip"), archive.open(member) as packed, SpooledTemporaryFile(_IN_MEMORY) as file:
                while part := packed.read(_SMALL):
                    file.write(part)
                inner = replace(source, file=cast("BinaryIO", file), name=name, size=member.file_size)
                yield from within(replace(inner, charset="", depth=source.depth + 1))
        except UnreadableDocument as exc:
            yield Remark(f"{name}: {exc}")


def within(source: Source) -> Iterator[Found]:
    """Yield the blocks of a file that lies in another one, under its name; an error is remarked."""
    from .formats import blocks, detected

    try:
        for found in blocks(detected(source), source):
            if isinstance(found, Block):
                yield replace(found, under=(source.name, *found.under))
            elif isinstance(found, Remark):
                yield Remark(f"{source.name}: {found.text}")
    except UnreadableDocument as exc:
        yield Remark(f"{source.name}: {exc}")


def safe_name(name: str) -> str:
    """Return the name of a file in another one, to be shown: without what leads elsewhere, at most 120 characters."""
    parts = [part for part in clean(name[-500:]).replace("\n", " ").replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts)[-120:] or "unnamed"
