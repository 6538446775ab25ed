"""A web page, fetched over http or https from public addresses only.

Every name is looked up once and the connection goes to an address that was checked, at each redirect anew: a name that changes its address
between the look and the connection (DNS rebinding) gains nothing. No proxy, cookie or credential of this machine is used.
"""

from __future__ import annotations

import re
import socket
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from threading import Thread
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import unquote

import httpcore
import httpx

from ..errors import UnreachablePage
from .readers.archive import safe_name

SECONDS = 15.0
"""For a page with all its redirects."""
SIZE = 10_000_000
"""Bytes of a page, packed and unpacked."""
REDIRECTS = 5
_TRANSLATED = IPv6Network("64:ff9b::/96")
_METADATA = frozenset({IPv4Address("168.63.129.16")})
"""Public addresses that clouds answer to their own machines at."""
_HOST = re.compile(rb"[A-Za-z0-9._:-]*")
_HEADERS = [(b"User-Agent", b"Familiar"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"), (b"Connection", b"close")]

Resolve: TypeAlias = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave, to be read like a file."""

    address: str
    """Where it was found in the end, without fragment."""
    name: str
    """The last part of its path, else its host: a hint for texts of like look."""
    content: bytes
    charset: str
    """What the server said; '' for nothing."""


def fetch(
    address: str, *, seconds: float = SECONDS, resolve: Resolve | None = None, network: httpcore.NetworkBackend | None = None
) -> Page:
    """Return what an address gives. Raises UnreachablePage, which says what to do and names no more of the address than its host.

    `resolve` looks a name up, and `network` connects to an address: the system's by default.
    """
    until = monotonic() + seconds
    url = _checked(address)
    with httpcore.ConnectionPool(network_backend=_Public(resolve or resolved, network or httpcore.SyncBackend(), until)) as pool:
        for _ in range(REDIRECTS + 1):
            found = _answer(pool, url, seconds)
            if isinstance(found, Page):
                return found
            url = found
    raise UnreachablePage(f"{url.host} sends from one address to the next, more than {REDIRECTS} times. Open it in a browser and save it.")


def is_public(address: str) -> bool:
    """Say whether an address is one that anybody can reach: not of this machine, its network, its cloud or a group."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            return is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        if within := ip.ipv4_mapped or ip.sixtofour:
            return is_public(str(within))
        if ip.teredo or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip in _METADATA)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a name. Raises OSError."""
    return list(dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def _checked(address: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return an address that may be asked, from where a base sends to. Raises UnreachablePage."""
    try:
        url = base.join(address) if base else httpx.URL(address.strip())
        if not (_HOST.fullmatch(url.raw_host) and (url.port is None or 0 < url.port < 65_536)):
            raise ValueError
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise UnreachablePage("This is no web address. One looks like https://example.org/page.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise UnreachablePage("Only addresses that begin with http:// or https:// are read.")
    if url.userinfo:
        raise UnreachablePage("This address holds a name or a password. Save the page in a browser and read the file.")
    return url.copy_with(fragment=None)


def _answer(pool: httpcore.ConnectionPool, url: httpx.URL, seconds: float) -> Page | httpx.URL:
    """Return a page, or the address it sends to. Raises UnreachablePage."""
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    try:
        with pool.stream("GET", target, headers=[(b"Host", url.netloc), *_HEADERS]) as response:
            headers = httpx.Headers(response.headers)
            if response.status in (301, 302, 303, 307, 308) and "location" in headers:
                return _checked(headers["location"], url)
            if response.status != 200:
                raise UnreachablePage(f"{url.host} answered {response.status}. Open it in a browser, save it, and read the file.")
            content = b"".join(_limited(_unpacked(_limited(response.iter_stream(), url), headers, url), url))
            return Page(str(url), _name(url), content, _charset(headers))
    except httpcore.TimeoutException:
        raise UnreachablePage(f"{url.host} took longer than {seconds:g} seconds. Try again later.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, httpx.InvalidURL, zlib.error, OSError) as exc:
        raise UnreachablePage(
            f"{url.host} could not be reached ({type(exc).__name__}). Look whether a browser can, and save it there."
        ) from None


def _limited(parts: Iterable[bytes], url: httpx.URL) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > SIZE:
            raise UnreachablePage(f"What {url.host} sends is larger than {SIZE // 1_000_000} MB. Save it in a browser and read the file.")
        yield part


def _unpacked(parts: Iterable[bytes], headers: httpx.Headers, url: httpx.URL) -> Iterator[bytes]:
    """Yield what was packed although nobody asked for that. Raises UnreachablePage and zlib.error."""
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        yield from parts
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise UnreachablePage(f"{url.host} packs what it sends in a way that is not read. Save it in a browser and read the file.")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for part in parts:
        yield unpacker.decompress(part, SIZE + 1)
        while unpacker.unconsumed_tail:
            yield unpacker.decompress(unpacker.unconsumed_tail, SIZE + 1)


def _name(url: httpx.URL) -> str:
    last = unquote(url.path).rstrip("/").rpartition("/")[2]
    return safe_name(last) if last else url.host


def _charset(headers: httpx.Headers) -> str:
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    found = message.get_param("charset")
    return found if isinstance(found, str) else ""


class _Public(httpcore.NetworkBackend):
    """Connects to public addresses, until a moment."""

    def __init__(self, resolve: Resolve, network: httpcore.NetworkBackend, until: float) -> None:
        self._resolve, self._network, self._until = resolve, network, until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers, if all of them are public. Raises UnreachablePage."""
        addresses = self._looked_up(host.strip("[]"), port)
        if not all(map(is_public, addresses)):
            raise UnreachablePage(
                f"{host} is an address of this machine or its network, which is not read. Save the page and read the file."
            )
        failed: Exception = httpcore.ConnectError("no address")
        for each in addresses:
            try:
                stream = self._network.connect_tcp(each, port, _left(self._until), local_address, socket_options)
                return _Timed(stream, self._until)
            except httpcore.NetworkError as exc:
                failed = exc
        raise failed

    def _looked_up(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host. Raises UnreachablePage, and httpcore.ConnectTimeout when that takes too long."""
        found: list[list[str]] = []

        def look() -> None:
            try:
                found.append(self._resolve(host, port))
            except (OSError, UnicodeError):
                found.append([])

        thread = Thread(target=look, name="familiar-lookup", daemon=True)
        thread.start()
        thread.join(_left(self._until))
        if not found:
            raise httpcore.ConnectTimeout
        if not found[0]:
            raise UnreachablePage(f"There is no {host}. Look for a typing mistake, and whether this machine is online.")
        return found[0]


class _Timed(httpcore.NetworkStream):
    """A connection that ends at a moment, however slowly the other side sends."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return some bytes."""
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send some bytes."""
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted."""
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    """Return the seconds that are left. Raises httpcore.ReadTimeout when there are none."""
    left = until - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
