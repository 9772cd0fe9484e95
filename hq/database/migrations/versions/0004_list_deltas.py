"""Add changes of lists. Earlier snapshots are not known, so the next version of each list is a snapshot."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "list_bases",
        sa.Column("site_id", sa.String(length=64), primary_key=True),
        sa.Column("kind", sa.String(length=16), primary_key=True),
        sa.Column("list_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("keys", sa.String(length=64), nullable=False),
        sa.Column("delta_version", sa.Integer(), nullable=False),
        sa.Column("delta", sa.LargeBinary()),
    )
    op.create_table(
        "list_rows",
        sa.Column("site_id", sa.String(length=64), primary_key=True),
        sa.Column("kind", sa.String(length=16), primary_key=True),
        sa.Column("worker_id", sa.String(length=64), primary_key=True),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
    )
