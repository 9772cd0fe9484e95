"""Give each site its own people: who works where, risk entries as rows, and marks of lists that changed.

Every roster and risk list published before holds the people of all sites. So all are marked, and published whole.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from alembic import context, op

from hq.database.errors import StoreError
from hq.database.risk_entries import add_entry, risk_index
from hq.keys.encryption import AtRestError, Cipher, KeyMissing
from hq.keys.keys import HqKeys

revision = "0012"
down_revision = "0014"
branch_labels = None
depends_on = None

log = structlog.get_logger()
_PAGE = 1_000


def upgrade() -> None:
    _tables()
    db = op.get_bind()
    if db.execute(sa.text("SELECT 1 FROM workers LIMIT 1")).first():
        _assign(db, _cipher())
    body = db.execute(sa.text("SELECT body FROM risk_list")).scalar()
    if body is not None:
        _list_risks(db, _cipher(), bytes(body))
    op.drop_table("risk_list")
    db.execute(sa.text("DELETE FROM pending WHERE what = 'roster'"))
    old = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    bases = sa.table("list_bases", sa.column("kind", sa.String), sa.column("left_utc", sa.DateTime()))
    db.execute(sa.update(bases).where(bases.c.kind.in_(("roster", "risk"))).values(left_utc=old))
    db.execute(
        sa.text(
            "INSERT INTO dirty_lists (site_id, kind, marks) "
            "SELECT DISTINCT site_id, kind, 1 FROM list_versions WHERE kind IN ('roster', 'risk')"
        )
    )


def _tables() -> None:
    text, blob, utc = sa.String, sa.LargeBinary(), sa.DateTime()
    op.add_column("list_bases", sa.Column("left_utc", utc))
    op.create_table(
        "assignments",
        sa.Column("site_id", text(64), primary_key=True),
        sa.Column("worker_id", text(64), primary_key=True, index=True),
    )
    op.create_table(
        "risk_entries",
        sa.Column("id", text(32), primary_key=True),
        sa.Column("worker_index", text(32), nullable=False, index=True),
        sa.Column("entry_index", text(32), nullable=False),
        sa.Column("list_index", text(32), nullable=False, index=True),
        sa.Column("valid_until_utc", utc, index=True),
        sa.Column("lifted_utc", utc, index=True),
        sa.Column("body", blob, nullable=False),
    )
    present = sa.text("lifted_utc IS NULL")
    op.create_index(
        "one_risk_entry",
        "risk_entries",
        ["entry_index"],
        unique=True,
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_table(
        "index_keys", sa.Column("name", text(40), primary_key=True), sa.Column("value", blob, nullable=False)
    )
    op.create_table(
        "dirty_lists",
        sa.Column("site_id", text(64), primary_key=True),
        sa.Column("kind", text(16), primary_key=True),
        sa.Column("marks", sa.BigInteger(), nullable=False),
    )


def _assign(db: sa.Connection, cipher: Cipher) -> None:
    table = sa.table("assignments", sa.column("site_id"), sa.column("worker_id"))
    for page in _worker_pages(db):
        rows = [{"site_id": site_id, "worker_id": row.worker_id} for row in page for site_id in _sites_of(cipher, row)]
        op.bulk_insert(table, rows)


def _worker_pages(db: sa.Connection) -> Iterator[list[Any]]:
    after = ""
    asked = "SELECT worker_id, record FROM workers WHERE worker_id > :after ORDER BY worker_id LIMIT :page"
    while page := list(db.execute(sa.text(asked), {"after": after, "page": _PAGE})):
        yield page
        after = page[-1].worker_id


def _sites_of(cipher: Cipher, row: Any) -> list[str]:
    try:
        plain = cipher.decrypt(bytes(row.record), f"workers/{row.worker_id}")
    except KeyMissing:
        raise
    except AtRestError as error:  # one damaged row is on no list until it is imported again
        log.error("worker_not_assigned", detail=str(error))
        return []
    return sorted(set(json.loads(plain).get("sites", ())))


def _list_risks(db: sa.Connection, cipher: Cipher, body: bytes) -> None:
    index, utc = risk_index(db, cipher), datetime.now(UTC).isoformat()
    for entry in json.loads(cipher.decrypt(body, "risk_list/1")):
        stored = json.dumps({**entry, "added_by": "", "added_utc": utc}).encode()
        add_entry(db, cipher, index, entry["worker_id"], entry["list_name"], stored, None)


def _cipher() -> Cipher:
    keys: HqKeys | None = context.config.attributes.get("keys")
    if keys is None:
        raise StoreError("the workers must be read once, which needs HQ's keys: sitegate-hq gates, in HQ's folder")
    return keys.at_rest.current()
