"""Read the facts that `hq.reports.gaps` judges."""

import json
from typing import Any

from sqlalchemy import Connection, Row

from hq.database.events import chain_base, counts_by_journal, first_and_last
from hq.database.gate_reports import GateReport, gate_reports
from hq.database.journal_starts import FIRST, journal_start
from hq.database.journals import all_journals
from hq.database.quarantine import quarantined_events
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.database.watched_events import GateNotices, gate_notices
from hq.reports.branches import branch_reason
from hq.reports.gaps import GateFacts, JournalFacts


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
        reports, notices = sorted(gate_reports(db), key=lambda report: report.gate_id), gate_notices(db)
    return [_gate_facts(report, notices.get(report.gate_id, GateNotices())) for report in reports]


def _gate_facts(report: GateReport, notices: GateNotices) -> GateFacts:
    held = report.status, report.health, report.health_utc
    return GateFacts(report.site_id, report.gate_id, *held, losses=notices.losses, lost_utc=notices.lost_utc)


def _facts(db: Connection, mark: Row[Any], held: int, quarantined: int) -> JournalFacts:
    key = JournalKey(mark.site_id, mark.gate_id, mark.epoch)
    first, last = first_and_last(db, key, FIRST)
    start = journal_start(db, key.journal)  # what was removed by age was read before
    return JournalFacts(
        site_id=mark.site_id,
        gate_id=mark.gate_id,
        epoch=mark.epoch,
        begun=start.begun if start else first[0].id if first else 0,
        acknowledged=mark.seq,
        held=held,
        quarantined=quarantined,
        first_codes=start.first_codes if start else tuple(row.reason for row in first),
        last_code=last.reason if last else "",
        clock_trusted=last is None or bool(_field(last.body, "clock_trusted")),
        moved_utc=mark.updated_utc,
        base=chain_base(db, key)[0],
        parting=branch_reason(db, key),
        last_boot=str(_field(last.body, "boot_id") or "") if last else "",
    )


def _field(body: str, name: str) -> Any:
    """Return a field of an event, also of one that is otherwise unreadable; None if there is none."""
    try:
        return json.loads(body).get(name)
    except (ValueError, AttributeError, RecursionError):
        return None
