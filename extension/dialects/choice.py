"""The choice of a dialect: a URL in, what speaks with that database out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..errors import SettingsError
from .dialect import Dialect
from .postgres import Postgres
from .sqlite import Sqlite

LIKE = "it looks like sqlite:////folder/file or postgresql://user:password@host/name"
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_SQLITE = ("sqlite", "sqlite+pysqlite")


def dialect_of(url: str, lock_timeout: float) -> Dialect:
    """Return what speaks with the database of a URL. Raises SettingsError, which never quotes the URL: a password may be in it."""
    try:
        found = sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise SettingsError(f"FAMILIAR_DATABASE_URL is no URL of a database; {LIKE}.") from None
    if found.drivername in _SQLITE and found.database:
        return Sqlite(found, lock_timeout)
    if found.drivername not in _POSTGRES:
        raise SettingsError(f"FAMILIAR_DATABASE_URL cannot be used: a diary lies in SQLite or PostgreSQL; {LIKE}.")
    if "@" in (found.host or ""):
        raise SettingsError(f"FAMILIAR_DATABASE_URL cannot be used: write an @ in the password as %40 (and / as %2F, : as %3A); {LIKE}.")
    return Postgres(found.set(drivername="postgresql+psycopg"), lock_timeout)
