"""Add when a refusal was reported to the gate. Refusals stored before are old and are not reported."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("site_id", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("quarantine", sa.Column("told_utc", sa.DateTime()))
    op.execute("UPDATE quarantine SET told_utc = received_utc")
    op.create_index("ix_quarantine_told_utc", "quarantine", ["told_utc"])
