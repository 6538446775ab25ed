"""Realms as ranges of rows in the full-text index of SQLite, instead of words of it."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TABLE exchange_terms")
    op.execute("DROP TABLE exchange_text")
    op.execute(
        "CREATE VIRTUAL TABLE exchange_text USING fts5("
        'place, speaker, said, reply, previous, day, facts, tokenize = "porter unicode61 remove_diacritics 2")'
    )
    op.execute("CREATE VIRTUAL TABLE exchange_terms USING fts5vocab(exchange_text, 'row')")
    op.execute("UPDATE counter SET value = 0 WHERE name = 'fulltext'")
