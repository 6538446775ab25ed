"""The titles of videos on YouTube, asked of its Data API once and kept in the data directory, so that no link is asked about twice."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..errors import StoreError
from ..settings import replace_text

log = logging.getLogger(__name__)

API = "https://www.googleapis.com/youtube/v3"
FILE = "youtube.json"
AT_ONCE = 50
"""Videos in one question; each costs one of the 10,000 units a day that are free."""
_TIMEOUT = 10.0
_ID = re.compile(r"[\w-]{11}")
_LONGEST = 200
"""Characters of a title that are kept."""


class Videos:
    """What is known of videos. Without a key nothing is asked, and links whose titles are not known stay as they are."""

    def __init__(self, data_dir: Path, key: SecretStr, api: str = API) -> None:
        self._path = data_dir / FILE
        self._key = key
        self._api = api

    def titles(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the titles of these videos, of those that are known or can be asked for now. Raises StoreError.

        Where YouTube does not answer, or not as it should, that is logged, and what is known counts.
        """
        wanted = sorted({each for each in ids if _ID.fullmatch(each)})
        known = self._known() if wanted else {}
        missing = [each for each in wanted if each not in known]
        if missing and self._key.get_secret_value():
            found = self._asked(missing)
            if found:
                known |= found
                replace_text(self._path, json.dumps(known, ensure_ascii=False, sort_keys=True), mode=0o600)
        return {each: known[each] for each in wanted if known.get(each)}

    def _known(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise StoreError(f"Cannot read {self._path}: {exc.strerror}. See that you may read it.") from exc
        except (ValueError, RecursionError):
            return {}  # it is asked for again
        return {str(name): title for name, title in found.items() if isinstance(title, str)} if isinstance(found, dict) else {}

    def _asked(self, ids: list[str]) -> dict[str, str]:
        """Return what YouTube says; '' for a video that there is not any more."""
        import httpx

        found: dict[str, str] = {}
        headers = {"X-Goog-Api-Key": self._key.get_secret_value()}
        try:
            with httpx.Client(headers=headers, timeout=_TIMEOUT) as client:
                for start in range(0, len(ids), AT_ONCE):
                    some = ids[start : start + AT_ONCE]
                    answer = client.get(f"{self._api}/videos", params={"part": "snippet", "id": ",".join(some)})
                    answer.raise_for_status()
                    found |= dict.fromkeys(some, "") | _titles(answer.json())
        except httpx.HTTPStatusError as exc:
            log.warning("YouTube refused to say titles of videos (status %d). See that youtube_api_key is right.", exc.response.status_code)
        except (httpx.HTTPError, ValueError) as exc:
            log.warning("The titles of %d videos could not be asked of YouTube (%s).", len(ids) - len(found), type(exc).__name__)
        return found


def _titles(answer: Any) -> dict[str, str]:
    if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
        raise ValueError("no items")
    found = {}
    for each in answer["items"]:
        snippet = each.get("snippet") if isinstance(each, dict) else None
        if isinstance(snippet, dict) and isinstance(snippet.get("title"), str) and isinstance(each.get("id"), str):
            found[each["id"]] = snippet["title"][:_LONGEST]
    return found
