"""Add the directory: names, teams and phone numbers of workers, encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_entries",
        sa.Column("worker_id", sa.String(64), primary_key=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("updated_utc", sa.DateTime(), nullable=False),
    )
