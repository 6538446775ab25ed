"""Decides how a reply is sent: as messages, or as its beginning with the whole of it in a file."""

from __future__ import annotations

import re

from ..commands.command import File
from .fences import fences
from .splitter import LIMIT, Measure, split, utf16

MOST_PARTS = 6
"""Messages that a reply may be sent as."""
_EXTENSIONS = {
    **dict.fromkeys(("bash", "sh", "shell", "zsh", "console"), "sh"),
    **dict.fromkeys(("py", "python", "python3"), "py"),
    **dict.fromkeys(("js", "javascript", "node"), "js"),
    **dict.fromkeys(("ts", "typescript"), "ts"),
    **dict.fromkeys(("md", "markdown"), "md"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("c++", "cpp", "cxx"), "cpp"),
    **dict.fromkeys(("c#", "cs", "csharp"), "cs"),
    **dict.fromkeys(("rs", "rust"), "rs"),
    **dict.fromkeys(("rb", "ruby"), "rb"),
    **dict.fromkeys(("go", "golang"), "go"),
    **dict.fromkeys(("kt", "kotlin"), "kt"),
    **dict.fromkeys(("hs", "haskell"), "hs"),
    **dict.fromkeys(("pl", "perl"), "pl"),
    **dict.fromkeys(("ps1", "powershell"), "ps1"),
    **dict.fromkeys(("tex", "latex"), "tex"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **{each: each for each in ("c", "css", "csv", "dart", "html", "ini", "java", "json", "jsonl", "jsx", "lua", "php", "r", "scala")},
    **{each: each for each in ("scss", "sql", "svg", "swift", "toml", "tsx", "vue", "xml")},
}
_MARKDOWN = re.compile(r"^[ \t]*(?:#{1,6} |[-*+] |\d{1,9}[.)] |>|`{3}|~{3}|\|.*\|)|\*\*\S|`[^`\n]+`|\]\(", re.MULTILINE)


def plan(text: str, limit: int = LIMIT, most_parts: int = MOST_PARTS, *, measure: Measure = utf16) -> tuple[list[str], File | None]:
    """Return the messages of a reply, and a file where they would be more than `most_parts`.

    With a file there is one message: a line that says so, and as much of the beginning as goes with it. The file holds the whole reply
    (`.md`, or `.txt` without any Markdown in it), or, where the reply is one block of code, the code alone under its language's name.
    Raises ValueError where a limit is too low for a single character, or `most_parts` below 1.
    """
    if most_parts < 1:
        raise ValueError("A reply is sent as at least one message: most_parts is 1 or more.")
    found = split(text, limit, measure=measure)
    if len(found) <= most_parts:
        return found, None
    file = _file(text)
    notice = f"This reply is long ({len(text):,} characters): all of it is in {file.name}. It begins:\n\n"
    room = limit - measure(notice)
    if room < limit // 2:
        return split(notice, limit, measure=measure)[:most_parts], file
    return [notice + split(text, room, measure=measure)[0]], file


def _file(text: str) -> File:
    whole = text.strip()
    block = next(iter(fences(whole)), None)
    if block and block.start == 0 and block.end == len(whole):
        extension = _EXTENSIONS.get(block.info.split()[0].lower() if block.info else "", "txt")
        return _named(extension, whole[block.inside : block.outside])
    return _named("md" if _MARKDOWN.search(text) else "txt", text)


def _named(extension: str, content: str) -> File:
    return File(f"reply.{extension}", content.encode("utf-8", "replace"))
