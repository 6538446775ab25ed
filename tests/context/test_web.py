"""Tests of fetching pages: from a real server on this machine, at names and addresses that the test gives."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from io import BytesIO
from threading import Thread
from time import sleep

import httpcore
import pytest

from extension.context.reading import read
from extension.context.web import fetch, is_public
from extension.errors import UnreachablePage

PUBLIC = "93.184.216.34"


class Server(httpcore.SyncBackend):
    """A server that answers each request with the next of some replies; every public address leads to it."""

    def __init__(self, *replies: bytes | list[bytes]) -> None:
        self._replies = list(replies)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.connected: list[tuple[str, int]] = []
        self.asked: list[str] = []
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append((host, port))
        return super().connect_tcp("127.0.0.1", self._socket.getsockname()[1], timeout, local_address, socket_options)

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        for reply in self._replies:
            with self._socket.accept()[0] as client:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    asked += client.recv(65_536)
                self.asked.append(asked.decode())
                try:
                    for part in [reply] if isinstance(reply, bytes) else reply:
                        client.sendall(part)
                        sleep(0.02 * isinstance(reply, list))
                except OSError:  # the client has gone
                    return


@pytest.fixture
def serving() -> Iterator:
    servers: list[Server] = []

    def serve(*replies: bytes | list[bytes]) -> Server:
        servers.append(Server(*replies))
        return servers[-1]

    yield serve
    for each in servers:
        each.close()


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def public(host: str, port: int) -> list[str]:
    return [PUBLIC]


def test_a_page_is_fetched_from_the_address_that_was_checked_and_read_by_its_content(serving):
    server = serving(reply("<html><body><h1>Grüße</h1>".encode("cp1252"), Content_Type="application/pdf; charset=windows-1252"))
    page = fetch("http://example.test:8080/a/gr%C3%BC%C3%9Fe?key=1#part", resolve=public, network=server)
    assert (page.address, page.name, page.charset) == ("http://example.test:8080/a/gr%C3%BC%C3%9Fe?key=1", "grüße", "windows-1252")
    assert server.connected == [(PUBLIC, 8080)]
    assert server.asked[0].startswith("GET /a/gr%C3%BC%C3%9Fe?key=1 HTTP/1.1\r\nHost: example.test:8080\r\n")
    reading = read(BytesIO(page.content), page.name, charset=page.charset)
    assert ([piece.text for piece in reading], reading.kind) == (["Grüße"], "html")


def test_redirects_are_followed_and_each_is_checked(serving):
    server = serving(reply(status="302 Found", Location="/b"), reply(status="301 Moved", Location="http://other.test/c"), reply(b"Words."))
    page = fetch("http://example.test/", resolve=public, network=server)
    assert (page.address, page.name, page.content) == ("http://other.test/c", "c", b"Words.")
    server = serving(reply(status="302 Found", Location="http://inside.test/secret"))
    with pytest.raises(UnreachablePage, match=r"inside\.test is an address of this machine or its network"):
        fetch("http://example.test/", resolve=lambda host, port: ["10.0.0.1" if host == "inside.test" else PUBLIC], network=server)
    assert server.connected == [(PUBLIC, 80)]
    server = serving(reply(status="302 Found", Location="file:///etc/passwd"))
    with pytest.raises(UnreachablePage, match="Only addresses that begin with http"):
        fetch("http://example.test/", resolve=public, network=server)
    server = serving(*[reply(status="302 Found", Location="/again")] * 6)
    with pytest.raises(UnreachablePage, match="more than 5 times"):
        fetch("http://example.test/", resolve=public, network=server)


def test_a_name_is_looked_up_once_for_each_connection(serving):
    looked = []

    def rebinding(host, port):
        looked.append(host)
        return [PUBLIC if len(looked) == 1 else "127.0.0.1"]

    server = serving(reply(b"Words."))
    assert fetch("http://example.test/", resolve=rebinding, network=server).content == b"Words."
    assert (looked, server.connected) == (["example.test"], [(PUBLIC, 80)])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1"),
        *("64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1"),
    ],
)
def test_addresses_of_this_machine_and_its_network_are_not_public(address):
    assert not is_public(address)


def test_addresses_that_anybody_reaches_are_public():
    assert all(map(is_public, (PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822")))


def test_one_private_address_among_public_ones_is_enough_to_refuse(serving):
    server = serving()
    with pytest.raises(UnreachablePage):
        fetch("http://example.test/", resolve=lambda host, port: [PUBLIC, "::1"], network=server)
    assert server.connected == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost", "[::ffff:10.0.0.1]"])
def test_the_systems_own_lookup_is_checked_too(serving, host):
    server = serving()
    with pytest.raises(UnreachablePage):
        fetch(f"http://{host}/", network=server)
    assert server.connected == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://example.test/a", "Only addresses that begin with http"),
        ("file:///etc/passwd", "Only addresses that begin with http"),
        ("example.test", "Only addresses that begin with http"),
        ("http://", "Only addresses that begin with http"),
        ("http://[x", "This is no web address."),
        ("http://example.test:99999999/", "This is no web address."),
        ("https://me:secret@example.test/", "This address holds a name or a password."),
        ("http://" + "x" * 100_000, "This is no web address."),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(serving, address, said):
    with pytest.raises(UnreachablePage, match=said) as caught:
        fetch(address, resolve=public, network=serving())
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(b"", "404 Not Found"), "example.test answered 404. Open it in a browser"),
        (reply(b"", "302 Found", Location="http://[x"), "This is no web address"),
        (b"no HTTP at all\r\n\r\n", r"could not be reached \(RemoteProtocolError\)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", r"could not be reached \(RemoteProtocolError\)"),
        (reply(b"x" * 10_000_001), "larger than 10 MB"),
        (reply(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"), "larger than 10 MB"),
        (reply(b"no gzip", Content_Encoding="gzip"), r"could not be reached \(error\)"),
        (reply(b"words", Content_Encoding="br"), "packs what it sends in a way that is not read"),
    ],
)
def test_an_answer_that_is_none_is_refused(serving, answer, said):
    with pytest.raises(UnreachablePage, match=said):
        fetch("http://example.test/", resolve=public, network=serving(answer))


def test_what_is_packed_unasked_is_unpacked(serving):
    server = serving(reply(gzip.compress(b"Words."), Content_Encoding="gzip"))
    assert fetch("http://example.test/", resolve=public, network=server).content == b"Words."


def test_a_server_that_sends_drop_by_drop_is_left(serving):
    for dripping in ([b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 200], [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", *[b"x"] * 200]):
        with pytest.raises(UnreachablePage, match=r"took longer than 0\.3 seconds"):
            fetch("http://example.test/", resolve=public, network=serving(dripping), seconds=0.3)
    with pytest.raises(UnreachablePage, match=r"took longer than 0\.3 seconds"):
        fetch("http://example.test/", resolve=lambda host, port: sleep(2) or [PUBLIC], network=serving(), seconds=0.3)


def test_a_name_that_does_not_exist_is_said(serving):
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(UnreachablePage, match=r"There is no example\.test\. Look for a typing mistake"):
        fetch("http://example.test/", resolve=unknown, network=serving())
