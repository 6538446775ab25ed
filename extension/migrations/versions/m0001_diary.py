"""The diary, its people, places and realms, the embeddings, and the full-text index of SQLite."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people_and_places()
    _exchanges()
    _derived()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE exchange_text USING fts5("
            'realm, speaker, said, reply, previous, day, tokenize = "porter unicode61 remove_diacritics 2")'
        )
        op.execute("CREATE VIRTUAL TABLE exchange_terms USING fts5vocab(exchange_text, 'row')")


def _people_and_places() -> None:
    op.create_table("person", sa.Column("id", sa.Text, primary_key=True), sa.Column("name", sa.Text, nullable=False))
    op.create_table(
        "place",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
    )
    op.create_table(
        "realm",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("companion", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("place_id", sa.Text, nullable=False),
        sa.UniqueConstraint("companion", "person_id", "place_id"),
    )
    op.create_table(
        "participant",
        sa.Column("place_id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, primary_key=True),
    )


def _exchanges() -> None:
    op.create_table(
        "exchange",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("place_id", sa.Text, nullable=False),
        sa.Column("companion", sa.Text, nullable=False),
        sa.Column("realm_id", sa.Integer, nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("adapter", sa.Text, nullable=False),
        sa.Column("said_at", sa.Float, nullable=False),
        sa.Column("memories", sa.Text, nullable=False),
        sa.Column("feedback", sa.SmallInteger, nullable=False),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("original", sa.Text, nullable=False, server_default=""),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("place_id", "row", "branch"),
        sqlite_autoincrement=True,
    )
    op.create_index("exchange_revision", "exchange", ["revision"], unique=True)
    op.create_index("exchange_person", "exchange", ["person_id", "said_at"])
    op.create_index("exchange_realm", "exchange", ["realm_id", "said_at"])
    op.create_index("exchange_digest", "exchange", ["digest"])
    edited = sa.text("original <> ''")
    op.create_index("exchange_original", "exchange", ["original"], sqlite_where=edited, postgresql_where=edited)
    op.create_table(
        "forgotten",
        sa.Column("exchange_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("realm_id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("forgotten_revision", "forgotten", ["revision"])
    op.create_index("forgotten_digest", "forgotten", ["person_id", "digest"])


def _derived() -> None:
    counter = op.create_table("counter", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.BigInteger, nullable=False))
    op.bulk_insert(counter, [{"name": name, "value": 0} for name in ("revision", "fulltext")])
    op.create_table(
        "embedding",
        sa.Column("exchange_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
