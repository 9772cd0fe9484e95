"""Add what people at HQ did with a worker: when, who and why."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_changes",
        sa.Column("change_id", sa.String(32), primary_key=True),
        sa.Column("worker_id", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("utc", sa.DateTime(), nullable=False),
        sa.Column("by_whom", sa.String(80), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=True),
    )
    op.create_index("ix_people_changes_worker_id", "people_changes", ["worker_id"])
