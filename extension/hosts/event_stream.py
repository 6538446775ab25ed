"""The body of a chat completion as servers send it: server-sent events or one JSON document, read into JSON objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from ..errors import HostGarbled

LINE_LIMIT = 4 << 20
BODY_LIMIT = 64 << 20
"""Bytes of the longest line and of the whole body that are read; a server that sends more is not answering a chat."""
DONE = "[DONE]"
Object = dict[str, Any]


def lines(chunks: Iterable[bytes], server: str) -> Iterator[str]:
    """Yield the lines of a body, without their ends, as they become whole; bytes that are not UTF-8 become U+FFFD.

    Raises HostGarbled when a line or the body is longer than any answer.
    """
    held, total = bytearray(), 0
    for chunk in chunks:
        total += len(chunk)
        held += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(held).split(b"\n")
            held = bytearray(rest)
            yield from (line.decode("utf-8", "replace").rstrip("\r") for line in whole)
        if len(held) > LINE_LIMIT or total > BODY_LIMIT:
            raise HostGarbled(f"{server} sends more than any answer is long. Check that FAMILIAR_HOST is the URL of a model's server.")
    if held:
        yield held.decode("utf-8", "replace").rstrip("\r")


def objects(chunks: Iterable[bytes], server: str) -> Iterator[Object | None]:
    """Yield each JSON object of an answer as it arrives, and None where the server says that it is done.

    Comments (servers send them to keep the connection alive) and unknown fields are passed over. A document that is
    JSON as a whole counts as one object and the end. Raises HostGarbled for a web page and for data that is not JSON.
    """
    body = lines(chunks, server)
    first = next((line for line in body if line.strip()), "")
    if first.lstrip().startswith("{"):
        yield _object("\n".join([first, *body]), server)
        yield None
    elif first.lstrip().startswith("<"):
        raise HostGarbled(
            f"{server} answers with a web page, not as a model's server. Check that FAMILIAR_HOST is the URL of its API"
            " (the webui's API has a port of its own, usually 5000)."
        )
    else:
        yield from _events(first, body, server)


def _events(first: str, rest: Iterable[str], server: str) -> Iterator[Object | None]:
    """Read events. Servers differ in whether they leave a blank line between two, so data is read as soon as it is JSON."""
    pending = ""
    for line in chain([first], rest):
        if line.startswith("data:"):
            pending += line[5:].removeprefix(" ")
            if pending.strip() == DONE:
                yield None
                return
            if (found := _parsed(pending)) is not None:
                yield found
                pending = ""
        elif not line.strip() and pending:
            yield _object(pending, server)
            pending = ""
    if pending:
        yield _object(pending, server)


def _parsed(text: str) -> Object | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _object(text: str, server: str) -> Object:
    if (found := _parsed(text)) is None:
        raise HostGarbled(f"{server} sent something that is not JSON where a piece of the answer belongs. Update the server, or try again.")
    return found
