"""What is kept of an account on Matrix: device, token, keys. In files of the data directory that nobody else may read."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from secrets import choice, token_hex

from ...errors import StoreError
from ...settings import replace_text
from .wire import is_user

FOLDER = "matrix"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as this machine knows it. Its secrets are never shown."""

    user: str
    homeserver: str = ""
    """The address that answers for it."""
    device: str = ""
    token: str = field(default="", repr=False)
    pickle_key: str = field(default="", repr=False)
    """What the keys in the store are encrypted with."""
    seeds: dict[str, str] = field(default_factory=dict, repr=False)
    """The private keys of cross-signing, by their use; empty where they were not made here."""

    def with_device(self) -> Account:
        """Return it with a new device, that nobody knows yet."""
        name = "".join(choice(_LETTERS) for _ in range(10))
        return replace(self, device=name, token="", pickle_key=token_hex(32))


@dataclass(frozen=True)
class Cabinet:
    """The folder of an account."""

    folder: Path
    user: str

    @classmethod
    def of(cls, data_dir: Path, user: str) -> Cabinet:
        """Return the folder of an account in a data directory."""
        return cls(data_dir / FOLDER / re.sub(r"[^a-z0-9.=_+-]", "_", user.lower().removeprefix("@")), user)

    def open(self) -> Account:
        """Return the account, with nothing but its name where it was never used. Raises StoreError."""
        self._make()
        path = self.folder / "account.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            seeds = {str(name): str(seed) for name, seed in dict(found.pop("seeds")).items()}
            account = Account(**{str(name): str(value) for name, value in found.items()}, seeds=seeds)
        except FileNotFoundError:
            return Account(self.user)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise StoreError(f"{path} cannot be read. Move it away: then the account logs in anew, as a new device.") from None
        return account if account.user == self.user and is_user(account.user) else Account(self.user)

    def keep(self, account: Account) -> None:
        """Keep the account. Raises StoreError."""
        self._make()
        replace_text(self.folder / "account.json", json.dumps(asdict(account), indent=1), 0o600)

    def store(self, account: Account) -> Path:
        """Return the file of the keys of the account's device."""
        return self.folder / f"{account.device}.sqlite"

    def close_to_others(self) -> None:
        """Let nobody else read what is in the folder."""
        for path in self.folder.iterdir():
            with suppress(OSError):
                path.chmod(0o600)

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as exc:
            raise StoreError(f"Cannot make {self.folder}: {exc.strerror}. Check the folder's permissions and the free space.") from exc
