"""Plain text and source code, of any length: read as it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..blocks import Block, Found, Remark, Source
from ..passages import Kind
from .charset import text

_READ = 65_536
LANGUAGES = {
    suffix: language
    for language, suffixes in {
        "c": ".c .h",
        "cpp": ".cc .cpp .cxx .hpp",
        "csharp": ".cs",
        "css": ".css",
        "dart": ".dart",
        "elixir": ".ex .exs",
        "fortran": ".f90",
        "go": ".go",
        "haskell": ".hs",
        "ini": ".ini",
        "java": ".java",
        "js": ".js .jsx .mjs",
        "julia": ".jl",
        "kotlin": ".kt",
        "latex": ".tex",
        "lua": ".lua",
        "matlab": ".m",
        "perl": ".pl",
        "php": ".php",
        "powershell": ".ps1",
        "proto": ".proto",
        "python": ".py .pyi",
        "r": ".r",
        "ruby": ".rb",
        "rust": ".rs",
        "scala": ".scala",
        "shell": ".bash .sh",
        "sol": ".sol",
        "sql": ".sql",
        "swift": ".swift",
        "toml": ".toml",
        "ts": ".ts .tsx",
        "vb": ".vb",
        "xml": ".xml",
        "yaml": ".yaml .yml",
        "zig": ".zig",
    }.items()
    for suffix in suffixes.split()
}
"""Suffixes of source code and the language each says, by the splitter's names where it has one."""
_PROGRAMS = {"python": "python", "bash": "shell", "sh": "shell", "node": "js", "perl": "perl", "ruby": "ruby", "lua": "lua", "php": "php"}


def prose(source: Source) -> Iterator[Found]:
    """Yield a text in parts of some thousand characters."""
    yield from _parts(source, "prose", "")


def headless(source: Source) -> Iterator[Found]:
    """Yield a marked-up text that is too long to be parsed as plain text, with a remark."""
    yield Remark(f"It is longer than {source.limits.parsed // 1_000_000} MB, so its headings were not looked for.")
    yield from prose(source)


def code(source: Source) -> Iterator[Found]:
    """Yield source code in parts of some thousand characters."""
    with text(source) as opened:
        first = opened.read(100)
    yield from _parts(source, "code", LANGUAGES.get(source.suffix) or interpreter(first))


def interpreter(first: str) -> str:
    """Return the language that the first line of a script names, '' for none."""
    line = first.partition("\n")[0]
    if not line.startswith("#!"):
        return ""
    program = line.removeprefix("#!").split()[-1:] or [""]
    return _PROGRAMS.get(program[0].rpartition("/")[2].rstrip("0123456789."), "")


def _parts(source: Source, kind: Kind, language: str) -> Iterator[Found]:
    held, follows, lost = "", False, 0
    with text(source) as opened:
        while part := opened.read(_READ):
            lost += part.count("\ufffd")
            held += part
            end = _whole(held)
            yield Block(held[:end], kind, language=language, follows=follows)
            held, follows = held[end:], True
    if held:
        yield Block(held, kind, language=language, follows=follows)
    if lost:
        yield Remark(f"{lost} characters could not be decoded. Save it as UTF-8 and read it again.")


def _whole(held: str) -> int:
    """Return where to cut what was read so far: after a paragraph, a line or a word."""
    for mark in ("\n\n", "\n", " "):
        if (found := held.rfind(mark, len(held) // 2)) >= 0:
            return found + len(mark)
    return len(held)
