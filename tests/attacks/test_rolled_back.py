"""A taken-over sync puts back an old replica.db, which is its own file: what the gate remembers beside its journal
stops it."""

import json
import time

import pytest
from three_users import ThreeUsers
from three_users_checks import count, nothing_wrong, restarted, said

from contract.messages import AccessEvent, NoticeCode, Reason
from edge.tools.demo.play import Follower

pytestmark = pytest.mark.timeout(300)

KEEP = "import shutil; (state / 'sync/kept').mkdir(); [shutil.copy(p, state / 'sync/kept') for p in (state / 'sync').glob('replica.db*')]"
PUT_BACK = (
    "import shutil; [p.unlink() for p in (state / 'sync').glob('replica.db*')]; "
    "[shutil.copy(p, state / 'sync') for p in (state / 'sync/kept').iterdir()]"
)


def decided(followed: Follower, worker: str, since: int) -> list[AccessEvent]:
    return [e for e in followed.events[since:] if isinstance(e, AccessEvent) and e.worker_id == worker]


def test_fail__a_worker_on_the_risk_list_is_not_let_in_by_the_lists_of_before(
    house: ThreeUsers, followed: Follower
) -> None:
    house.go.touch()
    followed.until(lambda: any(e.granted for e in decided(followed, "worker-a", 0)), 60, "worker-a was not let in")
    house.stop("sync")
    said(house, "sync", KEEP)
    house.start("sync")
    applied = count(followed, NoticeCode.LIST_APPLIED)
    people = house.root / "listed.json"
    people.write_text(json.dumps({"risk": [{"worker_id": "worker-a"}, {"worker_id": "worker-b"}]}))
    house.hq("import", str(people), "--publish")
    followed.until(lambda: count(followed, NoticeCode.LIST_APPLIED) > applied, 60, "the new risk list did not arrive")
    since = len(followed.events)
    followed.until(
        lambda: any(e.reason is Reason.RISK_HOLD for e in decided(followed, "worker-a", since)), 60, "not held"
    )
    house.kill("sync")
    said(house, "sync", PUT_BACK)
    refused = count(followed, NoticeCode.LIST_REFUSED)
    since = len(followed.events)
    restarted(house, followed)
    followed.until(lambda: count(followed, NoticeCode.LIST_REFUSED) > refused, 60, "the old list was not reported")
    ends = time.monotonic() + 15  # the walk-ups go on: worker-a comes again
    while time.monotonic() < ends:
        followed.poll()
        time.sleep(0.05)
    accesses = [e for e in followed.events[since:] if isinstance(e, AccessEvent)]
    assert accesses, "people came"
    assert not any(e.granted for e in accesses)
    nothing_wrong(house)
    house.start("sync")
    since = len(followed.events)
    followed.until(
        lambda: any(e.reason is Reason.RISK_HOLD for e in decided(followed, "worker-a", since)), 90, "HQ's lists came"
    )
