"""What is kept of a person for their documents: a title, a folder in Google Drive, and the files that lie there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "writer",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("folder_id", sa.Text, nullable=False),
        sa.Column("folder_name", sa.Text, nullable=False),
    )
    op.create_table(
        "drive_file",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("folder_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("converted", sa.Boolean, primary_key=True),
        sa.Column("file_id", sa.Text, nullable=False),
    )
