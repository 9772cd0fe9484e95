"""The facts that `hq.reports.gaps` judges, from the database."""

import json
from typing import Any

from sqlalchemy import Connection, func, select

from contract.messages import GateStatus, Health
from hq.database import tables as t
from hq.database.journals import JournalKey
from hq.database.store import Store
from hq.ingest import forks
from hq.reports.gaps import GateFacts, JournalFacts

_FIRST = 10
"""A journal that follows a damaged one says so among its first events."""


def journals(store: Store) -> list[JournalFacts]:
    """Of every journal ever heard of. Counts the events: some seconds for ten million."""
    mine = (t.events.c.gate_id, t.events.c.epoch)
    aside = (t.quarantine.c.gate_id, t.quarantine.c.epoch)
    bad = func.count(func.distinct(t.quarantine.c.seq))
    with store.read() as db:
        held = {(gate, epoch): n for gate, epoch, n in db.execute(select(*mine, func.count()).group_by(*mine))}
        wrong = {
            (gate, epoch): n
            for gate, epoch, n in db.execute(select(*aside, bad).where(t.quarantine.c.seq > 0).group_by(*aside))
        }
        return [
            _facts(db, row, held.get((row.gate_id, row.epoch), 0), wrong.get((row.gate_id, row.epoch), 0))
            for row in db.execute(select(t.watermarks)).all()
        ]


def gates(store: Store) -> list[GateFacts]:
    """Of every gate that ever reported."""
    with store.read() as db:
        return [
            GateFacts(
                row.site_id,
                row.gate_id,
                GateStatus.model_validate_json(row.status) if row.status else None,
                Health.model_validate_json(row.health) if row.health else None,
                row.health_utc,
            )
            for row in db.execute(select(t.gates).order_by(t.gates.c.gate_id))
        ]


def _facts(db: Connection, mark: Any, held: int, quarantined: int) -> JournalFacts:
    asked = select(t.events.c.id, t.events.c.reason, t.events.c.body).where(
        t.events.c.gate_id == mark.gate_id, t.events.c.epoch == mark.epoch
    )
    first = db.execute(asked.order_by(t.events.c.seq).limit(_FIRST)).all()
    key = JournalKey(mark.site_id, mark.gate_id, mark.epoch)
    last = db.execute(asked.order_by(t.events.c.seq.desc()).limit(1)).first()
    return JournalFacts(
        site_id=mark.site_id,
        gate_id=mark.gate_id,
        epoch=mark.epoch,
        begun=first[0].id if first else 0,
        acknowledged=mark.seq,
        held=held,
        quarantined=quarantined,
        first_codes=tuple(row.reason for row in first),
        last_code=last.reason if last else "",
        clock_trusted=last is None or _trusted(last.body),
        moved_utc=mark.updated_utc,
        base=forks.base(db, key)[0],
        parting=forks.parting(db, key),
    )


def _trusted(body: str) -> bool:
    """What an event says of its clock, also one that is otherwise unreadable."""
    try:
        return bool(json.loads(body).get("clock_trusted", False))
    except (ValueError, AttributeError, RecursionError):
        return False
