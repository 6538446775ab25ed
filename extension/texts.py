"""What Familiar says on chat platforms, in the language that is set: English in the code, any other in one file of translations."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "translations"
LANGUAGE: ContextVar[str] = ContextVar("familiar_language", default="en")
"""The language of what is being done, as the name of its file."""


def tr(text: str, **values: object) -> str:
    """Return a sentence in the language that is set, with its `{values}` filled in; in English where it has no translation."""
    said = _translated(LANGUAGE.get()).get(text) or text
    return said.format(**values) if values else said


def languages() -> list[str]:
    """Return the languages there are."""
    return ["en", *sorted(path.stem for path in FOLDER.glob("*.po"))]


@cache
def _translated(language: str) -> dict[str, str]:
    import polib

    if language not in languages() or language == "en":
        return {}
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(FOLDER / f"{language}.po")) if not entry.obsolete}
