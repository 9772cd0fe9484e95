"""Add acknowledged gaps, site-wide lock-downs, the gates' last states, and indexes for what people ask of events."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None

_WATCHED = sa.text(
    "(reason = 'remote_open' OR (type = 'notice' AND reason IN "
    "('command_done', 'command_refused', 'locked_down', 'lock_down_over', 'events_lost')))"
)
_STANDING = sa.text("released_utc IS NULL")


def upgrade() -> None:
    utc = sa.DateTime()
    for column in (sa.Column("state", sa.String(32)), sa.Column("state_utc", utc), sa.Column("state_since_utc", utc)):
        op.add_column("gates", column)
    op.add_column("commands", sa.Column("after_id", sa.BigInteger()))
    op.create_index("ix_commands_by_end", "commands", ["expires_utc"])
    op.create_index("ix_events_by_time", "events", ["site_id", sa.text("coalesce(corrected_utc, utc)")])
    columns = ["gate_id", "reason", "id"]
    op.create_index("ix_events_watched", "events", columns, sqlite_where=_WATCHED, postgresql_where=_WATCHED)
    op.drop_index("ix_events_utc", "events")  # every query names its sites now
    _tables()


def _tables() -> None:
    utc = sa.DateTime()
    op.create_table(
        "gap_acknowledgements",
        sa.Column("gap_id", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("gate_id", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_utc", utc, nullable=False),
        sa.Column("acknowledged_by", sa.String(80), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
    )
    op.create_table(
        "lock_downs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("ordered_utc", utc, nullable=False),
        sa.Column("released_utc", utc),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("order_body", sa.LargeBinary(), nullable=False),
    )
    op.create_index(
        "one_lock_down", "lock_downs", ["site_id"], unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING
    )
    op.create_table(
        "lock_down_commands",
        sa.Column("command_id", sa.String(64), primary_key=True),
        sa.Column("lock_down_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("gate_id", sa.String(64), nullable=False),
        sa.Column("connection", sa.BigInteger(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
    )
