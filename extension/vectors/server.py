"""A Chroma server: its address, whether it answers, and what it means when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from ..errors import IndexUnavailable, IndexUnreachable, MissingPackage
from .hnsw import package

if TYPE_CHECKING:
    import httpx

SPEAKS = "1."
"""The versions of the server's protocol this client knows."""
TIMEOUT = 10.0
"""Seconds to wait for the server's next byte."""
CONNECT = 3.0
"""Seconds to wait for a connection."""


class Gone(IndexUnavailable):
    """Another process has removed a collection."""


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a Chroma server, and the key to it."""

    url: str
    """`http(s)://host:port`, and, where they are not the default ones, `?tenant=NAME&database=NAME`."""
    token: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The address as it may be shown and logged."""
        found = urlsplit(self.url)
        host = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
        return f"{found.scheme}://{host}:{self.port}"

    @property
    def port(self) -> int:
        """The port, which is 8000, or 443 with https, where none is named."""
        found = urlsplit(self.url)
        return found.port or (443 if found.scheme == "https" else 8000)

    @property
    def tenant(self) -> str:
        """The tenant."""
        return self._named("tenant", "default_tenant")

    @property
    def database(self) -> str:
        """The database of the tenant."""
        return self._named("database", "default_database")

    @property
    def headers(self) -> dict[str, str]:
        """What lets a request in, in both forms that are in use."""
        return {"Authorization": f"Bearer {self.token}", "X-Chroma-Token": self.token} if self.token else {}

    def version(self, timeout: float = TIMEOUT) -> str:
        """Return the version of the server, which is one we speak with. Raises IndexUnreachable, MissingPackage."""
        with self.translated(), self._asking(timeout) as client:
            return self._version(client)

    def metadata(self, name: str, timeout: float = TIMEOUT) -> dict[str, Any] | None:
        """Return the metadata of a collection; None where there is no such collection. Raises IndexUnreachable, MissingPackage."""
        with self.translated(), self._asking(timeout) as client:
            found = client.get(f"{self._tenant_path}/databases/{quote(self.database, safe='')}/collections/{quote(name, safe='')}")
            return None if found.status_code == 404 else dict(found.raise_for_status().json()["metadata"] or {})

    def client(self) -> Any:
        """Return Chroma's client of this server, once it was seen to answer; the database is made where there is none.

        Raises IndexUnreachable, MissingPackage.
        """
        with self.translated():
            with self._asking(TIMEOUT) as client:
                self._version(client)
                self._find_database(client)
            return self._client()

    def close(self, client: Any) -> None:
        """Let go of the connections of a client, which its own close() forgets."""
        for each in (client, client._admin_client):
            each._server._session.close()
        client.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn whatever a client raises into IndexUnavailable, or into IndexUnreachable where waiting may help."""
        package()
        try:
            yield
        except (IndexUnavailable, MissingPackage):
            raise
        except Exception as exc:
            raise self._ours(exc) from exc

    def _version(self, client: httpx.Client) -> str:
        version = str(client.get("version").raise_for_status().json())
        if not version.startswith(SPEAKS):
            raise IndexUnreachable(f"The Chroma server at {self.where} has version {version[:20]}; it should be {SPEAKS}x. Update it.")
        return version

    def _find_database(self, client: httpx.Client) -> None:
        """See to it that there is the database: Chroma's client would leave a connection open where there is none."""
        for what, answer in (("tenant", client.get(self._tenant_path)), ("database", self._database_made(client))):
            if answer.status_code in (400, 404, 422):
                text = f"The Chroma server at {self.where} has no {what} of this name. Mend ?{what}= in FAMILIAR_CHROMA_URL."
                raise IndexUnreachable(text)
            if answer.status_code != 409:  # another process was quicker to make it
                answer.raise_for_status()

    def _database_made(self, client: httpx.Client) -> httpx.Response:
        found = client.get(f"{self._tenant_path}/databases/{quote(self.database, safe='')}")
        return client.post(f"{self._tenant_path}/databases", json={"name": self.database}) if found.status_code == 404 else found

    @contextmanager
    def _asking(self, timeout: float) -> Iterator[httpx.Client]:
        import httpx

        waits = httpx.Timeout(timeout, connect=min(timeout, CONNECT))
        with httpx.Client(base_url=f"{self.where}/api/v2/", headers=self.headers, timeout=waits) as client:
            yield client

    def _client(self) -> Any:
        import httpx

        chromadb, found = package(), urlsplit(self.url)
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.HttpClient(
            found.hostname, self.port, found.scheme == "https", self.headers, settings, tenant=self.tenant, database=self.database
        )
        client._server._session.timeout = httpx.Timeout(TIMEOUT, connect=CONNECT)  # it would wait for ever
        return client

    def _ours(self, exc: Exception) -> IndexUnavailable:
        import httpx
        from chromadb import errors

        if isinstance(exc, errors.NotFoundError):
            return Gone(f"The Chroma server at {self.where} has lost a collection.")
        if isinstance(exc, errors.ChromaAuthError | errors.AuthorizationError | errors.RateLimitError | errors.QuotaError):
            return self._unreachable(exc.code())
        if isinstance(exc, errors.ChromaError):
            return IndexUnavailable(f"{type(exc).__name__}: {str(exc)[:200]}")
        found = exc if isinstance(exc, httpx.HTTPError) else exc.__context__  # Chroma's client wraps them
        if isinstance(found, httpx.HTTPStatusError):
            return self._unreachable(found.response.status_code)
        if isinstance(found, httpx.HTTPError):
            return IndexUnreachable(f"The Chroma server at {self.where} does not answer. See that it runs; it is tried again.")
        return self._unreachable(404)

    def _unreachable(self, status: int) -> IndexUnreachable:
        if status in (401, 403):
            return IndexUnreachable(f"The Chroma server at {self.where} does not let us in. Check FAMILIAR_CHROMA_TOKEN.")
        if status == 404:
            return IndexUnreachable(f"What answers at {self.where} is no Chroma server {SPEAKS}x. Check FAMILIAR_CHROMA_URL, or update it.")
        return IndexUnreachable(f"The Chroma server at {self.where} answers with status {status}. See to it; it is tried again.")

    @property
    def _tenant_path(self) -> str:
        return f"tenants/{quote(self.tenant, safe='')}"

    def _named(self, what: str, default: str) -> str:
        return dict(parse_qsl(urlsplit(self.url).query)).get(what, default)
