"""Facts that a model wrote down about what was said, and a field for them in the full-text index of SQLite."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("exchange_id", sa.BigInteger, nullable=False),
        sa.Column("realm_id", sa.Integer, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("attribute", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("ends", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("fact_exchange", "fact", ["exchange_id"])
    op.create_index("fact_subject", "fact", ["realm_id", "subject"])
    op.create_table(
        "extraction",
        sa.Column("exchange_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_anew()


def _index_anew() -> None:
    """Make the full-text index with the new field; the next catch-up fills it."""
    op.execute("DROP TABLE exchange_terms")
    op.execute("DROP TABLE exchange_text")
    op.execute(
        "CREATE VIRTUAL TABLE exchange_text USING fts5("
        'realm, speaker, said, reply, previous, day, facts, tokenize = "porter unicode61 remove_diacritics 2")'
    )
    op.execute("CREATE VIRTUAL TABLE exchange_terms USING fts5vocab(exchange_text, 'row')")
    op.execute("UPDATE counter SET value = 0 WHERE name = 'fulltext'")
