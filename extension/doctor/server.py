"""The diary on a database server: whether it answers, which one it is, and what the diary holds. It is read and never written."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ..database import HEAD
from ..dialects import Dialect
from ..errors import FamiliarError
from ..settings import Settings
from ..tables import counter, document, embedding, exchange, metadata, passage
from .finding import Finding, size
from .indexes import Held, indexes, space


def diary(dialect: Dialect, settings: Settings) -> Iterator[Finding]:
    """Yield how the diary on a server is, and its indexes."""
    facts: dict[str, object] = {"server": dialect.where}
    try:
        engine = dialect.engine()
    except FamiliarError as exc:
        yield Finding("diary", "problem", f"The diary at {dialect.where} cannot be opened", str(exc), facts)
        return
    try:
        with engine.connect() as opened:
            connection = dialect.reading(opened)
            yield _looked_at(dialect, engine, connection, facts)
            if "exchanges" in facts:
                yield from indexes(_held(connection, settings), settings)
    except DBAPIError as exc:
        meaning = dialect.meaning(exc.orig or exc)
        fix = f"{meaning[1][0].upper()}{meaning[1][1:]}." if meaning else f"Look for {type(exc.orig).__name__} in the server's own log."
        yield Finding("diary", "problem", f"The diary at {dialect.where} cannot be used", fix, facts)
    except FamiliarError as exc:
        yield Finding("diary", "problem", f"The diary at {dialect.where} cannot be used", str(exc), facts)
    finally:
        engine.dispose()


def _looked_at(dialect: Dialect, engine: sa.Engine, connection: sa.Connection, facts: dict[str, object]) -> Finding:
    version = str(connection.exec_driver_sql("SHOW server_version").scalar_one()).partition(" ")[0]
    facts["version"] = version
    where = f"{dialect.where} answers, version {version}"
    schema = None
    if sa.inspect(connection).has_table("alembic_version"):
        schema = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    facts["schema"] = schema
    if schema is None:
        dialect.check(connection)
        return Finding("diary", "ok", f"{where}; the diary is made by the first chat", facts=facts)
    if schema > HEAD:
        text = f"{where}, but a newer Familiar wrote the diary"
        return Finding("diary", "problem", text, "Update this one; the diary is untouched.", facts)
    if schema < HEAD:
        return Finding("diary", "ok", f"{where}, schema {schema}, brought up to {HEAD} by the next chat", facts=facts)
    facts["exchanges"] = count = _count(connection, exchange)
    facts["bytes"] = taken = dialect.size(engine, metadata.tables)
    return Finding("diary", "ok", f"{where}, {size(taken)}, {count:,} exchanges, schema {schema}", facts=facts)


def _held(connection: sa.Connection, settings: Settings) -> Held:
    counters = {str(row.name): int(row.value) for row in connection.execute(sa.select(counter))}
    indexed, passages_indexed = (
        int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608
        for name in ("exchange_text", "passage_text")
    )
    exchanges, documents, passages = (_count(connection, table) for table in (exchange, document, passage))
    embeddings = _count(connection, embedding, embedding.c.space == space(settings))
    return Held(counters, exchanges, indexed, embeddings, documents, passages, passages_indexed)


def _count(connection: sa.Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one())
