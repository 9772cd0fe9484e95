"""Find the gates that are not ready for a step in changing keys. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from contract.messages import DECISION_LISTS, ListKind
from hq.keys.keys import HqKey
from hq.reports.report import GateOverview


def lacking(gates: Iterable[GateOverview], what: str, key: str) -> list[str]:
    """List gates that have not reported that they hold this key: of HQ's signing keys all gates, of a site's those of
    the site.
    """
    if what == HqKey.SIGNING:
        return [row.gate_id for row in gates if row.status is None or key not in row.status.trusts]
    return [row.gate_id for row in gates if row.site_id == what and (row.status is None or key not in row.status.opens)]


def behind(
    gates: Iterable[GateOverview], what: str, newest: Mapping[tuple[str, ListKind], tuple[int, datetime]]
) -> list[str]:
    """List gates whose lists are not the newest. They may depend on a key that is no longer in use."""
    found = []
    for row in gates:
        if what in (HqKey.SIGNING, row.site_id):
            status = row.status
            versions = {kind: getattr(status, f"{kind.value}_version", 0) for kind in DECISION_LISTS}
            if any(versions[kind] < newest.get((row.site_id, kind), (0, None))[0] for kind in DECISION_LISTS):
                found.append(row.gate_id)
    return found


def undelivered(gates: Iterable[GateOverview]) -> list[str]:
    """List gates that may still hold an enrolment sealed with an earlier key of HQ's."""
    return [row.gate_id for row in gates if row.health is None or row.health.unsent_events]
