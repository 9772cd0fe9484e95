"""What people at HQ decided about the gates' work: acknowledged gaps, site-wide lock-downs."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, text

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

_STANDING = text("released_utc IS NULL")

gap_acknowledgements = Table(
    "gap_acknowledgements",
    metadata,
    Column("gap_id", String(16), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("gate_id", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("acknowledged_utc", UtcTime, nullable=False),
    Column("acknowledged_by", String(80), nullable=False),
    Column("why", String(500), nullable=False),
)
"""Gaps that somebody knows of (`hq.reports.gaps`). `size`: how large the gap was then."""

lock_downs = Table(
    "lock_downs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("ordered_utc", UtcTime, nullable=False),
    Column("released_utc", UtcTime),
    Column("name", String(64), nullable=False, unique=True),
    Column("order_body", LargeBinary, nullable=False),
    Index("one_lock_down", "site_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
)
"""Lock-downs of whole sites. At most one for each site stands. `order_body`: who ordered it and why, encrypted with
`name` (`hq.lists.lock_downs`)."""

lock_down_commands = Table(
    "lock_down_commands",
    metadata,
    Column("command_id", String(64), primary_key=True),
    Column("lock_down_id", BigInteger, nullable=False, index=True),
    Column("gate_id", String(64), nullable=False),
    Column("connection", BigInteger, nullable=False),
    Column("releases", Integer, nullable=False),
)
"""The command that carried a lock-down, or its release (`releases` 1), to a gate. `connection`: of the gate to the
broker, as its status names it."""
