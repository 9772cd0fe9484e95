"""Which gates provably hold a template no more that was destroyed at HQ, and which may still hold it.

A gate tells which whole roster lies in its files and which one is in its memory, by version and digest. HQ remembers the digest
of every roster that it published whole, and who was gone by then. A version alone proves nothing: changes raise it, and
leave the roster they count from where it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from contract.messages import GateStatus
from hq.database import tables as t
from hq.database.store import Store
from hq.lists.held_at_gates import RosterReport, rows
from hq.registry.gates import every
from hq.reports.registration_states import heard


class TemplatePlace(StrEnum):
    """Where the template may still be."""

    NOWHERE = "gone"
    """Neither in the gate's files nor in its memory."""
    MEMORY = "in memory"
    """Out of the files; the gate process has not taken up the new roster, or is silent."""
    FILES = "in files"
    """Behind: the whole roster there is from before."""
    UNKNOWN = "not proven"
    """The gate tells nothing, names a roster that HQ never published, or does not sign what it tells."""


@dataclass(frozen=True, slots=True)
class KnownGate:
    """A gate as HQ knows it. `since_utc`: of its present state, online or not. `keys_utc`: since when its present keys count; what was
    told before was told by another card. `known`: it is registered."""

    site_id: str
    gate_id: str
    online: bool = False
    since_utc: datetime | None = None
    keys_utc: datetime | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of one worker's templates and one gate. `proven_utc`: since when HQ knows that they are gone there."""

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
    """Of every destroyed template of this worker, or of all, newest first, and every gate of every site."""
    with store.read() as db:
        wanted = select(t.forgotten).order_by(t.forgotten.c.id.desc())
        if worker_id is not None:
            wanted = wanted.where(t.forgotten.c.worker_id == worker_id)
        covers = {(r.site_id, r.list_version, r.digest): r.covers for r in db.execute(select(t.snapshots))}
        told: dict[str, list[RosterReport]] = {}
        for row in rows(db):
            told.setdefault(row.gate_id, []).append(row)
        gates = _gates(db)
        return [
            judge(row, gate, told.get(gate.gate_id, ()), covers) for row in db.execute(wanted).all() for gate in gates
        ]


def judge(
    gone: Any, gate: KnownGate, told: Sequence[RosterReport], covers: Mapping[tuple[str, int, str], int]
) -> Receipt:
    """The receipt of one gate for one row of the forgotten. `told`: oldest first; `covers`: by site, version and digest. Pure."""

    def where(one: RosterReport) -> tuple[TemplatePlace, str]:
        for base, place in ((one.kept, TemplatePlace.FILES), (one.used, TemplatePlace.MEMORY)):
            if base is None:
                return place, "the gate process is silent: it may still have the roster from before"
            covered = covers.get((gate.site_id, base.list_version, base.digest))
            if covered is None:
                return (
                    TemplatePlace.UNKNOWN,
                    f"it names a roster that HQ never published whole: version {base.list_version}",
                )
            if covered < gone.id:
                return place, f"it has the whole roster of version {base.list_version}, from before"
        if not one.signed:
            return TemplatePlace.UNKNOWN, "anybody may have told that: register the gate (sitegate-hq gate)"
        return (
            TemplatePlace.NOWHERE,
            f"the whole roster of version {one.kept.list_version}, without the worker's templates",
        )

    told = [one for one in told if gate.keys_utc is None or one.utc >= gate.keys_utc]
    nothing = TemplatePlace.UNKNOWN, "the gate does not tell which roster it has: is its software older than 0.2?"
    held, detail = where(told[-1]) if told else nothing
    if held is not TemplatePlace.NOWHERE and not gate.known:
        detail += "; it is not registered (sitegate-hq gate): what it tells does not count"
    proven = None
    for one in told:
        gone_there = where(one)[0] is TemplatePlace.NOWHERE
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
        signed=bool(told) and told[-1].signed,
        sealed_enrolments=told[-1].sealed if told else 0,
    )


def _gates(db: Connection) -> list[KnownGate]:
    """All that ever reported, are registered, or were turned away: each may have the roster from the broker."""
    found = {gate_id: KnownGate(site_id, gate_id) for gate_id, (site_id, _) in heard(db).items()}
    for row in db.execute(select(t.gates)):
        status = GateStatus.model_validate_json(row.status) if row.status else None
        found[row.gate_id] = KnownGate(row.site_id, row.gate_id, bool(status and status.online), row.status_utc)
    for known in every(db):
        gate = found.get(known.gate_id, KnownGate(known.site_id, known.gate_id))
        in_force = known.revoked_utc is None
        found[known.gate_id] = replace(gate, keys_utc=known.since_utc if in_force else gate.keys_utc, known=in_force)
    return sorted(found.values(), key=lambda gate: (gate.site_id, gate.gate_id))


def summary(found: Iterable[Receipt]) -> str:
    """In one sentence."""
    told = list(found)
    proven = sum(row.held is TemplatePlace.NOWHERE for row in told)
    away = sorted({row.gate_id for row in told if row.held is not TemplatePlace.NOWHERE})
    rest = f"; still to come: {', '.join(away)}" if away else ""
    return f"{proven} of {len(told)} receipts{rest}"
