"""Gates are registered with their keys; enrolments made at gates wait for approval; orders say what became of them.

Who withdrew a consent before is told from the enrolments in the events: a worker without a consent who was once enrolled.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contract.messages import WorkerRecord
from hq import tables as t
from hq.keys import HqKeys
from hq.store import StoreError, now

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("outcome", sa.String(length=500), nullable=False, server_default=""))
    db = op.get_bind()
    for table in (t.registrations, t.invitations, t.enrolments, t.withdrawals):
        table.create(db)
    enrolled = {row[0] for row in db.execute(sa.text("SELECT DISTINCT worker_id FROM events WHERE type = 'enrolment'"))}
    rows = [row for row in db.execute(sa.text("SELECT worker_id, record FROM workers")) if row.worker_id in enrolled]
    withdrawn = [row.worker_id for row in rows if _record(row).consent_ref is None]
    if withdrawn:
        op.bulk_insert(t.withdrawals, [{"worker_id": name, "utc": now()} for name in withdrawn])


def _record(row: Any) -> WorkerRecord:
    keys: HqKeys | None = context.config.attributes.get("keys")
    if keys is None:
        raise StoreError("the workers must be read once, which needs HQ's keys: sitegate-hq gates, in HQ's folder")
    plain = keys.at_rest.current().decrypt(bytes(row.record), f"workers/{row.worker_id}")
    return WorkerRecord.model_validate(json.loads(plain))
