"""Sites, and what people at HQ call gates."""

from sqlalchemy import Column, String, Table

from hq.database.column_types import UtcTime
from hq.database.tables.metadata import metadata

sites = Table(
    "sites",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("name", String(80), nullable=False, server_default=""),
    Column("site_group", String(64), nullable=False, server_default=""),
    Column("added_utc", UtcTime, nullable=False),
    Column("added_by", String(80), nullable=False),
    Column("retired_utc", UtcTime),
    Column("retired_by", String(80)),
)
"""Every site, retired ones too (`hq.registry.sites`). Sites with the same `site_group` share their people; "" is none.
`name`: for people to read; only the id counts."""

gate_names = Table(
    "gate_names",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("name", String(80), nullable=False, server_default=""),
    Column("named_by", String(80), nullable=False, server_default=""),
    Column("retired_utc", UtcTime),
    Column("retired_by", String(80)),
)
"""What people call a gate, and since when it is retired. Nobody waits for a sign of life of a retired gate."""
