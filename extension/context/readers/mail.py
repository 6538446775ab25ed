"""Mails (.eml): who wrote to whom, the text, and the attachments that are documents."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

from ...errors import UnreadableDocument
from ..blocks import Block, Found, Remark, Source, Titled
from .archive import safe_name, within
from .damage import translated
from .hypertext import streamed

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_ATTACHMENTS = 1000


def read(source: Source) -> Iterator[Found]:
    """Yield the headers and the text of a mail, and what its attachments hold, under their names. Raises UnreadableDocument."""
    if source.size > source.limits.whole:
        raise UnreadableDocument(f"This mail is longer than {source.limits.whole // 1_000_000} MB. Save its attachments and read those.")
    source.file.seek(0)
    mail = BytesParser(policy=policy.default.clone(max_line_length=None)).parse(source.file)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the default policy makes these
    headers = {name: " ".join(str(mail[name]).split())[:2000] for name in _HEADERS if mail[name]}
    if subject := headers.get("Subject"):
        yield Titled(subject)
    yield Block("\n".join(f"{name}: {value}" for name, value in headers.items()))
    yield from _body(mail)
    yield from _attachments(mail, source)


def _body(mail: EmailMessage) -> Iterator[Found]:
    body = mail.get_body(("plain", "html"))
    if body is None:
        return
    words = _decoded(body)
    if body.get_content_subtype() == "html":
        yield from (found for found in streamed(io.StringIO(words)) if not isinstance(found, Titled))
    else:
        yield Block(words)


def _attachments(mail: EmailMessage, source: Source) -> Iterator[Found]:
    for number, part in enumerate(mail.iter_attachments(), 1):
        name = safe_name(part.get_filename() or f"attachment {number}")
        if number > _ATTACHMENTS or source.depth >= source.limits.nesting:
            yield Remark(f"{name}: this attachment and what follows lie too deep, or are too many. Save them and read them alone.")
            return
        if part.get_content_maintype() in ("image", "audio", "video") or part.get_content_type() == "application/pgp-signature":
            continue
        try:
            with translated("an attachment"):
                data = _attached(part) if part.get_content_type() == "message/rfc822" else part.get_payload(decode=True)
        except UnreadableDocument as exc:
            yield Remark(f"{name}: {exc}")
            continue
        if isinstance(data, bytes) and data:
            inner = replace(source, file=io.BytesIO(data), name=name, size=len(data), depth=source.depth + 1)
            yield from within(replace(inner, charset=part.get_content_charset() or ""))


def _attached(part: MIMEPart) -> bytes:
    """Return a mail that is attached to another one."""
    inner = part.get_content()
    return bytes(inner) if isinstance(inner, EmailMessage) else b""


def _decoded(part: MIMEPart) -> str:
    """Return the text of a part; a charset it names wrongly does not lose it."""
    try:
        return str(part.get_content(errors="replace"))
    except (LookupError, UnicodeError):
        data = part.get_payload(decode=True)
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
