"""An index that alone answers what a person sees at a glance: pages, counts, places, weeks."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("exchange_seen", "exchange", ["realm_id", "said_at", "place_id", "person_id", "pinned"])
    op.drop_index("exchange_realm", "exchange")
