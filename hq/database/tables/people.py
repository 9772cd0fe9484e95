"""Workers, templates, risk list, policies, enrolments."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text, text

from hq.database.column_types import BigId, UtcTime
from hq.database.tables.metadata import metadata

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

assignments = Table(
    "assignments",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("worker_id", String(64), primary_key=True, index=True),
)
"""Who works where: the `sites` of each worker's record, readable, so that a site's people are found without decrypting
everybody."""

risk_entries = Table(
    "risk_entries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("worker_index", String(32), nullable=False, index=True),
    Column("entry_index", String(32), nullable=False),
    Column("list_index", String(32), nullable=False, index=True),
    Column("valid_until_utc", UtcTime, index=True),
    Column("lifted_utc", UtcTime, index=True),
    Column("body", LargeBinary, nullable=False),
)
"""Entries of the risk lists, and for some time those that were lifted. `body`: `hq.registry.risk_record`, encrypted.
The indexes are keyed hashes of worker, list, and both (`hq.database.risk_entries`): the file shows nobody's id."""
Index(
    "one_risk_entry",
    risk_entries.c.entry_index,
    unique=True,
    sqlite_where=text("lifted_utc IS NULL"),
    postgresql_where=text("lifted_utc IS NULL"),
)

index_keys = Table(
    "index_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Keys of keyed hashes, encrypted. They stay the same when the at-rest key changes."""

policies = Table(
    "policies",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)

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

directory_entries = Table(
    "directory_entries",
    metadata,
    Column("worker_id", String(64), primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
)
"""`record`: DirectoryEntry without employer and trade, as JSON, encrypted (`hq.registry.directory`)."""

people_changes = Table(
    "people_changes",
    metadata,
    Column("change_id", String(32), primary_key=True),
    Column("worker_id", String(64), nullable=False, index=True),
    Column("what", String(32), nullable=False),
    Column("utc", UtcTime, nullable=False),
    Column("by_whom", String(80), nullable=False),
    Column("why", LargeBinary),
)
"""What people at HQ did with a worker (`hq.database.people_changes`). `why`: encrypted."""
