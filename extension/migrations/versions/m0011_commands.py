"""What commands change: options by layer, saved presets, levels of people, conversations begun anew; and who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chosen",
        sa.Column("layer", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("chosen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "saved_preset",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("saved_at", sa.Float, nullable=False),
    )
    op.create_table(
        "granted",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.Float, nullable=False),
    )
    op.create_table(
        "cleared",
        sa.Column("place_id", sa.Text, primary_key=True),
        sa.Column("cleared_at", sa.Float, primary_key=True),
        sa.Column("person_id", sa.Text, nullable=False),
    )
    op.create_table(
        "hidden",
        sa.Column("exchange_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hidden_at", sa.Float, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("done_at", sa.Float, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("place_id", sa.Text, nullable=False),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_person", "audit", ["person_id", "done_at"])
