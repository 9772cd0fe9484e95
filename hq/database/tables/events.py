"""What gates recorded, and what HQ could not take."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("gate_id", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("worker_id", String(64), index=True),
    Column("utc", UtcTime),
    Column("body", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("received_utc", UtcTime, nullable=False),
    Column("corrected_utc", UtcTime),
    UniqueConstraint("gate_id", "epoch", "seq"),
)
"""Everything that gates recorded (`hq.ingest.event_columns`, `hq.ingest.corrected_times`)."""

event_time = func.coalesce(events.c.corrected_utc, events.c.utc)
"""When an event happened: corrected, where the gate's clock was wrong."""

WATCHED = (
    "(events.reason = 'remote_open' OR (events.type = 'notice' AND events.reason IN "
    "('command_done', 'command_refused', 'locked_down', 'lock_down_over', 'events_lost')))"
)
"""The rare events that answer commands, or say in which state a gate is. A query that contains exactly this condition
reads the small index `ix_events_watched`."""

Index("ix_events_by_time", events.c.site_id, event_time)
Index(
    "ix_events_watched",
    events.c.gate_id,
    events.c.reason,
    events.c.id,
    sqlite_where=text(WATCHED.replace("events.", "")),
    postgresql_where=text(WATCHED.replace("events.", "")),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
    Column("changes", Integer, nullable=False, server_default="0"),
    Column("change_token", String(16), nullable=False, server_default=""),
)
"""The end of each journal as HQ holds it: what acknowledgements say. `changes`, `change_token`: number and token of the
last of its `event_changes`."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("received_utc", UtcTime, nullable=False),
    Column("gate_id", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("site_id", String(64), nullable=False, server_default=""),
    Column("told_utc", UtcTime, index=True),
)
"""What HQ could not accept as it arrived, kept for a person to look at. It never holds up the rest.
`told_utc`: when it was reported to the gate, also set at once where it is not to be reported."""

erased_events = Table(
    "erased_events",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("gate_id", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    UniqueConstraint("gate_id", "epoch", "seq"),
)
"""Enrolments in the events without their sealed templates (`hq.database.erasure`). `proof`: that HQ erased it,
encrypted. The hash of such an event cannot be computed again, so the claim that it was erased needs a proof."""
