"""Pictures in a text: those that are one get in, made anew, and all others are named with a reason."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from io import BytesIO

import pytest
from PIL import Image

from extension.documents import pictures
from extension.documents.pictures import Pictures

from .conftest import lines, made


def drawn(kind="PNG", size=(96, 48), mode="RGB", **options):
    out = BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def url(data, kind="png"):
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def shapes(document):
    """Return (inches wide, inches high, description) of the pictures."""
    return [(round(each.width.inches, 2), round(each.height.inches, 2), each._inline.docPr.get("descr")) for each in document.inline_shapes]


def bomb():
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("GIF", "P"), ("WEBP", "RGB")]
)
def test_pictures_get_in_whatever_they_are(kind, mode):
    document = made(f"Before ![a *box*]({url(drawn(kind, mode=mode), kind.lower())}) after")
    assert shapes(document) == [(1.0, 0.5, "a box")]
    assert lines(document) == ["Before  after"]


def test_a_large_picture_is_made_to_fit_the_page():
    assert shapes(made(f"![]({url(drawn(size=(2000, 1000)))})")) == [(6.3, 3.15, "")]
    assert shapes(made(f"![]({url(drawn(size=(100, 5000)))})")) == [(0.18, 8.75, "")]


def test_what_a_photograph_says_of_where_it_was_taken_stays_outside():
    exif = Image.Exif()
    exif[0x010E] = "at home"
    data = drawn("JPEG", exif=exif)
    assert b"at home" in data
    (part,) = [each for each in made(f"![]({url(data, 'jpeg')})").part.package.iter_parts() if "/media/" in each.partname]
    assert b"at home" not in part.blob


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://example.org/x.png", "https://example.org/x.png (it is elsewhere, and nothing is fetched from there)"),
        ("data:image/png;base64,AAAA", "(it is no PNG, JPEG, GIF or WebP)"),
        ("data:image/png;base64,A", "(it is broken)"),
        (url(drawn()[:60]), "(it is broken)"),
        (url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml"), "(it is no PNG, JPEG, GIF or WebP)"),
        (url(bomb()), "(it has more than 25 million pixels)"),
        (url(drawn("BMP"), "bmp"), "(it is no PNG, JPEG, GIF or WebP)"),
        ("data:image/png;base64," + "A" * 12_000_000, "(it is larger than 8 MB)"),
        ("data:text/html;base64,AAAA", "(there is no picture in the text)"),
        ("x.png", "(there is no picture in the text)"),
    ],
    ids=["elsewhere", "no picture", "no base64", "cut off", "svg", "bomb", "bitmap", "huge", "html", "file"],
)  # fmt: skip
def test_what_is_no_picture_is_named_with_the_reason(target, reason):
    document = made(f"![a box]({target}) and more")
    assert lines(document) == [f"[picture: a box {reason}] and more"]
    assert shapes(document) == []


def test_only_so_many_get_in(monkeypatch):
    monkeypatch.setattr(pictures, "MOST", 2)
    document = made(f"![]({url(drawn())})\n" * 3)
    assert len(shapes(document)) == 2
    assert lines(document)[-1] == "[picture: without a description (a document takes 2 pictures)]"


def test_a_data_url_in_code_stays_what_it_is():
    shown = url(drawn())
    assert lines(made(f"`{shown}`\n\n```\n{shown}\n```\n\n[link]({shown})")) == [shown, shown, f"link ({shown})"]


def test_nobody_can_name_the_pictures_of_another_text():
    mine, other = Pictures(), Pictures()
    named = mine.lift(url(drawn()))
    assert not isinstance(mine.find(named), str)
    assert other.find(named) == "there is no picture in the text"
