"""Encrypt what the database holds of people. Templates sealed with HQ's own key are opened for that."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contract.signing import ENROLMENT, BadSeal, unseal
from hq.database.errors import StoreError
from hq.keys.encryption import Cipher
from hq.keys.keys import HqKeys

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WORKERS = (
    sa.Column("worker_id", sa.String(length=64), primary_key=True),
    sa.Column("record", sa.LargeBinary(), nullable=False),
    sa.Column("updated_utc", sa.DateTime(), nullable=False),
)
_COMMANDS = (
    sa.Column("command_id", sa.String(length=64), primary_key=True),
    sa.Column("site_id", sa.String(length=64), nullable=False),
    sa.Column("gate_id", sa.String(length=64), nullable=False),
    sa.Column("envelope", sa.LargeBinary(), nullable=False),
    sa.Column("expires_utc", sa.DateTime(), nullable=False),
    sa.Column("sent_utc", sa.DateTime()),
)


def upgrade() -> None:
    workers = _rows("SELECT worker_id, record, updated_utc FROM workers", updated_utc=sa.DateTime())
    times = {"expires_utc": sa.DateTime(), "sent_utc": sa.DateTime()}
    commands = _rows("SELECT command_id, site_id, gate_id, envelope, expires_utc, sent_utc FROM commands", **times)
    risks = _rows("SELECT worker_id, list_name FROM risk_entries ORDER BY worker_id, list_name")
    keys = _keys(needed=bool(workers or commands or risks or _count("templates")))
    op.drop_table("workers")
    op.drop_table("commands")
    op.drop_table("risk_entries")
    new_workers, new_commands = op.create_table("workers", *_WORKERS), op.create_table("commands", *_COMMANDS)
    new_risks = op.create_table(
        "risk_list",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    if keys is None:
        return
    cipher = keys.at_rest.current()
    for row in workers:
        row["record"] = cipher.encrypt(row["record"].encode(), f"workers/{row['worker_id']}")
    for row in commands:
        row["envelope"] = cipher.encrypt(bytes(row["envelope"]), f"commands/{row['command_id']}")
    op.bulk_insert(new_workers, workers)
    op.bulk_insert(new_commands, commands)
    if risks:
        body = cipher.encrypt(json.dumps(risks).encode(), "risk_list/1")
        op.bulk_insert(new_risks, [{"id": 1, "body": body}])
    _encrypt_templates(keys, cipher)


def _encrypt_templates(keys: HqKeys, cipher: Cipher) -> None:
    db = op.get_bind()
    for row in _rows("SELECT digest, sealed_record FROM templates"):
        try:
            plain = unseal(bytes(row["sealed_record"]), ENROLMENT, keys.opening)
        except BadSeal as error:
            raise StoreError(
                "hq-sealing.key.pem is not the key that this database was made with: put that back"
            ) from error
        values = {"digest": row["digest"], "value": cipher.encrypt(plain, f"templates/{row['digest']}")}
        db.execute(sa.text("UPDATE templates SET sealed_record = :value WHERE digest = :digest"), values)


def _keys(*, needed: bool) -> HqKeys | None:
    keys = context.config.attributes.get("keys")
    if keys is None and needed:
        raise StoreError(
            "the database must be encrypted once, which needs HQ's keys: sitegate-hq gates, in HQ's folder"
        )
    return keys if needed else None


def _rows(asked: str, **types: Any) -> list[dict[str, Any]]:
    found = op.get_bind().execute(sa.text(asked).columns(**types) if types else sa.text(asked))
    return [dict(row._mapping) for row in found]


def _count(table: str) -> int:
    return int(op.get_bind().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())
