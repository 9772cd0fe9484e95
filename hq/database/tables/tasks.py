"""Tasks that one process leaves for another."""

from sqlalchemy import Column, Integer, String, Table

from hq.database.tables.metadata import metadata

pending = Table(
    "pending",
    metadata,
    Column("what", String(64), primary_key=True),
    Column("asked", Integer, nullable=False),
)
"""Tasks that processes leave for the one that publishes, and how often each was requested (`hq.database.tasks`)."""
