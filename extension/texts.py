"""What Familiar says on chat platforms, in the language that is set: English in the code, any other in one file of translations."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "translations"
ENGLISH = "en"
_language = [ENGLISH]
"""What the whole program speaks: a list of one, so that threads of all kinds see it."""


def tr(text: str, **values: object) -> str:
    """Return a sentence in the language that is set, with its `{values}` filled in; in English where it has no translation."""
    said = _translated(_language[0]).get(text) or text
    return said.format(**values) if values else said


def speak(language: str) -> None:
    """Let everything be said in a language, one of `languages`, from now on. Raises ValueError for another one."""
    if language not in languages():
        raise ValueError(f"there is no translation {language!r}: take one of {', '.join(languages())}")
    _language[0] = language


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are, as their files are called."""
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


@cache
def _translated(language: str) -> dict[str, str]:
    if language == ENGLISH:
        return {}
    import polib

    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(FOLDER / f"{language}.po")) if not entry.obsolete}
