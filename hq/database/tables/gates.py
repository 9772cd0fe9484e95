"""Gates: reports, registrations, commands."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

_IN_FORCE = text("revoked_utc IS NULL")

gates = Table(
    "gates",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("status", Text),
    Column("status_utc", UtcTime),
    Column("health", Text),
    Column("health_utc", UtcTime),
    Column("state", String(32)),
    Column("state_utc", UtcTime),
    Column("state_since_utc", UtcTime),
)
"""The last status and health message of each gate, as JSON. `state`: the last state that the gate process itself
reported, when it did last, and since when. It stays when that process falls silent."""

commands = Table(
    "commands",
    metadata,
    Column("command_id", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("gate_id", String(64), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("expires_utc", UtcTime, nullable=False),
    Column("sent_utc", UtcTime),
    Column("outcome", String(500), nullable=False, server_default=""),
    Column("after_id", BigInteger),
    Index("ix_commands_by_end", "expires_utc"),
)
"""`envelope`: the signed command, encrypted (`hq.keys.encryption`): who gave it and why.
`sent_utc`: when sending was tried. `outcome`: what became of it (`hq.database.queued_commands`). `after_id`:
the newest event that HQ held when it was given; NULL in rows of version 0.2.0."""

registrations = Table(
    "registrations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("gate_id", String(64), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("gate_key", LargeBinary, nullable=False),
    Column("link_key", LargeBinary, nullable=False),
    Column("since_utc", UtcTime, nullable=False),
    Column("added_by", String(80), nullable=False),
    Column("how", String(40), nullable=False),
    Column("revoked_utc", UtcTime),
    Column("revoked_by", String(80)),
    Column("why", String(500)),
    Index("one_registration", "gate_id", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
)
"""The keys of each gate (`hq.registry.gates`). At most one row per gate is not revoked; others are history."""

invitations = Table(
    "invitations",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("code_key", LargeBinary),
    Column("fingerprint", String(32)),
    Column("tries", Integer, nullable=False),
    Column("replaces", Boolean, nullable=False),
    Column("invited_by", String(80), nullable=False),
    Column("expires_utc", UtcTime, nullable=False),
)
"""Gates that may register: with a one-time code, or with the keys that have this fingerprint.
`code_key`: derived from the code, encrypted."""

gate_lists = Table(
    "gate_lists",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("gate_id", String(64), nullable=False, index=True),
    Column("told_utc", UtcTime, nullable=False),
    Column("kept_version", BigInteger, nullable=False),
    Column("kept_digest", String(64), nullable=False),
    Column("used_version", BigInteger, nullable=False),
    Column("used_digest", String(64), nullable=False),
    Column("sealed", BigInteger, nullable=False),
    Column("signed", Boolean, nullable=False),
)
"""What a gate reported of its rosters, one row for each change (`hq.database.roster_reports`)."""
