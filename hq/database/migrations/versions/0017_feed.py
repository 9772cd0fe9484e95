"""Number the changes of stored events, for the feed. Note its readers, and where journals begin whose oldest events are
removed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, number = sa.String, sa.BigInteger()
    op.add_column("watermarks", sa.Column("changes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("watermarks", sa.Column("change_token", text(16), nullable=False, server_default=""))
    op.create_table(
        "event_changes",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("epoch", text(64), primary_key=True),
        sa.Column("change", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("token", text(16), nullable=False),
        sa.Column("first_seq", number, nullable=False),
        sa.Column("last_seq", number, nullable=False),
        sa.Column("why", text(16), nullable=False),
    )
    op.create_table(
        "feed_readers",
        sa.Column("name", text(64), primary_key=True),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_utc", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "journal_starts",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("epoch", text(64), primary_key=True),
        sa.Column("seq", number, nullable=False),
        sa.Column("hash", text(64), nullable=False),
        sa.Column("begun", number, nullable=False),
        sa.Column("first_codes", sa.Text(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("removed_utc", sa.DateTime(), nullable=False),
    )
