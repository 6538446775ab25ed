"""Matrix: the account, its login, its device, and the keys that encryption stands on."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from ..bridges.matrix_bridge.account import Account, Cabinet
from ..bridges.matrix_bridge.crosssigning import public
from ..bridges.matrix_bridge.login import Access
from ..bridges.matrix_bridge.wire import mapping_at, text_at
from ..errors import BridgeError, StoreError
from ..settings import Settings
from .finding import Finding, State

PATIENCE = 15.0
"""Seconds to wait for the homeserver."""
VERIFICATION = "See docs/matrix.md, Verification."
ANEW = "Start the bridge: it logs in anew by itself, as a new device."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a homeserver answered; status 0 where it did not."""

    status: int
    body: Mapping[str, Any]


def matrix(settings: Settings) -> Iterator[Finding]:
    """Yield how the Matrix account is. Nothing is changed, here or on the server."""
    try:
        access = Access.of(settings)
        cabinet = Cabinet.of(settings.data_dir, access.user)
        account = cabinet.open() if cabinet.folder.exists() else Account(access.user)
    except (BridgeError, StoreError) as exc:
        yield Finding("matrix", "problem", "The Matrix account cannot be used", str(exc))
        return
    where = account.homeserver or access.homeserver
    versions = _ask(where, "GET", "/_matrix/client/versions")
    if versions.status != 200:
        text = f"There is no Matrix homeserver at {where}" if versions.status else f"The homeserver at {where} does not answer"
        yield Finding("matrix", "problem", text, "Set FAMILIAR_MATRIX_HOMESERVER to its address, and see whether it is up.")
        return
    yield _server(where, access)
    yield from _kept(cabinet, account)
    if account.token:
        yield from _logged_in(where, cabinet, account)


def _server(where: str, access: Access) -> Finding:
    facts = {"homeserver": where, "user": access.user}
    if urlsplit(where).scheme == "http" and urlsplit(where).hostname not in ("127.0.0.1", "localhost", "::1"):
        text = f"Passwords and names of rooms go to {where} in the clear"
        return Finding("matrix", "warning", text, "Use https, or let the homeserver be on this machine or a network of its own.", facts)
    return Finding("matrix", "ok", f"The homeserver at {where} answers, for {access.user}", facts=facts)


def _kept(cabinet: Cabinet, account: Account) -> Iterator[Finding]:
    """Yield what is kept of the account in the data directory."""
    facts = {"folder": str(cabinet.folder), "device": account.device}
    if not account.token:
        yield Finding("matrix login", "ok", "There was no login yet: the bridge makes it when it first starts", facts=facts)
        return
    if not cabinet.store(account).exists():
        text = f"The keys of the device {account.device} are gone: what was encrypted for it cannot be read any more"
        yield Finding("matrix keys", "problem", text, f"Bring {cabinet.store(account).name} back from a backup, or: {ANEW}", facts)
        return
    open_to = [path.name for path in cabinet.folder.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to:
        text = f"Others on this machine can read {', '.join(sorted(open_to)[:5])} in {cabinet.folder}"
        yield Finding("matrix keys", "warning", text, f"Run: chmod 600 {cabinet.folder}/*", facts)
    yield _waiting(cabinet)


def _waiting(cabinet: Cabinet) -> Finding:
    """Return what waits for keys to be decrypted."""
    path = cabinet.folder / "ledger.sqlite"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            count, oldest = base.execute("SELECT count(*), min(since) FROM waiting").fetchone()
    except sqlite3.Error as exc:
        text = f"What waits for its key is not known ({type(exc).__name__})"
        return Finding("matrix messages", "warning", text, f"If the bridge does not start, move {path} away.")
    if not count:
        return Finding("matrix messages", "ok", "Nothing waits for a key")
    when = datetime.fromtimestamp(oldest, UTC).strftime("%d %b %Y, %H:%M UTC")
    text = f"Messages that cannot be decrypted: {count}, the oldest since {when}"
    fix = "Let who sent them look whether their program shows this device as blocked or unknown, and send them again."
    return Finding("matrix messages", "warning", text, fix, {"waiting": count})


def _logged_in(where: str, cabinet: Cabinet, account: Account) -> Iterator[Finding]:
    """Yield how the kept login is, and what the server knows of its device."""
    who = _ask(where, "GET", "/_matrix/client/v3/account/whoami", account.token)
    if who.status != 200 or text_at(who.body, "device_id") != account.device:
        text = f"The login of {account.user} as the device {account.device} is not good any more"
        yield Finding("matrix login", "problem", text, ANEW, {"status": who.status, "code": text_at(who.body, "errcode")})
        return
    yield Finding("matrix login", "ok", f"{account.user} is logged in as the device {account.device}")
    keys = _ask(where, "POST", "/_matrix/client/v3/keys/query", account.token, {"device_keys": {account.user: []}})
    if keys.status != 200:
        yield Finding("matrix keys", "problem", f"The server does not name the account's keys ({keys.status})", "Try again later.")
        return
    device = mapping_at(mapping_at(mapping_at(keys.body, "device_keys"), account.user), account.device)
    yield _device(cabinet, account, device)
    yield _signed(account, keys.body, device)
    yield _one_time(where, account)


def _device(cabinet: Cabinet, account: Account, device: Mapping[str, Any]) -> Finding:
    told = text_at(mapping_at(device, "keys"), f"ed25519:{account.device}")
    if not told:
        fix = "Start the bridge, which uploads them."
        return Finding("matrix keys", "problem", f"The server has no keys of the device {account.device}: nobody can write to it", fix)
    own = _own_key(cabinet, account)
    if own != told:
        why = "cannot be read" if own is None else "are others than the server has"
        text = f"The keys of the device {account.device} in {cabinet.store(account)} {why}"
        return Finding("matrix keys", "problem", text, f"Bring the file back from a backup, or move it away. {ANEW}")
    return Finding("matrix keys", "ok", f"The keys of the device {account.device} are those the server has", facts={"ed25519": told})


def _own_key(cabinet: Cabinet, account: Account) -> str | None:
    """Return the public key of the device as the store has it, None where it cannot be read."""
    from nio.crypto.sessions import OlmAccount

    path = cabinet.store(account)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            (pickled,) = base.execute("SELECT account FROM accounts WHERE device_id = ?", (account.device,)).fetchone()
        return str(OlmAccount.from_pickle(pickled, account.pickle_key, True).identity_keys["ed25519"])
    except (sqlite3.Error, TypeError, ValueError, AttributeError, KeyError):
        return None


def _signed(account: Account, keys: Mapping[str, Any], device: Mapping[str, Any]) -> Finding:
    """Return whether the device is signed by the account, so that nobody is warned of it."""
    master, own = (mapping_at(mapping_at(keys, name), account.user) for name in ("master_keys", "self_signing_keys"))
    state: State = "warning"
    if not master:
        text, fix = "The account has no cross-signing keys, so its device is unverified", "Start the bridge, which makes them."
    elif not account.seeds:
        text, fix = "The account's cross-signing keys were made elsewhere", VERIFICATION
    elif public(account.seeds["self_signing"]) not in mapping_at(own, "keys").values():
        text, fix = "The account's cross-signing keys were made anew elsewhere since", VERIFICATION
    elif f"ed25519:{public(account.seeds['self_signing'])}" not in mapping_at(mapping_at(device, "signatures"), account.user):
        text, fix = f"The device {account.device} is not signed by the account", "Start the bridge, which signs it."
    else:
        state, text, fix = "ok", f"The device {account.device} is signed by the account", ""
    return Finding("matrix cross-signing", state, text, fix)


def _one_time(where: str, account: Account) -> Finding:
    """Return how many can begin to write to the device; an upload of nothing tells."""
    answer = _ask(where, "POST", "/_matrix/client/v3/keys/upload", account.token, {})
    count = mapping_at(answer.body, "one_time_key_counts").get("signed_curve25519")
    facts = {"one_time_keys": count}
    if count == 0:
        text = "There are no one-time keys left: nobody new can write to the device"
        return Finding("matrix one-time keys", "warning", text, "Start the bridge, which uploads some.", facts)
    text = f"One-time keys on the server: {count if isinstance(count, int) else 'not known'}"
    return Finding("matrix one-time keys", "ok", text, facts=facts)


def _ask(where: str, method: str, path: str, token: str = "", content: Any = None) -> Answer:
    """Return what the homeserver answers."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(timeout=PATIENCE) as client:
            answer = client.request(method, where + quote(path), headers=headers, json=content)
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL):
        return Answer(0, {})
    except ValueError:
        return Answer(answer.status_code if answer.status_code != 200 else 500, {})
    return Answer(answer.status_code, body if isinstance(body, dict) else {})
