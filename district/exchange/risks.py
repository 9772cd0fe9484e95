"""Who is to be on HQ's risk lists, asked of the apps that decide it.

An app that holds people at gates has `risk_source.py` with `risks_of(worker_ids)`. It returns the entries that hold
now. It may add who lifted others, and why. A worker without an entry is taken off the district's lists. Each app uses
its own list name. After a change it queues the worker: `outbox.put(OutboxRow.Kind.RISK, worker_id)`.
"""

from collections.abc import Callable, Sequence

from district.web.registry import modules_of_apps
from district.wire import HqDoor, HqRefused, HqRiskEntry, HqRiskLift

RiskSource = Callable[[Sequence[str]], Sequence[HqRiskEntry | HqRiskLift]]
WITHDRAWN = "no longer needed, or the measure is over"
"""The reason when an app has erased its own."""
_NOBODY = "district"


def risk_sources() -> tuple[RiskSource, ...]:
    """Return the sources of all apps."""
    return tuple(module.risks_of for _app, module in modules_of_apps("risk_source"))


def put_risks(door: HqDoor, worker_ids: Sequence[str]) -> dict[str, str]:
    """Give HQ the present entries of workers. Return worker id -> problem of those HQ refuses. Raises HqAway."""
    refused: dict[str, str] = {}
    said = [one for source in risk_sources() for one in source(worker_ids)]
    entries = [one for one in said if isinstance(one, HqRiskEntry)]
    lifts = {(one.worker_id, one.list_name): one for one in said if isinstance(one, HqRiskLift)}
    wanted = {(one.worker_id, one.list_name) for one in entries}
    for worker_id, lists in door.risk_lists(worker_ids).items():
        for name in sorted(lists):
            if (worker_id, name) not in wanted:
                unsaid = HqRiskLift(worker_id, name, _NOBODY, WITHDRAWN)
                door.lift_risk_entry(lifts.get((worker_id, name), unsaid))
    for entry in entries:
        try:
            door.put_risk_entry(entry)
        except HqRefused as error:
            refused[entry.worker_id] = str(error)
    return refused
