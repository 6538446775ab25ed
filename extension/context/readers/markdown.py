"""Markdown, as CommonMark with tables reads it: sections, code blocks, and the rest as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..blocks import Block, Found, Source, Titled
from . import plain
from .charset import text

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_FRONT = re.compile(r"---\n(.*?\n)(?:---|\.\.\.)\n", re.S)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.M)


def read(source: Source) -> Iterator[Found]:
    """Yield the blocks of a Markdown document; a very long one is read as plain text, with a remark."""
    if source.size > source.limits.parsed:
        yield from plain.headless(source)
        return
    with text(source) as opened:
        written = opened.read().removeprefix("\ufeff").replace("\0", "")
    if front := _FRONT.match(written):
        written = written[front.end() :]
        yield from (Titled(found) for found in _TITLE.findall(front[1])[:1])
    yield from _blocks(written)


def _blocks(written: str) -> Iterator[Block]:
    lines = written.split("\n")
    tokens = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table").parse(written)
    for number, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        raw = "\n".join(lines[token.map[0] : token.map[1]])
        if token.type == "heading_open":
            yield Block(_heading(tokens[number + 1]), "heading", int(token.tag[1:]))
        elif token.type in ("fence", "code_block"):
            yield Block(raw.strip("\n"), "code", language=token.info.split()[0].lower()[:30] if token.info.strip() else "")
        elif token.type == "table_open":
            yield Block(raw, "table")
        else:
            yield Block(_COMMENT.sub("", raw).strip("\n"))


def _heading(inline: Token) -> str:
    """Return the words of a heading, without its marks."""
    children = inline.children or []
    return "".join(each.content or " " * (each.type == "softbreak") for each in children if each.type != "html_inline") or inline.content
