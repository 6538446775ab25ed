"""What a person marked among what a question found for them: the ranker learns from it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("exchange_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("asked_id", sa.BigInteger, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("marked_at", sa.Float, nullable=False),
    )
    op.create_index("mark_asked", "mark", ["asked_id"])
    judged = sa.text("feedback <> 0")
    op.create_index("exchange_judged", "exchange", ["person_id", "said_at"], sqlite_where=judged, postgresql_where=judged)
