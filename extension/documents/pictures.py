"""Pictures inside a text, as data URLs: taken out of it before it is parsed, looked through, and made anew for the document."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from io import BytesIO
from uuid import uuid4

KINDS = ("PNG", "JPEG", "GIF", "WEBP")
LARGEST = 8_000_000
"""Bytes of one picture."""
MOST_PIXELS = 25_000_000
_BOMB = f"it has more than {MOST_PIXELS // 1_000_000} million pixels"
MOST = 100
"""Pictures in one document."""
_DATA = re.compile(r"data:image/[a-z+.-]{1,20};base64,[A-Za-z0-9+/=%]*", re.IGNORECASE)
_RESOLUTION = 96
"""Pixels to an inch on paper, unless that is wider than the page."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was looked through: PNG or JPEG, and its size in inches."""

    data: bytes
    width: float
    height: float


class Pictures:
    """The pictures of one document. `lift` puts a short name in place of each, under which `find` knows it."""

    def __init__(self) -> None:
        self._scheme = f"picture-{uuid4().hex}:"
        self._named = re.compile(re.escape(self._scheme) + r"(\d+)")
        self._urls: list[str] = []
        self._made = 0

    def lift(self, text: str) -> str:
        """Return the text with names in place of data URLs of pictures."""

        def name(found: re.Match[str]) -> str:
            self._urls.append(found[0])
            return f"{self._scheme}{len(self._urls) - 1}"

        return _DATA.sub(name, text) if "data:image/" in text.lower() else text

    def restore(self, text: str) -> str:
        """Return a text with the data URLs in place of their names: what stands in code is no picture."""
        return self._named.sub(lambda found: self._urls[int(found[1])], text) if self._scheme in text else text

    def find(self, url: str) -> Picture | str:
        """Return the picture of this name, or a few words on why there is none."""
        named = self._named.fullmatch(url)
        if named is None:
            return "it is elsewhere, and nothing is fetched from there" if "://" in url else "there is no picture in the text"
        if self._made >= MOST:
            return f"a document takes {MOST} pictures"
        data = self._urls[int(named[1])].partition(",")[2].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
        if len(data) * 3 // 4 > LARGEST:
            return f"it is larger than {LARGEST // 1_000_000} MB"
        try:
            found = _made_anew(b64decode(data, validate=True))
        except NotBase64:
            return "it is broken"
        self._made += isinstance(found, Picture)
        return found


def _made_anew(data: bytes) -> Picture | str:
    """Return the picture written anew, so that only what was understood of it gets into the document."""
    import warnings

    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about bombs, whose size is looked at here
            with Image.open(BytesIO(data), formats=KINDS) as found:
                if found.width * found.height > MOST_PIXELS:
                    return _BOMB
                turned = ImageOps.exif_transpose(found)
                photograph = found.format == "JPEG"
                plain = turned.convert("RGB" if photograph else "RGBA")
        written = BytesIO()
        plain.save(written, "JPEG" if photograph else "PNG", **({"quality": 92} if photograph else {}))
    except UnidentifiedImageError:
        return "it is no PNG, JPEG, GIF or WebP"
    except Image.DecompressionBombError:
        return _BOMB
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for broken ones
        return "it is broken"
    return Picture(written.getvalue(), plain.width / _RESOLUTION, plain.height / _RESOLUTION)
