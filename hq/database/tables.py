"""HQ's tables, for SQLAlchemy Core. Times are UTC."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
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
from sqlalchemy.types import TypeDecorator

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A time that comes back with its zone also from SQLite, which knows none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts rows only in an INTEGER, which is large enough there."""

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
"""Everything gates recorded. `reason`: of a decision; outcome of a passage; code of a notice. `corrected_utc`: where the
clock that gave `utc` was wrong and set right later (`hq.ingest.corrected_times`)."""

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
"""Up to where each journal is held: what acknowledgements say."""

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
"""What HQ could not take as it came: kept for a person to look at, never in the way of the rest. `told_utc`: when the gate
was told, or that it is not to be told."""

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
"""One row, number 1: all entries as one JSON list, encrypted (`hq.keys.encryption`); being on a list at all is nobody's business."""

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
"""What the broker is to keep on each part's topic: of the newest version, as signed; nothing (NULL) where an earlier
version had more parts."""

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
"""The newest snapshot of each list: what binds its parts, how large they are in all, and a fingerprint of the keys they were
made with. `delta`: the changes in force since then, as signed, and their version (0 and NULL: none)."""

list_rows = Table(
    "list_rows",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("worker_id", String(64), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
)
"""What that snapshot said of each worker, as a keyed fingerprint (`hq.registry.people`): enough to tell who changed since."""

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
"""`envelope`: the signed order, encrypted (`hq.keys.encryption`): who gave it and why. `sent_utc`: when it was tried; `outcome`: how
(`hq.lists.orders`)."""

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
    Index(
        "one_registration",
        "gate_id",
        unique=True,
        sqlite_where=text("revoked_utc IS NULL"),
        postgresql_where=text("revoked_utc IS NULL"),
    ),
)
"""The keys of each gate (`hq.registry.gates`). At most one row per gate is not revoked; the others say who it was before."""

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
"""Gates that may register: with a one-time code (`code_key`: what the code stands for, encrypted), or with the keys that have
this fingerprint."""

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
"""Enrolments made at gates, and what became of each (`hq.registry.approvals`). `digest`: of the record inside, so none counts twice;
`record`: encrypted, gone once it is decided."""

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("utc", UtcTime, nullable=False),
)
"""When each worker last withdrew the consent: no enrolment of before counts any more."""

pending = Table(
    "pending",
    metadata,
    Column("what", String(64), primary_key=True),
    Column("asked", Integer, nullable=False),
)
"""What a worker that only takes events leaves for the process that publishes, and how often it was asked for."""

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
"""Events in whose body nothing sealed stands any more (`hq.ingest.erasure`). `proof`: that HQ erased it, encrypted (`hq.keys.encryption`): the
hash of such an event cannot be computed again, and nobody else may claim that it was erased."""

forgotten = Table(
    "forgotten",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("worker_id", String(64), nullable=False, index=True),
    Column("why", String(32), nullable=False),
    Column("by_whom", String(64), nullable=False, server_default=""),
    Column("utc", UtcTime, nullable=False),
)
"""Whose templates were destroyed here, when and why: rosters from before still hold them (`hq.lists.forgotten`)."""

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
"""What a gate told of its rosters, a row whenever it was something new: the snapshot in its files, the one in its memory, and how
many sealed enrolments it still holds."""
