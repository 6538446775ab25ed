"""Cross-signing: our device is signed by the account's own keys, so that nobody is warned about it. nio has nothing of that."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .account import Account, Cabinet
from .calls import Calls, Refused
from .wire import mapping_at, text_at

if TYPE_CHECKING:
    from nio import AsyncClient

log = logging.getLogger(__name__)

USES = ("master", "self_signing", "user_signing")


@dataclass(frozen=True)
class CrossSigning:
    """Signs the device of an account."""

    client: AsyncClient
    calls: Calls
    cabinet: Cabinet
    password: str = ""

    async def __call__(self, account: Account) -> str:
        """Sign the device, with keys that are made where the account has none, and return what a person has to mend; '' for nothing."""
        found = await self._found(account)
        master = _public(mapping_at(mapping_at(found, "master_keys"), account.user))
        if not master:
            account = self._with_seeds(account)
            if trouble := await self._upload(account):
                return trouble
            found = await self._found(account)
            master = _public(mapping_at(mapping_at(found, "master_keys"), account.user))
        if not account.seeds or master != public(account.seeds["master"]):
            return (
                f"The account's cross-signing keys were made elsewhere, so the device {account.device} is unverified: people are warned "
                "of it. See docs/matrix.md, Verification."
            )
        return await self._sign(account, found)

    async def _found(self, account: Account) -> dict[str, Any]:
        return await self.calls("name the keys", "POST", "keys", "query", content={"device_keys": {account.user: []}})

    def _with_seeds(self, account: Account) -> Account:
        """Return the account with keys, kept before anybody knows them."""
        if account.seeds:
            return account
        made = replace(account, seeds={use: seed() for use in USES})
        self.cabinet.keep(made)
        return made

    async def _upload(self, account: Account) -> str:
        keys = {use: _key(account.user, use, account.seeds[use]) for use in USES}
        for use in USES[1:]:
            signed(keys[use], account.user, account.seeds["master"])
        content = {f"{use}_key": key for use, key in keys.items()}
        doing = "take the account's cross-signing keys"
        try:
            await self.calls(doing, "POST", "keys", "device_signing", "upload", content=content)
        except Refused as exc:
            if exc.status != 401:
                return str(exc)
            return await self._with_password(account, doing, content, exc.body)
        return ""

    async def _with_password(self, account: Account, doing: str, content: dict[str, Any], asked: Mapping[str, Any]) -> str:
        """Upload once more with the password, where the server asks for it; return what a person has to mend."""
        flows = asked.get("flows")
        stages = [each.get("stages") for each in flows if isinstance(each, Mapping)] if isinstance(flows, list) else []
        if ["m.login.password"] not in stages or not self.password:
            return (
                f"The server wants the account's owner to allow cross-signing, so the device {account.device} is unverified. "
                "Set FAMILIAR_MATRIX_PASSWORD, or see docs/matrix.md, Verification."
            )
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": account.user},
            "user": account.user,
            "password": self.password,
            "session": text_at(asked, "session"),
        }
        try:
            await self.calls(doing, "POST", "keys", "device_signing", "upload", content={**content, "auth": auth})
        except Refused as exc:
            return f"Matrix did not {doing} ({exc.status} {exc.code}). Is FAMILIAR_MATRIX_PASSWORD right?"
        return ""

    async def _sign(self, account: Account, found: Mapping[str, Any]) -> str:
        """Sign our device with the account's key, and that with our device's, where they are not signed yet; return what is wrong."""
        device = mapping_at(mapping_at(mapping_at(found, "device_keys"), account.user), account.device)
        master = mapping_at(mapping_at(found, "master_keys"), account.user)
        keys: dict[str, Any] = {}
        if device and not _is_signed(device, account.user, public(account.seeds["self_signing"])):
            keys[account.device] = signed(_bare(device), account.user, account.seeds["self_signing"])
        if master and not _is_signed(master, account.user, account.device) and self.client.olm is not None:
            bare = _bare(master)
            own = {f"ed25519:{account.device}": self.client.olm.sign_json(bare)}
            keys[public(account.seeds["master"])] = {**bare, "signatures": {account.user: own}}
        if not keys:
            return ""
        answer = await self.calls("take the device's signature", "POST", "keys", "signatures", "upload", content={account.user: keys})
        if mapping_at(mapping_at(answer, "failures"), account.user):
            return f"The server does not take the signature of the device {account.device}: see docs/matrix.md, Verification."
        log.info("The device %s is signed by the account", account.device)
        return ""


def seed() -> str:
    """Return a new private key, in base64."""
    from Crypto.PublicKey import ECC

    return _base64(ECC.generate(curve="Ed25519").seed)


def public(private: str) -> str:
    """Return the public key of a private one, both in base64 without padding."""
    return _base64(_pair(private).public_key().export_key(format="raw"))


def signed(content: dict[str, Any], user: str, private: str) -> dict[str, Any]:
    """Sign some JSON with a key of somebody, in place, and return it."""
    from Crypto.Signature import eddsa
    from nio import Api

    others = content.pop("signatures", {})
    content.pop("unsigned", None)
    signature = eddsa.new(_pair(private), "rfc8032").sign(Api.to_canonical_json(content).encode())
    content["signatures"] = {**others, user: {**others.get(user, {}), f"ed25519:{public(private)}": _base64(signature)}}
    return content


def _pair(private: str) -> Any:
    from Crypto.PublicKey import ECC

    return ECC.construct(curve="Ed25519", seed=b64decode(private + "=" * (-len(private) % 4)))


def _key(user: str, use: str, private: str) -> dict[str, Any]:
    return {"user_id": user, "usage": [use], "keys": {f"ed25519:{public(private)}": public(private)}}


def _bare(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name not in ("signatures", "unsigned")}


def _public(key: Mapping[str, Any]) -> str:
    return next((value for value in mapping_at(key, "keys").values() if isinstance(value, str)), "")


def _is_signed(key: Mapping[str, Any], user: str, by: str) -> bool:
    return f"ed25519:{by}" in mapping_at(mapping_at(key, "signatures"), user)


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii").rstrip("=")
