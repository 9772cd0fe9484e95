"""A whole site is locked down and released: with the real broker, HQ, sync process and gate loop."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loop_rig import Says
from sync_rig import Rig, utc
from typer.testing import CliRunner

from contract.messages import CommandAction, GateStatus, NoticeCode, NoticeEvent
from edge.core.domain import CameraStatus, Frame
from edge.loop import Adapters, GateLoop
from edge.sim import RecordingGate, RecordingIndicator
from edge.storage.desk import DeskReader
from edge.storage.journal import JournalReader
from edge.system.clock import SystemClock
from hq.cli import app
from hq.database.clock import now
from hq.database.gate_reports import gate_report, set_status
from hq.database.lock_downs import lock_down_commands
from hq.database.store import Store
from hq.lists import command_queue, lock_downs
from hq.lists.command_queue import CommandQueue
from hq.lists.lock_downs import LockDownRefused, SiteLockDown, SiteLockDowns
from hq.registry.gates import GateRegistry

runner = CliRunner()


class TrustedClock(SystemClock):
    """A clock that a time server set."""

    def trusted(self) -> bool:
        return True


class DarkCamera:
    """A camera that sees nothing."""

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        time.sleep(0.01)
        return None

    def status(self) -> CameraStatus:
        return CameraStatus(True, "dark", 20)

    def close(self) -> None: ...


class LoopingGate:
    """The gate process of the rig's gate, in this thread."""

    def __init__(self, rig: Rig) -> None:
        rig.clock = clock = TrustedClock()
        self._journal = JournalReader(rig.state_dir / "gate/journal.db")
        adapters = Adapters(
            camera=DarkCamera(),
            matcher=Says(),
            gate=RecordingGate(clock),
            indicator=RecordingIndicator(clock),
            roster=rig.roster(),
            journal=rig.journal(),
            desk_requests=DeskReader(rig.state_dir / "desk.db"),
            clock=clock,
        )
        self.loop = GateLoop(rig.config, adapters)

    def until(self, true: Callable[[], object], what: str) -> None:
        """Take turns until something is true."""
        end = time.monotonic() + 40
        while not true():
            assert time.monotonic() < end, f"never happened: {what}"
            self.loop.step()

    @property
    def locked(self) -> bool:
        return self.count(NoticeCode.LOCKED_DOWN) > self.count(NoticeCode.LOCK_DOWN_OVER)

    def count(self, code: NoticeCode) -> int:
        found = [e for e in self._journal.latest(1000) if isinstance(e, NoticeEvent)]
        return sum(event.code is code for event in found)

    def close(self) -> None:
        self.loop.close()
        self._journal.close()


def states(known: SiteLockDowns, wanted: SiteLockDown) -> dict[str, str]:
    return {receipt.gate_id: receipt.state for receipt in known.receipts(wanted)}


def online(store: Store) -> bool:
    with store.read() as db:
        found = gate_report(db, "gate-1")
    return found is not None and found.online


def register_another(rig: Rig, gate_id: str = "gate-2") -> None:
    """A gate that never connects."""
    pair = (Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2))
    GateRegistry(rig.store(), rig.keys).add(gate_id, "site-1", *pair, by="test")


def test_ok__a_gate_that_connects_later_is_locked_down_until_the_site_is_released(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = rig.store()
    rig.register()
    register_another(rig)
    known = SiteLockDowns(store, rig.keys, lambda: False)
    rig.hq()
    ordered = known.order("site-1", by="m-7", why="fire brigade")
    assert states(known, ordered) == {"gate-1": "offline", "gate-2": "offline"}
    gate = LoopingGate(rig)
    connected_utc = utc()
    running = rig.sync()
    gate.until(lambda: states(known, ordered)["gate-1"] == "done", "the first lock-down")
    assert gate.locked
    with store.read() as db:
        (given,) = CommandQueue(store, rig.keys).given(lock_down_commands(db, [ordered.id]))
    assert given.command.action is CommandAction.LOCK_DOWN
    assert given.command.issued_utc > connected_utc  # signed for this connection, never from the past
    assert given.command.expires_utc - given.command.issued_utc <= timedelta(minutes=15)
    shown = runner.invoke(app, ["lock-downs", "--json", "-d", str(rig.hq_folder)])
    (told,) = json.loads(shown.stdout)
    assert (shown.exit_code, told["by"]) == (1, "m-7")
    assert [one["state"] for one in told["gates"]] == ["done", "offline"]

    monkeypatch.setattr(lock_downs, "PAUSE", timedelta(0))
    running.stop()
    running = rig.sync()
    gate.until(lambda: _commands(rig, ordered) > 1, "a command for the new connection")
    gate.until(lambda: gate.count(NoticeCode.COMMAND_DONE) > 1, "it is obeyed")
    gate.until(lambda: states(known, ordered)["gate-1"] == "done", "the same again")
    assert gate.count(NoticeCode.LOCKED_DOWN) == 1  # which changes nothing

    running.stop()
    gate.until(lambda: not online(store), "it is away")
    released = known.release("site-1", by="m-8", why="over")
    assert [receipt.settled for receipt in known.receipts(released)] == [True, True]
    assert gate.locked
    rig.sync()
    gate.until(lambda: states(known, released)["gate-1"] == "done", "the release")
    assert not gate.locked
    assert known.standing() == []
    gate.close()


def _commands(rig: Rig, wanted: SiteLockDown) -> int:
    with rig.store().read() as db:
        return len(lock_down_commands(db, [wanted.id]))


def test_ok__one_command_for_each_connection_also_after_the_clock_of_hq_was_set_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = rig.store()
    rig.register()
    known = SiteLockDowns(store, rig.keys, lambda: False)
    known.order("site-1", by="m", why="w")
    birth = GateStatus(gate_id="gate-1", site_id="site-1", online=True, connection=5, serial=5)
    assert known.offer() == 0  # offline
    set_status(store, birth)
    assert (known.offer(), known.offer()) == (1, 0)
    for module in (lock_downs, command_queue):
        monkeypatch.setattr(module, "now", lambda: now() - timedelta(hours=2))
    set_status(store, birth.model_copy(update={"connection": 6, "serial": 6}))
    assert (known.offer(), known.offer()) == (1, 0)


def test_fail__a_release_that_waits_never_follows_a_new_lock_down(rig: Rig) -> None:
    """The gate is offline all the time; what is sent when it connects must end with the lock-down."""
    store = rig.store()
    rig.register()
    known, queue = SiteLockDowns(store, rig.keys, lambda: False), CommandQueue(store, rig.keys)
    known.order("site-1", by="m", why="one")
    known.release("site-1", by="m", why="two")
    assert [order.action for order in queue.due()] == [CommandAction.RELEASE_LOCK_DOWN]
    known.order("site-1", by="m", why="three")
    assert queue.due() == []
    queue.order("site-1", "gate-1", CommandAction.RELEASE_LOCK_DOWN, why="x", by="m", valid_s=900)
    queue.order("site-1", "gate-1", CommandAction.LOCK_DOWN, why="x", by="m", valid_s=10)
    assert [order.action for order in queue.due()] == [CommandAction.RELEASE_LOCK_DOWN, CommandAction.LOCK_DOWN]


def test_fail__lock_downs_that_cannot_be_ordered_or_released(rig: Rig) -> None:
    store = rig.store()
    known = SiteLockDowns(store, rig.keys, lambda: False)
    with pytest.raises(LockDownRefused, match="has no gate"):
        known.order("site-1", by="m", why="w")
    with pytest.raises(LockDownRefused, match="no lock-down of site-1 stands"):
        known.release("site-1", by="m", why="w")
    rig.register()
    known.order("site-1", by="m", why="w")
    with pytest.raises(LockDownRefused, match=f"locked down since {now():%Y-%m-%d}"):
        known.order("site-1", by="m", why="again")


def test_ok__the_command_says_what_is_not_done_and_ends_with_an_exit_code(rig: Rig) -> None:
    rig.register()
    why = ["--why", "消防演习", "--by", "张三", "--wait-s", "0", "-d", str(rig.hq_folder)]
    done = runner.invoke(app, ["lock-down", "site-1", *why])
    assert done.exit_code == 1
    assert "site-1: 0 of 1 gates locked down" in done.output
    assert "gate-1: never reported: locked down as soon as it connects" in done.output
    assert "消防演习 (by 张三)" in done.output
    assert (
        "is locked down as a whole"
        in runner.invoke(app, ["command", "gate-1", "release-lock-down", "--site", "site-1", *why]).output
    )
    done = runner.invoke(app, ["release-lock-down", "site-1", *why, "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["gates"][0]["state"] == "offline"
    assert "no site is locked down" in runner.invoke(app, ["lock-downs", "-d", str(rig.hq_folder)]).output


def test_ok__what_came_of_a_command_is_shown_afterwards(rig: Rig) -> None:
    rig.register()
    words = ["--why", "delivery", "--by", "m-7", "--wait-s", "0", "--site", "site-1", "-d", str(rig.hq_folder)]
    said = runner.invoke(app, ["command", "gate-1", "open-once", "--valid-s", "1", *words]).output
    command_id = said.split()[1]
    time.sleep(1.1)
    shown = runner.invoke(app, ["command", "show", command_id[:6], "-d", str(rig.hq_folder)])
    assert shown.exit_code == 1
    assert "open-once for site-1/gate-1: not delivered: expired at" in shown.output
    assert "did sitegate-hq run?" in shown.output
    (listed,) = json.loads(runner.invoke(app, ["command", "list", "--json", "-d", str(rig.hq_folder)]).output)
    assert (listed["command_id"], listed["state"], listed["why"]) == (command_id, "expired", "delivery")
    lost = runner.invoke(app, ["command", "show", "nothing", "-d", str(rig.hq_folder)])
    assert "no such command" in lost.output
