"""Who passed last, over all gates of a site (`hq.lists.presence_projection`)."""

from sqlalchemy import BigInteger, Column, String, Table

from hq.database.column_types import UtcTime
from hq.database.tables.metadata import metadata

last_passages = Table(
    "last_passages",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("worker_id", String(64), primary_key=True),
    Column("direction", String(8), nullable=False),
    Column("utc", UtcTime, nullable=False, index=True),
    Column("gate_id", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""The last passage of each worker at each site, by corrected time."""

unnamed_passages = Table(
    "unnamed_passages",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("utc", UtcTime, nullable=False, index=True),
)
"""Passages of people whose name no gate knew."""

read_journals = Table(
    "read_journals",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("passage_seq", BigInteger, nullable=False),
    Column("passage_hash", String(64), nullable=False),
)
"""How far each journal is in the two other tables (`seq`), and its newest passage there (0: none)."""
