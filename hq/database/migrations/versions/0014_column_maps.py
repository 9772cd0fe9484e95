"""Add the column maps of sheets that were imported."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "column_maps",
        sa.Column("headings", sa.String(64), primary_key=True),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("saved_utc", sa.DateTime(), nullable=False),
    )
