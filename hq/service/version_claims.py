"""Go past the versions of lists that gates hold, and that HQ did not make. Part of the one HQ that publishes."""

import time
from collections.abc import Iterable

import structlog

from common.token_bucket import TokenBuckets
from contract.messages import GateStatus, ListKind
from hq.database import published_lists as stored
from hq.database.clock import now
from hq.database.gate_reports import gate_reports
from hq.database.people import has_workers
from hq.database.published_lists import ListKey
from hq.database.restorations import newest_time, note_restoration
from hq.database.store import Store
from hq.lists.claims import ClaimVerdict, ListClaim, claims, judge_claim
from hq.registry.gates import registered
from hq.reports.list_states import made_versions
from hq.service.publishing import Publishing

log = structlog.get_logger()

CLAIMS_AT_ONCE, CLAIMS_EVERY_S = 8, 6 * 3600.0
"""How often HQ goes past versions of one gate. A stolen gate must not make it publish without end."""
AGAIN_EVERY_S = 600.0
"""How often the log repeats that a gate's claim is not followed."""
OLDER = "gates hold newer lists than it does, so it was restored from a backup, or is new"


class VersionClaims:
    """Reads what registered gates sign of the lists they hold.

    Where a gate would refuse HQ's list, HQ publishes a whole list with a version above.
    """

    def __init__(self, store: Store, publishing: Publishing) -> None:
        self._store, self._publishing = store, publishing
        self._waiting: dict[str, GateStatus] = {}
        self._all_read = False
        self._budget = TokenBuckets(CLAIMS_AT_ONCE, CLAIMS_EVERY_S)
        self._logged_s: dict[tuple[str, ListKind], float] = {}
        self._due: set[ListKey] = set()

    def heard(self, status: GateStatus) -> None:
        """Keep a status to be judged in the next turn. One without a proven signature does not count."""
        if status.signature is not None and status.online:
            self._waiting[status.gate_id] = status

    def due(self) -> None:
        """Judge what was heard since the last turn; in the first one also what gates said before this start."""
        if not self._all_read:
            self._all_read = True
            with self._store.read() as db:
                held = [report.status for report in gate_reports(db) if report.status_json]
            self._waiting = {s.gate_id: s for s in held if s and s.signature is not None} | self._waiting
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            self._judge(waiting.values())
        self._due = {key for key in self._due if not self._publishing.try_publish(*key, snapshot=True)}

    def _judge(self, statuses: Iterable[GateStatus]) -> None:
        by_site: dict[str, list[GateStatus]] = {}
        for status in statuses:
            by_site.setdefault(status.site_id, []).append(status)
        for site_id, said in by_site.items():
            with self._store.read() as db:
                made, known = made_versions(db, site_id), registered(db, [one.gate_id for one in said])
            for status in said:
                if status.gate_id not in known or known[status.gate_id].site_id != site_id:
                    continue
                for claim in claims(status):
                    verdict = judge_claim(claim, made[claim.kind])
                    if verdict.refuses:
                        self._go_past(status, claim, verdict)

    def _go_past(self, status: GateStatus, claim: ListClaim, verdict: ClaimVerdict) -> None:
        """Publish above the version of a claim, if that is reasonable."""
        key, now_s = (status.site_id, claim.kind), time.monotonic()
        said = {"site_id": status.site_id, "kind": claim.kind.value, "gate_id": status.gate_id}
        if key in self._due and self._floor(key) >= claim.version:
            return
        if verdict is ClaimVerdict.NOT_BELIEVED or not self._budget.take(status.gate_id, now_s):
            if now_s - self._logged_s.get((status.gate_id, claim.kind), -AGAIN_EVERY_S) >= AGAIN_EVERY_S:
                self._logged_s[status.gate_id, claim.kind] = now_s
                why = verdict.value if verdict is ClaimVerdict.NOT_BELIEVED else "as too many were before"
                todo = f"look at the gate; if it is right: sitegate-hq publish --above {claim.version}"
                log.error("version_at_gate_not_followed", **said, version=claim.version, why=why, todo=todo)
            return
        with self._store.write(f"list {key[0]} {key[1].value}") as db:
            stored.raise_floor(db, *key, claim.version)
            publish = stored.last_version(db, *key) > 0 and has_workers(db)
            note_restoration(db, OLDER, now(), newest_time(db))
        log.warning("list_goes_past_gate", **said, version=claim.version, why=verdict.value, published=publish)
        if publish:  # a new database, to which nobody has imported yet, must not lock everybody out
            self._due.add(key)

    def _floor(self, key: ListKey) -> int:
        with self._store.read() as db:
            return stored.floor(db, *key)
