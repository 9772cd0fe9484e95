"""What must hold after an attack on one of three users."""

import json
import time
from collections.abc import Callable

from three_users import OWN, ThreeUsers

from contract.chain import verify
from contract.messages import NoticeCode, NoticeEvent
from edge.app.state_folders import JOURNAL
from edge.storage.journal import JournalReader
from edge.tools.demo.play import Follower


def said(house: ThreeUsers, user: str, code: str) -> str:
    done = house.attack(user, f"OWN = {OWN[user]!r}\n{code}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def going_on(house: ThreeUsers, followed: Follower, act: Callable[[], object] = lambda: None) -> None:
    """The gate's process is the same after `act`, and its loop turns."""
    pid = house.pid("gate")
    act()
    told_at = time.time()
    followed.until(lambda: _beat(followed) > told_at + 1, 30, "the gate's loop does not turn")
    house.check_alive()
    assert house.pid("gate") == pid


def _beat(followed: Follower) -> float:
    live = followed._journal.live()
    return live.utc.timestamp() if live else 0.0


def restarted(house: ThreeUsers, followed: Follower) -> None:
    """The gate is killed and started again, and its loop turns."""
    before = count(followed, NoticeCode.GATE_STARTED)
    house.kill("gate")
    house.start("gate")
    followed.until(lambda: count(followed, NoticeCode.GATE_STARTED) > before, 40, "the gate did not start")
    going_on(house, followed)


def count(followed: Follower, code: NoticeCode) -> int:
    return sum(isinstance(event, NoticeEvent) and event.code is code for event in followed.events)


def nothing_wrong(house: ThreeUsers) -> None:
    """The journal is whole, and the relay was never released more often than somebody was granted."""
    reader = JournalReader(house.state / JOURNAL)
    records = reader.records(0, 100_000)
    reader.close()
    assert verify(records)[0] == len(records)
    pin, released = f"GPIO{house.config().gate.relay_pin}", 0
    for line in map(json.loads, house.pins_path.read_text().splitlines()):
        released += line["pin"] == pin and line["function"] == "output" and bool(line["level"])
    assert released <= sum('"granted":true' in record.body for record in records)
