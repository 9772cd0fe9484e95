"""Store lists in parts. Lists published before are dropped: HQ publishes again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "list_versions",
        sa.Column("site_id", sa.String(length=64), primary_key=True),
        sa.Column("kind", sa.String(length=16), primary_key=True),
        sa.Column("list_version", sa.Integer(), primary_key=True),
        sa.Column("issued_utc", sa.DateTime(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
    )
    op.create_table(
        "list_parts",
        sa.Column("site_id", sa.String(length=64), primary_key=True),
        sa.Column("kind", sa.String(length=16), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("list_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
    )
    op.drop_table("lists")
