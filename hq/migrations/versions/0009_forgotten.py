"""Whose templates are gone, and where rosters may still hold them; enrolments among the events lose what is sealed in them."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contract.chain import link
from contract.erasure import scrubbed
from contract.messages import EventRecord
from hq import erasure
from hq import tables as t
from hq.journals import JournalKey
from hq.store import StoreError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = (t.erased_events, t.forgotten, t.snapshots, t.gate_lists)


def upgrade() -> None:
    db = op.get_bind()
    t.metadata.create_all(db, tables=_TABLES)
    _erase_events(db)
    for row in db.execute(sa.text("SELECT id, payload FROM quarantine")).all():
        payload = scrubbed(bytes(row.payload))
        if payload != bytes(row.payload):
            db.execute(
                sa.text("UPDATE quarantine SET payload = :payload WHERE id = :id"), {"payload": payload, "id": row.id}
            )


def _erase_events(db: sa.Connection) -> None:
    asked = "SELECT id, site_id, gate_id, epoch, seq, prev_hash, hash, body FROM events WHERE type = 'enrolment'"
    for row in db.execute(sa.text(asked)).all():
        record = EventRecord.model_construct(
            seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body, erased=None
        )
        kept = erasure.stored(record, believed=link(row.prev_hash, row.body) == row.hash)
        if kept.body != row.body:
            db.execute(sa.text("UPDATE events SET body = :body WHERE id = :id"), {"body": kept.body, "id": row.id})
        if kept.erased is not None:
            erasure.add(db, [erasure.row_of(JournalKey(row.site_id, row.gate_id, row.epoch), kept, _cipher())])


def _cipher() -> Any:
    keys = context.config.attributes.get("keys")
    if keys is None:
        raise StoreError("the database must be changed once, which needs HQ's keys: sitegate-hq gates, in HQ's folder")
    return keys.at_rest.current()
