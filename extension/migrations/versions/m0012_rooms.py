"""Messages of chat platforms: which exchange each belongs to, and the answers that others took the place of."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "heard_message",
        sa.Column("place_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("exchange_id", sa.BigInteger, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("noted_at", sa.Float, nullable=False),
    )
    op.create_index("heard_message_exchange", "heard_message", ["exchange_id"])
    op.create_table(
        "former_answer",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("exchange_id", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("adapter", sa.Text, nullable=False),
        sa.Column("feedback", sa.SmallInteger, nullable=False),
        sa.Column("replaced_by", sa.Text, nullable=False),
        sa.Column("replaced_at", sa.Float, nullable=False),
        sa.Column("beaten_for", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("former_answer_exchange", "former_answer", ["exchange_id"])
