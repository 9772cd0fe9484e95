"""What HQ remembers of files that were imported."""

from sqlalchemy import Column, String, Table, Text

from hq.database.column_types import UtcTime
from hq.database.tables.metadata import metadata

column_maps = Table(
    "column_maps",
    metadata,
    Column("headings", String(64), primary_key=True),
    Column("columns", Text, nullable=False),
    Column("saved_utc", UtcTime, nullable=False),
)
"""Which column holds which field, as somebody said for these headings. `headings`: their SHA-256; no cell is kept."""
