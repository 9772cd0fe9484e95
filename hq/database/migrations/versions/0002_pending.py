"""Add tasks, which processes leave for the one that publishes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("pending", sa.Column("what", sa.String(length=64), primary_key=True))
