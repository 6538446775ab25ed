"""Summaries of chats, sessions and people, and the exchanges each was made of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "summary",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("realm_id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("place_id", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("stands_for", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("summary_realm", "summary", ["realm_id", "kind", "until"])
    op.create_table(
        "summary_part",
        sa.Column("summary_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("exchange_id", BIG, primary_key=True, autoincrement=False),
    )
    op.create_index("summary_part_exchange", "summary_part", ["exchange_id"])
