"""Links to folders of Google Drive, in every form that Drive itself gives out."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from ...errors import SettingsError

_ID = re.compile(r"[A-Za-z0-9_-]{10,200}")
_SHOWN = "https://drive.google.com/drive/folders/…"


def folder_id(link: str) -> str:
    """Return the id of the folder that a link leads to; an id alone is one, too. Raises SettingsError for anything else."""
    text = link.strip().strip("<>").strip()
    if _ID.fullmatch(text):
        return text
    try:
        found = urlsplit(text if "://" in text else f"https://{text}")
        host, asked = (found.hostname or "").lower(), parse_qs(found.query)
    except ValueError:
        host = ""
    if host != "drive.google.com" and host != "docs.google.com":
        raise SettingsError(f"This is no link to a folder of Google Drive. Open the folder, copy its address ({_SHOWN}), and give that.")
    steps = [step for step in found.path.split("/") if step]
    if "folders" in steps[:-1]:
        named = steps[steps.index("folders") + 1]
    elif "d" in steps[:-1]:
        raise SettingsError(f"This is a link to a file. Give the link of the folder it lies in ({_SHOWN}).")
    else:
        named = (asked.get("id") or [""])[0]
    if not _ID.fullmatch(named):
        raise SettingsError(f"This link to Google Drive names no folder. Open the folder, copy its address ({_SHOWN}), and give that.")
    return named
