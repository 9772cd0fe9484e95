"""Add the corrected time of events that a gate recorded with a wrong clock."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("corrected_utc", sa.DateTime()))
