"""Count how often a task was requested, so that a request during the work is not lost."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pending", sa.Column("asked", sa.Integer(), nullable=False, server_default="1"))
