"""A reply as Matrix shows it: Markdown as the few elements of HTML that rooms allow, with nothing of HTML from the text itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SCHEMES = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
DEEPEST = 30
"""Containers inside each other; rooms allow a hundred elements."""


def sendable(text: str) -> str:
    """Return a text without characters that no server takes: control characters and halves of characters."""
    return _UNSENDABLE.sub(lambda found: "\ufffd" if found.group() >= "\ud800" else "", text.replace("\r\n", "\n").replace("\r", "\n"))


def formatted(text: str) -> str:
    """Return the HTML of some Markdown, '' where it is nothing but lines of plain text."""
    parser = _parser()
    tokens = parser.parse(text)
    inner = [child.type for token in tokens for child in token.children or ()]
    if any(token.level >= DEEPEST - 1 for token in tokens):
        return ""  # the parser leaves out what lies deeper than it may look
    plain = all(token.type in ("paragraph_open", "inline", "paragraph_close") for token in tokens)
    if plain and all(each in ("text", "softbreak") for each in inner) and "\\" not in text:
        return ""
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


@lru_cache(1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Line breaks count, as in what people type there. Images are no part of it: one that is fetched tells who looks. Nor are definitions
    # of links, which are shown to nobody.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline", "reference"])
    parser.validateLink = lambda url: _SCHEMES.match(url) is not None  # type: ignore[method-assign]
    parser.add_render_rule("th_open", lambda self, tokens, number, options, env: "<th>")
    parser.add_render_rule("td_open", lambda self, tokens, number, options, env: "<td>")
    parser.add_render_rule("s_open", lambda self, tokens, number, options, env: "<del>")
    parser.add_render_rule("s_close", lambda self, tokens, number, options, env: "</del>")
    return parser
