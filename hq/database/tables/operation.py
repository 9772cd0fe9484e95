"""Which HQ works on this database, where the database is, and what was restored."""

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

leases = Table(
    "leases",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("token", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("process", String(80), nullable=False),
    Column("folder", String(1000), nullable=False),
    Column("started_utc", UtcTime, nullable=False),
    Column("renewed_s", Float(53), nullable=False),
)
"""One row, number 1: the HQ that publishes (`hq.database.lease`). `renewed_s`: the database's time, in seconds."""

database_states = Table(
    "database_states",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("place", String(1000), nullable=False),
    Column("changed_utc", UtcTime, nullable=False),
)
"""One row, number 1, or none: this database was moved, or a move to it is not finished (`hq.database.moved`)."""

change_logs = Table(
    "change_logs",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("applied", BigInteger, nullable=False),
)
"""Of each file of changes beside the database, the last change that this database holds (`hq.registry.change_log`)."""

restorations = Table(
    "restorations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("found_utc", UtcTime, nullable=False),
    Column("backup_utc", UtcTime),
    Column("what", String(1000), nullable=False),
    Column("seen_utc", UtcTime),
    Column("seen_by", String(80)),
    Column("why", String(500)),
)
"""Times at which this database proved to be older than what gates or people hold. `backup_utc`: of about which time it
is. `seen_by`: who checked what was changed since (`hq.database.restorations`)."""
