"""Record removed templates and the rosters that may hold them. Remove sealed templates from the events."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contract.chain import link
from contract.erasure import scrubbed
from contract.messages import EventRecord
from hq.database.erasure import add_proofs
from hq.database.errors import StoreError
from hq.database.values import JournalKey, stored_form

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    db = op.get_bind()
    _create_tables()
    _erase_events(db)
    for row in db.execute(sa.text("SELECT id, payload FROM quarantine")).all():
        payload = scrubbed(bytes(row.payload))
        if payload != bytes(row.payload):
            db.execute(
                sa.text("UPDATE quarantine SET payload = :payload WHERE id = :id"), {"payload": payload, "id": row.id}
            )


def _create_tables() -> None:
    op.create_table(
        "erased_events",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("gate_id", sa.String(64), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("gate_id", "epoch", "seq"),
    )
    op.create_table(
        "forgotten",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("worker_id", sa.String(64), nullable=False, index=True),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("by_whom", sa.String(64), nullable=False, server_default=""),
        sa.Column("utc", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "list_snapshots",
        sa.Column("site_id", sa.String(64), primary_key=True),
        sa.Column("list_version", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("covers", _ID, nullable=False),
        sa.Column("issued_utc", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "gate_lists",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("gate_id", sa.String(64), nullable=False, index=True),
        sa.Column("told_utc", sa.DateTime(), nullable=False),
        sa.Column("kept_version", sa.BigInteger(), nullable=False),
        sa.Column("kept_digest", sa.String(64), nullable=False),
        sa.Column("used_version", sa.BigInteger(), nullable=False),
        sa.Column("used_digest", sa.String(64), nullable=False),
        sa.Column("sealed", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
    )


def _erase_events(db: sa.Connection) -> None:
    asked = "SELECT id, site_id, gate_id, epoch, seq, prev_hash, hash, body FROM events WHERE type = 'enrolment'"
    for row in db.execute(sa.text(asked)).all():
        record = EventRecord.model_construct(
            seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body, erased=None
        )
        kept = stored_form(record, believed=link(row.prev_hash, row.body) == row.hash)
        if kept.body != row.body:
            db.execute(sa.text("UPDATE events SET body = :body WHERE id = :id"), {"body": kept.body, "id": row.id})
        if kept.erased is not None:
            add_proofs(db, [(JournalKey(row.site_id, row.gate_id, row.epoch), kept)], _cipher())


def _cipher() -> Any:
    keys = context.config.attributes.get("keys")
    if keys is None:
        raise StoreError("the database must be changed once, which needs HQ's keys: sitegate-hq gates, in HQ's folder")
    return keys.at_rest.current()
