"""A number that tells this diary from others; for PostgreSQL, its full-text index and keys that sort alike everywhere."""

from secrets import randbits

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS = {
    "person": ("id", "name"),
    "place": ("id", "title"),
    "realm": ("companion", "person_id", "place_id"),
    "participant": ("place_id", "person_id"),
    "exchange": ("person_id", "place_id", "companion", "branch", "digest", "original"),
    "forgotten": ("person_id", "digest"),
    "counter": ("name",),
    "embedding": ("part", "space", "digest"),
}


def upgrade() -> None:
    counter = sa.table("counter", sa.column("name", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(counter, [{"name": "diary", "value": randbits(62)}])
    if op.get_bind().dialect.name == "postgresql":
        _sort_by_bytes()
        _fulltext()


def _sort_by_bytes() -> None:
    """Order keys as SQLite does, by their bytes, whatever language the server was made for."""
    for table, columns in KEYS.items():
        changes = ", ".join(f'ALTER COLUMN "{column}" TYPE text COLLATE "C"' for column in columns)
        op.execute(f'ALTER TABLE "{table}" {changes}')


def _fulltext() -> None:
    """Make the index (see memory.tsvector). Long vectors stay in their rows, since a search looks into thousands of them."""
    op.execute(
        "CREATE TABLE exchange_text (id bigint PRIMARY KEY, length integer NOT NULL, terms tsvector NOT NULL) "
        "WITH (toast_tuple_target = 8160)"
    )
    op.execute("CREATE INDEX exchange_text_terms ON exchange_text USING gin (terms) WITH (fastupdate = off)")
    op.execute('CREATE TABLE exchange_term (term text COLLATE "C" PRIMARY KEY, found integer NOT NULL) WITH (fillfactor = 70)')
