"""The library: documents on shelves, their passages with an embedding each, and the full-text index of these."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shelf",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("companion", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("place_id", sa.Text, nullable=False),
    )
    op.create_index("shelf_key", "shelf", ["scope", "companion", "person_id", "place_id"], unique=True)
    op.create_table(
        "document",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("shelf_id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.Column("added_at", sa.Float, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("document_digest", "document", ["shelf_id", "digest"])
    op.create_index("document_revision", "document", ["revision"])
    op.create_table(
        "passage",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("document_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("titles", sa.Text, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("last_page", sa.Integer),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_index("passage_document", "passage", ["document_id", "number"], unique=True)
    op.create_index("passage_digest", "passage", ["digest"])
    op.create_index("passage_space", "passage", ["space"])
    op.add_column("exchange", sa.Column("excerpts", sa.Text, nullable=False, server_default="[]"))
    _fulltext()


def _fulltext() -> None:
    """Make the index of the passages beside that of the exchanges (see memory.fts5 and memory.tsvector)."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute('CREATE VIRTUAL TABLE passage_text USING fts5(place, titles, text, tokenize = "porter unicode61 remove_diacritics 2")')
        op.execute("CREATE VIRTUAL TABLE passage_terms USING fts5vocab(passage_text, 'row')")
        return
    op.execute(
        "CREATE TABLE passage_text (id bigint PRIMARY KEY, length integer NOT NULL, terms tsvector NOT NULL) "
        "WITH (toast_tuple_target = 8160)"
    )
    op.execute("CREATE INDEX passage_text_terms ON passage_text USING gin (terms) WITH (fastupdate = off)")
    op.execute('CREATE TABLE passage_term (term text COLLATE "C" PRIMARY KEY, found integer NOT NULL) WITH (fillfactor = 70)')
