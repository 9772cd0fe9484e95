"""Read the facts that `hq.reports.gaps` judges."""

import json
from typing import Any

from sqlalchemy import Connection, Row

from hq.database.events import chain_base, counts_by_journal, first_and_last
from hq.database.gate_reports import gate_reports
from hq.database.journals import all_journals
from hq.database.quarantine import quarantined_events
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.reports.branches import branch_reason
from hq.reports.gaps import GateFacts, JournalFacts

_FIRST = 10
"""A journal that follows a damaged one says so among its first events."""


def journals(store: Store) -> list[JournalFacts]:
    """Read the facts of every journal. Counts the events: some seconds for ten million."""
    with store.read() as db:
        held, wrong = counts_by_journal(db), quarantined_events(db)
        rows = all_journals(db)
        return [
            _facts(db, row, held.get((row.gate_id, row.epoch), 0), wrong.get((row.gate_id, row.epoch), 0))
            for row in rows
        ]


def gates(store: Store) -> list[GateFacts]:
    """Read the facts of every gate that ever reported, by gate."""
    with store.read() as db:
        reports = sorted(gate_reports(db), key=lambda report: report.gate_id)
    return [GateFacts(r.site_id, r.gate_id, r.status, r.health, r.health_utc) for r in reports]


def _facts(db: Connection, mark: Row[Any], held: int, quarantined: int) -> JournalFacts:
    key = JournalKey(mark.site_id, mark.gate_id, mark.epoch)
    first, last = first_and_last(db, key, _FIRST)
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
        base=chain_base(db, key)[0],
        parting=branch_reason(db, key),
    )


def _trusted(body: str) -> bool:
    """Return what an event says of its clock, also one that is otherwise unreadable."""
    try:
        return bool(json.loads(body).get("clock_trusted", False))
    except (ValueError, AttributeError, RecursionError):
        return False
