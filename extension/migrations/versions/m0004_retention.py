"""How long each place keeps what was said in it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention",
        sa.Column("place_id", sa.Text, primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
    )
