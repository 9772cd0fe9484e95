"""HQ's tables, for SQLAlchemy Core. Times are UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hq.database.column_types import BigId, UtcTime

metadata = MetaData()
_IN_FORCE = text("revoked_utc IS NULL")

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
    Column("utc", UtcTime, index=True),
    Column("body", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("received_utc", UtcTime, nullable=False),
    Column("corrected_utc", UtcTime),
    UniqueConstraint("gate_id", "epoch", "seq"),
)
"""Everything that gates recorded (`hq.ingest.event_columns`, `hq.ingest.corrected_times`)."""

watermarks = Table(
    "watermarks",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
)
"""The end of each journal as HQ holds it: what acknowledgements say."""

gates = Table(
    "gates",
    metadata,
    Column("gate_id", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("status", Text),
    Column("status_utc", UtcTime),
    Column("health", Text),
    Column("health_utc", UtcTime),
)
"""The last status and health message of each gate, as JSON."""

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

workers = Table(
    "workers",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
)
"""`record`: WorkerRecord without templates, as JSON, encrypted (`hq.keys.encryption`)."""

templates = Table(
    "templates",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("worker_id", String(64), nullable=False, index=True),
    Column("consent_ref", String(120), nullable=False),
    Column("sealed_record", LargeBinary, nullable=False),
    Column("added_utc", UtcTime, nullable=False),
)
"""Enrolment records, encrypted (`hq.keys.encryption`). `digest`: of the record inside, so none is added twice."""

risk_list = Table(
    "risk_list",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
"""One row, number 1: all entries as one JSON list, encrypted, so that nobody can see who is on a list."""

policies = Table(
    "policies",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)

lists = Table(
    "list_versions",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("list_version", Integer, primary_key=True),
    Column("issued_utc", UtcTime, nullable=False),
    Column("parts", Integer, nullable=False),
)
"""Every published list."""

list_parts = Table(
    "list_parts",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("list_version", Integer, nullable=False),
    Column("body", LargeBinary),
)
"""What the broker keeps on each part's topic, as signed. NULL where an earlier version had more parts."""

list_bases = Table(
    "list_bases",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("list_version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("keys", String(64), nullable=False),
    Column("delta_version", Integer, nullable=False),
    Column("delta", LargeBinary),
)
"""The newest snapshot of each list: the digest that binds its parts, their size in bytes, a fingerprint of their keys.
`delta`: the changes in force since then, as signed, and their version (0 and NULL: none)."""

list_rows = Table(
    "list_rows",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("worker_id", String(64), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
)
"""What that snapshot said of each worker, as a keyed fingerprint (`hq.registry.people`). It shows who changed since."""

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
)
"""`envelope`: the signed command, encrypted (`hq.keys.encryption`): who gave it and why.
`sent_utc`: when sending was tried. `outcome`: what became of it (`hq.lists.orders`)."""

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

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("site_id", String(64), nullable=False),
    Column("gate_id", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("worker_id", String(64), nullable=False, index=True),
    Column("consent_ref", String(120), nullable=False),
    Column("captured_utc", UtcTime, nullable=False),
    Column("received_utc", UtcTime, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("record", LargeBinary),
    Column("decided_utc", UtcTime),
    Column("decided_by", String(80)),
    Column("why", String(500)),
)
"""Enrolments made at gates, and what became of each (`hq.registry.approvals`). `digest`: of the record inside, so that
none counts twice. `record`: encrypted, removed once it is decided."""

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("utc", UtcTime, nullable=False),
)
"""When each worker last withdrew the consent. Earlier enrolments do not count any more."""

pending = Table(
    "pending",
    metadata,
    Column("what", String(64), primary_key=True),
    Column("asked", Integer, nullable=False),
)
"""Tasks that processes leave for the one that publishes, and how often each was requested (`hq.database.tasks`)."""

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

forgotten = Table(
    "forgotten",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("worker_id", String(64), nullable=False, index=True),
    Column("why", String(32), nullable=False),
    Column("by_whom", String(64), nullable=False, server_default=""),
    Column("utc", UtcTime, nullable=False),
)
"""Whose templates were destroyed, when and why (`hq.database.removed_templates`). Earlier rosters hold them."""

snapshots = Table(
    "list_snapshots",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("list_version", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("covers", BigId, nullable=False),
    Column("issued_utc", UtcTime, nullable=False),
)
"""Every roster that was published whole. `covers`: none of the `forgotten` up to this id is in it."""

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
