"""Logging in: once, as one device, by password or by a token; after that with what was kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import BridgeError
from .account import Account, Cabinet
from .calls import Calls, Refused, Unreachable
from .wire import is_user, mapping_at, text_at

if TYPE_CHECKING:
    from nio import AsyncClient

    from ...settings import Settings

log = logging.getLogger(__name__)

NAME = "Familiar"
"""What the device is called in other people's programs."""
GONE = frozenset({"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"})


@dataclass(frozen=True)
class Access:
    """What the settings say about an account."""

    user: str
    homeserver: str
    password: str
    token: str

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """Return what the settings say. Raises BridgeError where something is missing."""
        user, homeserver = settings.matrix_user.strip(), settings.matrix_homeserver.strip().rstrip("/")
        secrets = settings.matrix_password.get_secret_value(), settings.matrix_token.get_secret_value()
        if not is_user(user):
            raise BridgeError("Set FAMILIAR_MATRIX_USER to the companion's whole name, such as @familiar:example.org.")
        if not any(secrets):
            raise BridgeError(
                "The Matrix account has no password. Put it into a file and name that in FAMILIAR_MATRIX_PASSWORD_FILE "
                "(or a token in FAMILIAR_MATRIX_TOKEN_FILE)."
            )
        homeserver = homeserver or f"https://{user.partition(':')[2]}"  # which says where its server is
        if urlsplit(homeserver).scheme not in ("http", "https") or not urlsplit(homeserver).hostname:
            raise BridgeError("FAMILIAR_MATRIX_HOMESERVER should look like https://matrix.example.org.")
        return cls(user, homeserver, *secrets)


@dataclass(frozen=True)
class Login:
    """Logs a client in, and keeps what it is given."""

    client: AsyncClient
    cabinet: Cabinet
    access: Access

    async def __call__(self) -> Account:
        """Return the account, logged in and its keys loaded. Raises BridgeError and StoreError."""
        kept = self.cabinet.open()
        calls = Calls(self.client)
        self.client.homeserver = await self._address(calls)
        account = replace(kept, homeserver=self.client.homeserver)
        if account.token and (await self._knows(calls, account)):
            return self._opened(account)
        if self.access.token:
            return self._opened(await self._by_token(calls, account))
        return self._opened(await self._by_password(calls, account))

    async def _address(self, calls: Calls) -> str:
        """Return where the server is spoken to, which its name may say elsewhere."""
        self.client.homeserver = self.access.homeserver
        try:
            found = await calls("say where it is", "GET", "matrix", "client", base="/.well-known", timeout=10, once=True)
        except (Refused, Unreachable):
            found = {}
        told = text_at(mapping_at(found, "m.homeserver"), "base_url").rstrip("/")
        secure = urlsplit(self.access.homeserver).scheme == "https"
        if told and urlsplit(told).hostname and (urlsplit(told).scheme == "https" or not secure):
            self.client.homeserver = told
        try:
            await calls("say what it can", "GET", "versions", base="/_matrix/client", once=True)  # who opens tries again
        except Refused as exc:
            text = f"There is no Matrix homeserver at {self.client.homeserver} (it answered {exc.status}). Set FAMILIAR_MATRIX_HOMESERVER."
            raise BridgeError(text) from None
        return str(self.client.homeserver)

    async def _knows(self, calls: Calls, account: Account) -> bool:
        """Return whether the kept login is good, and its keys are here."""
        if not self.cabinet.store(account).exists():
            log.warning("The keys of the device %s are gone: the account logs in as a new device", account.device)
            return False
        self.client.access_token = account.token
        try:
            found = await calls("say who we are", "GET", "account", "whoami")
        except Refused as exc:
            if exc.code not in GONE:
                raise
            log.warning("The login of the device %s is not good any more: logging in anew", account.device)
            self.client.access_token = ""
            return False
        return text_at(found, "user_id") == account.user and text_at(found, "device_id") == account.device

    async def _by_token(self, calls: Calls, account: Account) -> Account:
        self.client.access_token = self.access.token
        try:
            found = await calls("take the token", "GET", "account", "whoami")
        except Refused as exc:
            text = f"The token of {account.user} is not good (the server answered {exc.status}). Set FAMILIAR_MATRIX_TOKEN anew."
            raise BridgeError(text) from None
        user, device = text_at(found, "user_id"), text_at(found, "device_id")
        if user != account.user or not device:
            why = "is somebody else's" if user != account.user else "belongs to no device, so that nothing could be encrypted"
            raise BridgeError(f"The token for {account.user} {why}. Log in with that account, and set FAMILIAR_MATRIX_TOKEN to its token.")
        fresh = account.with_device() if device != account.device else account
        made = replace(fresh, device=device, token=self.access.token)
        if not self.cabinet.store(made).exists() and await self._has_keys(calls, made):
            raise BridgeError(
                f"The device {device} of this token has keys that are not here. Log in once more elsewhere, and set FAMILIAR_MATRIX_TOKEN "
                "to the new token; or set FAMILIAR_MATRIX_PASSWORD, which makes a device of its own."
            )
        self.cabinet.keep(made)
        return made

    async def _has_keys(self, calls: Calls, account: Account) -> bool:
        found = await calls("name the keys", "POST", "keys", "query", content={"device_keys": {account.user: [account.device]}})
        return account.device in mapping_at(mapping_at(found, "device_keys"), account.user)

    async def _by_password(self, calls: Calls, account: Account) -> Account:
        """Log in as a new device, whose name is kept before: a login that is interrupted is gone on with."""
        if not self.access.password:
            raise BridgeError(f"The login of {account.user} is not good any more. Set FAMILIAR_MATRIX_PASSWORD, or a new token.")
        pending = account if account.device and not account.token else account.with_device()
        self.cabinet.keep(pending)
        content = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": pending.user},
            "password": self.access.password,
            "device_id": pending.device,
            "initial_device_display_name": NAME,
        }
        try:
            found = await calls("log in", "POST", "login", content=content)
        except Refused as exc:
            raise BridgeError(_refused(exc, account.user)) from None
        user, token = text_at(found, "user_id"), text_at(found, "access_token")
        if user != account.user or not token:
            raise BridgeError(f"The server logged {account.user} in as somebody else. Set FAMILIAR_MATRIX_USER to the whole name.")
        made = replace(pending, device=text_at(found, "device_id") or pending.device, token=token)
        self.cabinet.keep(made)
        return made

    def _opened(self, account: Account) -> Account:
        """Load the keys of the account's device, or make them."""
        from peewee import PeeweeException
        from vodozemac import PickleException

        self.client.user = account.user
        self.client.store_path = str(self.cabinet.folder)
        self.client.config = replace(self.client.config, pickle_key=account.pickle_key, store_name=self.cabinet.store(account).name)
        try:
            self.client.restore_login(account.user, account.device, account.token)
        except (PeeweeException, PickleException, ValueError) as exc:
            text = f"The keys in {self.cabinet.store(account)} cannot be read ({type(exc).__name__})."
            raise BridgeError(f"{text} Move the file away: then the account logs in anew, as a new device.") from None
        self.cabinet.close_to_others()
        return account


def _refused(exc: Refused, user: str) -> str:
    if exc.code == "M_FORBIDDEN":
        return f"The password of {user} is not right. Put the right one into the file that FAMILIAR_MATRIX_PASSWORD_FILE names."
    if exc.code == "M_USER_DEACTIVATED":
        return f"The account {user} is deactivated. Ask who runs the server, or make another."
    if exc.code in ("M_UNKNOWN", "M_UNRECOGNIZED") or exc.status in (404, 405):
        return f"The server takes no password for {user}: set FAMILIAR_MATRIX_TOKEN to a token of a login with that account instead."
    return str(exc)
