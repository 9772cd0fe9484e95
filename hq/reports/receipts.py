"""Find the gates that provably hold a destroyed template no more, and those that may still hold it.

A gate reports which snapshots of the roster are in its files and in its memory, by version and digest. HQ keeps the
digest of every snapshot, and whose templates were destroyed by then. A version alone proves nothing: changes raise it
and leave the snapshot as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from hq.database.gate_reports import gate_reports
from hq.database.removed_templates import covered_removals, removals
from hq.database.roster_reports import RosterReport, roster_reports
from hq.database.store import Store
from hq.registry.gates import registrations
from hq.reports.registration_states import heard


class TemplatePlace(StrEnum):
    """Where a gate may still hold the template."""

    NOWHERE = "gone"
    """Neither in the gate's files nor in its memory."""
    MEMORY = "in memory"
    """Not in the files. The gate process has not loaded the new roster, or is silent."""
    FILES = "in files"
    """The snapshot there is from before."""
    UNKNOWN = "not proven"
    """The gate reports nothing, names a snapshot that HQ never published, or does not sign what it reports."""


@dataclass(frozen=True, slots=True)
class KnownGate:
    """A gate as HQ knows it. `since_utc`: of its present state, online or not. `known`: it is registered.

    `keys_utc`: since when its present keys count. Another card sent earlier reports.
    """

    site_id: str
    gate_id: str
    online: bool = False
    since_utc: datetime | None = None
    keys_utc: datetime | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state of one worker's templates at one gate. `proven_utc`: since when HQ knows that they are gone there."""

    worker_id: str
    why: str
    forgotten_utc: datetime
    site_id: str
    gate_id: str
    held: TemplatePlace
    detail: str
    proven_utc: datetime | None
    online: bool
    since_utc: datetime | None
    signed: bool
    sealed_enrolments: int


def receipts(store: Store, worker_id: str | None = None) -> list[Receipt]:
    """Judge every destroyed template of this worker, or of all, newest first, at every gate of every site."""
    with store.read() as db:
        covers = covered_removals(db)
        reports: dict[str, list[RosterReport]] = {}
        for report in roster_reports(db):
            reports.setdefault(report.gate_id, []).append(report)
        gates = _gates(db)
        return [
            judge(gone, gate, reports.get(gate.gate_id, ()), covers)
            for gone in removals(db, worker_id)
            for gate in gates
        ]


def judge(
    gone: Any, gate: KnownGate, reports: Sequence[RosterReport], covers: Mapping[tuple[str, int, str], int]
) -> Receipt:
    """Make the receipt of one gate for one removal.

    `reports`: oldest first. `covers`: by site, version and digest. Pure.
    """
    reports = [one for one in reports if gate.keys_utc is None or one.utc >= gate.keys_utc]
    nothing = TemplatePlace.UNKNOWN, "the gate does not report which roster it has: is its software older than 0.2?"
    held, detail = _where(gone, gate, reports[-1], covers) if reports else nothing
    if held is not TemplatePlace.NOWHERE and not gate.known:
        detail += "; it is not registered (sitegate-hq gate): what it reports does not count"
    proven = None
    for one in reports:
        gone_there = _where(gone, gate, one, covers)[0] is TemplatePlace.NOWHERE
        proven = (proven or one.utc) if gone_there else None  # an old card that was put back ends it
    return Receipt(
        worker_id=gone.worker_id,
        why=gone.why,
        forgotten_utc=gone.utc,
        site_id=gate.site_id,
        gate_id=gate.gate_id,
        held=held,
        detail=detail,
        proven_utc=proven,
        online=gate.online,
        since_utc=gate.since_utc,
        signed=bool(reports) and reports[-1].signed,
        sealed_enrolments=reports[-1].sealed if reports else 0,
    )


def _where(
    gone: Any, gate: KnownGate, report: RosterReport, covers: Mapping[tuple[str, int, str], int]
) -> tuple[TemplatePlace, str]:
    """Say where the templates were when a gate sent this report, and why."""
    for base, place in ((report.kept, TemplatePlace.FILES), (report.used, TemplatePlace.MEMORY)):
        if base is None:
            return place, "the gate process is silent: it may still have the roster from before"
        covered = covers.get((gate.site_id, base.list_version, base.digest))
        if covered is None:
            why = f"it names a roster that HQ never published whole: version {base.list_version}"
            return TemplatePlace.UNKNOWN, why
        if covered < gone.id:
            return place, f"it has the whole roster of version {base.list_version}, from before"
    if not report.signed:
        return TemplatePlace.UNKNOWN, "anybody may have reported that: register the gate (sitegate-hq gate)"
    why = f"the whole roster of version {report.kept.list_version}, without the worker's templates"
    return TemplatePlace.NOWHERE, why


def _gates(db: Connection) -> list[KnownGate]:
    """List gates that ever reported, are registered, or were turned away: each may have the roster from the broker."""
    found = {gate_id: KnownGate(site_id, gate_id) for gate_id, (site_id, _) in heard(db).items()}
    for report in gate_reports(db, retired=True):
        found[report.gate_id] = KnownGate(report.site_id, report.gate_id, report.online, report.status_utc)
    for known in registrations(db):
        gate = found.get(known.gate_id, KnownGate(known.site_id, known.gate_id))
        in_force = known.revoked_utc is None
        found[known.gate_id] = replace(gate, keys_utc=known.since_utc if in_force else gate.keys_utc, known=in_force)
    return sorted(found.values(), key=lambda gate: (gate.site_id, gate.gate_id))


def summary(found: Iterable[Receipt]) -> str:
    """Sum the receipts up in one sentence."""
    rows = list(found)
    proven = sum(row.held is TemplatePlace.NOWHERE for row in rows)
    away = sorted({row.gate_id for row in rows if row.held is not TemplatePlace.NOWHERE})
    rest = f"; still to come: {', '.join(away)}" if away else ""
    return f"{proven} of {len(rows)} receipts{rest}"
