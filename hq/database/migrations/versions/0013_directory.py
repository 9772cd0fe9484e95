"""Add the directory (names, teams and phone numbers of workers, encrypted), and who passed last.

Passages are read from the events at the next start.
"""

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
    _presence()


def _presence() -> None:
    text, utc = sa.String, sa.DateTime()
    op.create_table(
        "last_passages",
        sa.Column("site_id", text(64), primary_key=True),
        sa.Column("worker_id", text(64), primary_key=True),
        sa.Column("direction", text(8), nullable=False),
        sa.Column("utc", utc, nullable=False, index=True),
        sa.Column("gate_id", text(64), nullable=False),
        sa.Column("epoch", text(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "unnamed_passages",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("epoch", text(64), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("site_id", text(64), nullable=False),
        sa.Column("direction", text(8), nullable=False),
        sa.Column("utc", utc, nullable=False, index=True),
    )
    op.create_table(
        "read_journals",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("epoch", text(64), primary_key=True),
        sa.Column("site_id", text(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("passage_seq", sa.BigInteger(), nullable=False),
        sa.Column("passage_hash", text(64), nullable=False),
    )
