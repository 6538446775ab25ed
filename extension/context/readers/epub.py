"""EPUB: the chapters in the order of its spine, each read as HTML."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from lxml import etree

from ...errors import UnreadableDocument
from ..blocks import Found, Remark, Source, Titled
from . import archive
from .charset import charset
from .hypertext import streamed

_PAGES = ("application/xhtml+xml", "text/html", "application/xml", "text/xml")


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of every chapter. Raises UnreadableDocument; a chapter that is missing is remarked, and the rest goes on."""
    with archive.opened(source) as packed:
        archive.checked(packed, source, source.limits.size)
        name, book = _book(packed)
        locked = _locked(packed)
        if title := _first(book, "title"):
            yield Titled(title)
        files = {each.get("id"): each for each in book.iter("{*}item")}
        missing = 0
        for reference in book.iter("{*}itemref"):
            item = files.get(reference.get("idref"))
            if item is None or item.get("media-type") not in _PAGES:
                missing += item is None
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(item.get("href") or "")))
            if path in locked:
                raise UnreadableDocument("It is protected against copying (DRM), so it cannot be read.")
            try:
                yield from _chapter(packed, path)
            except KeyError:
                missing += 1
        if missing:
            yield Remark(f"{missing} chapters are named in it and missing.")


def _chapter(packed: zipfile.ZipFile, path: str) -> Iterator[Found]:
    data = packed.read(path)
    page = io.TextIOWrapper(io.BytesIO(data), charset(data[:65_536], whole=len(data) <= 65_536), "replace")
    for found in streamed(page):
        if not isinstance(found, Titled):
            yield found


def _book(packed: zipfile.ZipFile) -> tuple[str, Any]:
    """Return the name and the tree of the package document."""
    container = _tree(packed, "META-INF/container.xml")
    name = next(each.get("full-path") or "" for each in container.iter("{*}rootfile"))
    return name, _tree(packed, name)


def _tree(packed: zipfile.ZipFile, name: str) -> Any:
    return etree.fromstring(packed.read(name), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True))


def _locked(packed: zipfile.ZipFile) -> set[str]:
    """Return the files that are encrypted; fonts often are, and do no harm."""
    try:
        tree = _tree(packed, "META-INF/encryption.xml")
    except (KeyError, etree.LxmlError, ValueError):
        return set()
    return {unquote(each.get("URI") or "") for each in tree.iter("{*}CipherReference")}


def _first(book: Any, name: str) -> str:
    return next((" ".join(each.text.split()) for each in book.iter(f"{{*}}{name}") if each.text and each.text.strip()), "")
