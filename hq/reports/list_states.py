"""Tell of each gate's lists whether HQ's newest one is in force there, or refused."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contract.messages import GateStatus, ListKind
from hq.database import published_lists as stored
from hq.database.clock import now
from hq.database.gate_reports import GateReport, gate_reports
from hq.database.store import Store
from hq.lists.claims import MadeVersions, claims, judge_claim

BEHIND_AFTER = timedelta(minutes=5)
"""A connected gate has a new list within seconds, a very large one within minutes."""


@dataclass(frozen=True, slots=True)
class ListProblem:
    """A list of HQ's that is not in force at a gate. `refused`: the gate refuses it; otherwise it is late."""

    site_id: str
    gate_id: str
    kind: ListKind
    refused: bool
    text: str


def list_problems(store: Store) -> list[ListProblem]:
    """Name every list that a gate refuses, or that a connected gate does not get, by site and gate."""
    with store.read() as db:
        reports, newest = gate_reports(db), stored.newest_versions(db)
        made = {site_id: made_versions(db, site_id) for site_id in {report.site_id for report in reports}}
    at = now()
    found = []
    for report in reports:
        status = report.status
        if status is None or status.signature is None:
            continue
        issued = {kind: utc for (site_id, kind), (_, utc) in newest.items() if site_id == report.site_id}
        for kind, (refused, text) in _problems(report, status, made[report.site_id], issued, at).items():
            found.append(ListProblem(report.site_id, report.gate_id, kind, refused, text))
    return found


def made_versions(db: Connection, site_id: str) -> defaultdict[ListKind, MadeVersions]:
    """Read what HQ made of each list of a site."""
    digests, found = stored.made_digests(db, site_id), defaultdict[ListKind, MadeVersions](MadeVersions)
    for kind, known in digests.items():
        found[kind] = MadeVersions(max(known), stored.snapshot_version(db, site_id, kind) or 0, known)
    return found


def _problems(
    report: GateReport,
    status: GateStatus,
    made: defaultdict[ListKind, MadeVersions],
    issued: dict[ListKind, datetime],
    at: datetime,
) -> dict[ListKind, tuple[bool, str]]:
    found: dict[ListKind, tuple[bool, str]] = {}
    health = report.health
    for kind in health.lists_refused if health and report.online else ():
        found[kind] = (True, f"the gate refuses {kind.value} {made[kind].last}: a newer one was in force there")
    for claim in claims(status):
        verdict, newest = judge_claim(claim, made[claim.kind]), made[claim.kind].last
        if verdict.refuses:
            text = f"the gate refuses {claim.kind.value} {newest}: it holds version {claim.version}, {verdict.value}"
            found[claim.kind] = (True, text)
    if report.online:
        for kind in issued.keys() - found.keys():
            held = max((claim.version for claim in claims(status) if claim.kind is kind), default=0)
            if held < made[kind].last and issued[kind] < at - BEHIND_AFTER and _sends(status, kind):
                since = f"since {issued[kind]:%H:%M} UTC"
                found[kind] = (False, f"the gate has {kind.value} {held}, HQ published {made[kind].last} {since}")
    return found


def _sends(status: GateStatus, kind: ListKind) -> bool:
    """Tell whether a gate of this version says which list of this kind it holds."""
    older: Collection[ListKind] = (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY)
    return bool(status.lists_kept) or kind in older
