"""Chats imported from other programs to learn from, and what is said about the people in them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
    )
    op.create_table(
        "chat_source",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("dropped", sa.Text, nullable=False),
        sa.Column("imported_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chat_line",
        sa.Column("chat_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("said_at", sa.Float),
        sa.Column("bot", sa.Boolean, nullable=False),
        sa.Column("reply_to", sa.Text, nullable=False),
        sa.Column("reactions", sa.Text, nullable=False),
        sa.Column("attachments", sa.Text, nullable=False),
    )
    op.create_index("chat_line_author", "chat_line", ["author"])
    op.create_table(
        "chat_person",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("same_as", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("bot", sa.Boolean),
        sa.Column("excluded", sa.Boolean, nullable=False),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("pseudonym", sa.Text, nullable=False),
        sa.Column("forgotten", sa.Boolean, nullable=False),
    )
