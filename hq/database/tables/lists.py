"""Lists that HQ published."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

lists = Table(
    "list_versions",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("list_version", BigInteger, primary_key=True),
    Column("issued_utc", UtcTime, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("digest", String(64)),
)
"""Every published list. `digest`: what tells it from another list with its version; NULL of earlier versions of HQ."""

list_parts = Table(
    "list_parts",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("list_version", BigInteger, nullable=False),
    Column("body", LargeBinary),
)
"""What the broker keeps on each part's topic, as signed. NULL where an earlier version had more parts."""

list_bases = Table(
    "list_bases",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("list_version", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("keys", String(64), nullable=False),
    Column("delta_version", BigInteger, nullable=False),
    Column("delta", LargeBinary),
    Column("left_utc", UtcTime),
)
"""The newest snapshot of each list: digest that binds its parts, their size in bytes, fingerprint of their keys.
`delta`: the changes in force since then, as signed, and their version (0 and NULL: none). `left_utc`: since when they
take somebody off the list, whom the snapshot still holds; NULL: nobody."""

list_rows = Table(
    "list_rows",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("worker_id", String(64), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
)
"""What that snapshot said of each worker, as a keyed fingerprint (`hq.registry.people`). It shows who changed since."""

dirty_lists = Table(
    "dirty_lists",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("marks", BigInteger, nullable=False),
)
"""Lists that changed since they were published, and how often (`hq.database.dirty_lists`)."""

snapshots = Table(
    "list_snapshots",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("list_version", BigInteger, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("covers", BigId, nullable=False),
    Column("issued_utc", UtcTime, nullable=False),
)
"""Every roster that was published whole. `covers`: none of the `forgotten` up to this id is in it."""

list_floors = Table(
    "list_floors",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("list_version", BigInteger, nullable=False),
)
"""Versions that gates hold of another HQ, or of this one before it was restored. The next version is above."""
