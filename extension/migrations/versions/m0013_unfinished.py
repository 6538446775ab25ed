"""What was taken up on chat platforms and is not answered yet."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unfinished",
        sa.Column("door", sa.Text, primary_key=True),
        sa.Column("place_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("posted", sa.Text, nullable=False),
        sa.Column("row", sa.BigInteger),
        sa.Column("taken_at", sa.Float, nullable=False),
    )
