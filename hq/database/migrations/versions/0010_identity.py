"""Add the registry of gates, enrolments that wait for approval, withdrawals, and outcomes of commands.

Earlier withdrawals follow from the events: a worker without a consent who was once enrolled withdrew it.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contract.messages import WorkerRecord
from hq.database.clock import now
from hq.database.errors import StoreError
from hq.keys.keys import HqKeys

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("outcome", sa.String(length=500), nullable=False, server_default=""))
    db = op.get_bind()
    _tables()
    enrolled = {row[0] for row in db.execute(sa.text("SELECT DISTINCT worker_id FROM events WHERE type = 'enrolment'"))}
    rows = [row for row in db.execute(sa.text("SELECT worker_id, record FROM workers")) if row.worker_id in enrolled]
    withdrawn = [row.worker_id for row in rows if _record(row).consent_ref is None]
    if withdrawn:
        table = sa.table("withdrawals", sa.column("worker_id"), sa.column("utc", sa.DateTime()))
        op.bulk_insert(table, [{"worker_id": name, "utc": now().replace(tzinfo=None)} for name in withdrawn])


def _tables() -> None:
    text, blob, utc = sa.String, sa.LargeBinary(), sa.DateTime()
    op.create_table(
        "registrations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("gate_id", text(64), nullable=False),
        sa.Column("site_id", text(64), nullable=False),
        sa.Column("gate_key", blob, nullable=False),
        sa.Column("link_key", blob, nullable=False),
        sa.Column("since_utc", utc, nullable=False),
        sa.Column("added_by", text(80), nullable=False),
        sa.Column("how", text(40), nullable=False),
        sa.Column("revoked_utc", utc),
        sa.Column("revoked_by", text(80)),
        sa.Column("why", text(500)),
    )
    present = sa.text("revoked_utc IS NULL")
    op.create_index(
        "one_registration", "registrations", ["gate_id"], unique=True, sqlite_where=present, postgresql_where=present
    )
    op.create_table(
        "invitations",
        sa.Column("gate_id", text(64), primary_key=True),
        sa.Column("site_id", text(64), nullable=False),
        sa.Column("code_key", blob),
        sa.Column("fingerprint", text(32)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("invited_by", text(80), nullable=False),
        sa.Column("expires_utc", utc, nullable=False),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("digest", text(64), nullable=False, unique=True),
        sa.Column("site_id", text(64), nullable=False),
        sa.Column("gate_id", text(64), nullable=False),
        sa.Column("epoch", text(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", text(64), nullable=False, index=True),
        sa.Column("consent_ref", text(120), nullable=False),
        sa.Column("captured_utc", utc, nullable=False),
        sa.Column("received_utc", utc, nullable=False),
        sa.Column("state", text(16), nullable=False, index=True),
        sa.Column("record", blob),
        sa.Column("decided_utc", utc),
        sa.Column("decided_by", text(80)),
        sa.Column("why", text(500)),
    )
    op.create_table(
        "withdrawals",
        sa.Column("worker_id", text(64), primary_key=True),
        sa.Column("utc", utc, nullable=False),
    )


def _record(row: Any) -> WorkerRecord:
    keys: HqKeys | None = context.config.attributes.get("keys")
    if keys is None:
        raise StoreError("the workers must be read once, which needs HQ's keys: sitegate-hq gates, in HQ's folder")
    plain = keys.at_rest.current().decrypt(bytes(row.record), f"workers/{row.worker_id}")
    return WorkerRecord.model_validate(json.loads(plain))
