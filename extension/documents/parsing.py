"""Markdown as a tree: CommonMark with tables, strikethrough and bare links, as models write it. HTML in it is text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

DEEPEST = 60
"""Containers (lists, quotes) inside each other. A text with more is no Markdown anybody wrote, and is taken as plain lines."""
LONGEST = 10_000
"""Characters of one paragraph whose marks are looked for: that takes the square of the time it takes to read them."""


def parse(text: str) -> tuple[list[SyntaxTreeNode], list[str]] | None:
    """Return the blocks of some Markdown, and the lines that define links nobody uses, which are in no block.

    None where it is nested too deep to be taken as Markdown.
    """
    from markdown_it.tree import SyntaxTreeNode

    defined: dict[str, Any] = {}
    tokens = _parser().parse(text, defined)
    # The parser leaves out what lies deeper than it may look.
    if any(token.level >= DEEPEST - 1 for token in tokens):
        return None
    used = {child.attrGet(name) for token in tokens for child in token.children or () for name in ("href", "src")}
    references = [*defined.get("references", {}).values(), *defined.get("duplicate_refs", ())]
    spans = [each["map"] for each in references if each["href"] not in used]
    lines = text.split("\n")
    return SyntaxTreeNode(tokens).children, [line for first, last in spans for line in lines[first:last]]


@lru_cache(1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # What a link may lead to is decided where it is written (see runs.py), so that nothing of it is lost here.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # type: ignore[union-attr]
    parser.core.ruler.at("inline", _inside)
    parser.validateLink = _anything  # type: ignore[method-assign]
    return parser


def _inside(state: StateCore) -> None:
    """Look for marks in paragraphs, as markdown-it's own rule does, but for those that are too long."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            if len(token.content) <= LONGEST:
                state.md.inline.parse(token.content, state.md, state.env, token.children)
            else:
                token.children = _plain(token.content)


def _plain(text: str) -> list[Token]:
    from markdown_it.token import Token

    found: list[Token] = []
    for line in text.split("\n"):
        found += [Token("text", "", 0, content=line), Token("softbreak", "br", 0)]
    return found[:-1]


def _anything(url: Any) -> bool:
    return True
