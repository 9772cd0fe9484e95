"""Genuine lists that are not the newest: an old replica.db put back, changes removed from it, another list of the same
version. The gate keeps what it had, at a start it admits nobody, and the lists come again from HQ."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from list_messages import HQ, SITE, list_delta, list_snapshot
from sync_rig import Rig, utc, wait_until

from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import DataTier, ListKind, NoticeCode, Reason, RiskEntry, RiskSnapshot, WorkerRecord
from contract.parts import Content, write_parts
from edge.core.config import SiteConfig
from edge.core.decision import decide
from edge.core.domain import Candidate, Circumstances, Claim, Identification, Incident, ListMark, LiveState, Sight
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import signed_delta, signed_part
from edge.replica.writer import ReplicaWriter
from edge.storage.high_water import HighWater
from edge.tools import selfcheck
from hq.registry.import_file import ImportFile

ROSTER, RISK, POLICY = ListKind.ROSTER, ListKind.RISK, ListKind.POLICY
TEN = list_snapshot(10, "w-1", "w-suspended")
TWELVE = list_delta(12, TEN, removed=("w-suspended",))


class Gate:
    """One gate's folder: what sync writes, and what the gate process remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "replica.db"
        self.start()

    def start(self) -> None:
        """The gate process starts, and reads what lies there."""
        self.water = HighWater(self.folder, now=utc)
        self.reader = ReplicaReader(self.path, SiteConfig(), HQ.public_key(), SITE, guard=self.water)
        self.reader.refresh()

    def take(self, parts: list[bytes], kind: ListKind = ROSTER) -> None:
        self._writing(
            lambda writer: [writer.add_part(signed_part(body, kind, "site-1", HQ.public_key()), body) for body in parts]
        )

    def change(self, body: bytes) -> None:
        self._writing(lambda writer: writer.add_delta(signed_delta(body, ROSTER, "site-1", HQ.public_key()), body))

    def has(self) -> tuple[int, set[str]]:
        self.reader.refresh()
        return self.reader.state.roster.version, set(self.reader.state.workers)

    def refusals(self) -> list[str]:
        return [i.detail for i in self.reader.incidents() if i.code is NoticeCode.LIST_REFUSED]

    def _writing(self, do: Callable[[ReplicaWriter], object]) -> None:
        writer = ReplicaWriter(self.path)
        do(writer)
        writer.close()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    made = Gate(tmp_path)
    made.take(TEN)
    shutil.copy(made.path, tmp_path / "image")
    made.change(TWELVE)
    assert made.has() == (12, {"w-1"})
    return made


def put_the_image_back(gate: Gate) -> None:
    for suffix in ("-wal", "-shm"):
        gate.path.with_name(f"replica.db{suffix}").unlink(missing_ok=True)
    (gate.folder / "image").rename(gate.path)


def remove_the_changes(gate: Gate) -> None:
    with sqlite3.connect(gate.path) as db:
        db.execute("DELETE FROM list_deltas")
    db.close()


def claim_that_the_old_one_is_new(gate: Gate) -> None:
    """What the rows say is sync's own word; what HQ signed is in the parts."""
    with sqlite3.connect(gate.path) as db:
        db.execute("DELETE FROM list_deltas")
        db.execute("UPDATE list_versions SET list_version = 99, applied_utc = '2099-01-01'")
    db.close()


HARMS = [put_the_image_back, remove_the_changes, claim_that_the_old_one_is_new]


@pytest.mark.parametrize("harm", HARMS)
def test_fail__an_older_list_changes_nothing_in_a_gate_that_runs(gate: Gate, harm: Callable[[Gate], None]) -> None:
    harm(gate)
    assert gate.has() == (12, {"w-1"})
    assert gate.reader.state.withheld == frozenset()


@pytest.mark.parametrize("harm", HARMS)
def test_fail__at_a_start_an_older_list_admits_nobody_and_says_so(gate: Gate, harm: Callable[[Gate], None]) -> None:
    harm(gate)
    gate.start()
    assert gate.has() == (0, set())
    assert gate.reader.state.withheld == {ROSTER}
    assert any("version 10 lies here, and version 12 was in force before" in text for text in gate.refusals())
    seen = Identification(Sight.KNOWN, candidate=Candidate("w-suspended", 0.9), threshold=0.5, frames=3)
    at = Circumstances("site-1", SiteConfig().direction, utc(), True)
    decision = decide(seen, Claim(), gate.reader.state, at)
    assert (decision.reason, decision.granted) == (Reason.ROSTER_EXPIRED, False)
    assert "older than the one in force before" in decision.detail
    gate._writing(lambda writer: writer.forget_list(ROSTER))  # as sync does when the gate refuses
    gate.take(TEN)
    gate.change(TWELVE)
    assert gate.has() == (12, {"w-1"}) and not gate.reader.state.withheld


@pytest.mark.parametrize("delta", [False, True])
def test_fail__another_list_of_the_same_version_is_not_believed(tmp_path: Path, delta: bool) -> None:
    gate = Gate(tmp_path)
    gate.take(TEN)
    if delta:
        gate.change(TWELVE)
    gate.reader.refresh()
    gate.path.unlink()
    for suffix in ("-wal", "-shm"):
        gate.path.with_name(f"replica.db{suffix}").unlink(missing_ok=True)
    gate.take(list_snapshot(12 if delta else 10, "w-1", "w-suspended", "w-other"))
    gate.start()
    assert gate.has() == (0, set()) and any("this one is not believed" in text for text in gate.refusals())


def test_fail__without_its_file_the_gate_keeps_what_it_has_and_believes_no_older_one_that_comes(gate: Gate) -> None:
    for path in gate.folder.glob("replica.db*"):
        path.unlink()
    assert gate.has() == (12, {"w-1"})
    gate.take(list_snapshot(11, "w-suspended"))
    assert gate.has() == (12, {"w-1"})
    gate.start()
    assert gate.has() == (0, set()) and gate.reader.state.withheld == {ROSTER}
    gate.take(list_snapshot(13, "w-2"))
    assert gate.has() == (13, {"w-2"}) and not gate.reader.state.withheld


@pytest.mark.parametrize("kind", [RISK, POLICY])
def test_fail__a_risk_list_or_policy_that_was_rolled_back_admits_nobody(tmp_path: Path, kind: ListKind) -> None:
    """Without a policy the defaults would hold, and they may be laxer than HQ's."""
    gate = Gate(tmp_path)
    gate.take(TEN)
    header = {"site_id": "site-1", "issued_utc": utc()}
    lists = [
        RiskSnapshot(**header, list_version=v, entries=(RiskEntry(worker_id="w-1", list_name="x"),)) for v in (3, 4)
    ]
    if kind is POLICY:
        from contract.messages import PolicySnapshot

        bodies = [
            write_parts([Content(PolicySnapshot(**header, list_version=v))], kind, SITE.public_key(), HQ)
            for v in (3, 4)
        ]
    else:
        bodies = [write_parts([Content(snapshot)], kind, SITE.public_key(), HQ) for snapshot in lists]
    gate.take(bodies[1], kind)
    gate.reader.refresh()
    for path in gate.folder.glob("replica.db*"):
        path.unlink()
    gate.take(TEN)
    gate.take(bodies[0], kind)
    gate.start()
    assert gate.reader.state.roster.version == 10 and gate.reader.state.withheld == {kind}
    seen = Identification(Sight.KNOWN, candidate=Candidate("w-1", 0.9), threshold=0.5, frames=3)
    decision = decide(seen, Claim(), gate.reader.state, Circumstances("site-1", SiteConfig().direction, utc(), True))
    assert not decision.granted and decision.reason is Reason.ROSTER_EXPIRED


def test_ok__a_new_card_and_a_gate_of_an_earlier_version_take_what_is_there(gate: Gate) -> None:
    (gate.folder / "high-water").unlink()
    gate.start()
    assert gate.has() == (12, {"w-1"}) and gate.water.of(ROSTER) is not None


def test_ok__a_technician_lets_an_older_list_in_once(gate: Gate) -> None:
    gate.water.take_older()
    gate._writing(lambda writer: writer.forget_list(ROSTER))
    assert gate.has() == (12, {"w-1"}), "until HQ's list is here"
    gate.take(list_snapshot(5, "w-5"))
    assert gate.has() == (5, {"w-5"})
    gate._writing(lambda writer: writer.forget_list(ROSTER))
    gate.take(list_snapshot(4, "w-4"))
    assert gate.has() == (5, {"w-5"}), "once"
    gate.start()
    assert gate.reader.state.withheld == {ROSTER}


def test_ok__what_puts_a_list_into_force_is_on_disk_before_the_gate_can_see_it(tmp_path: Path) -> None:
    """A power cut must not take back a list that the gate remembers."""
    writer, said = ReplicaWriter(tmp_path / "replica.db"), list[str]()
    writer._db.set_trace_callback(said.append)

    def commits() -> list[str]:
        found = [text for text in said if text.startswith("PRAGMA synchronous") or text == "COMMIT"]
        said.clear()
        return found

    first, second = (signed_part(body, ROSTER, "site-1", HQ.public_key()) for body in TEN)
    assert not writer.add_part(first, TEN[0])
    assert commits()[0] == "PRAGMA synchronous=NORMAL"
    assert writer.add_part(second, TEN[1])
    assert commits()[:2] == ["PRAGMA synchronous=FULL", "COMMIT"]
    assert writer.add_delta(signed_delta(TWELVE, ROSTER, "site-1", HQ.public_key()), TWELVE)
    assert commits()[:2] == ["PRAGMA synchronous=FULL", "COMMIT"]
    writer.close()


def test_ok__lists_that_the_gate_refuses_are_fetched_again_from_hq(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.sync.list_requests.REFUSED_EVERY_S", 1.0)
    store, journal = rig.store(), rig.journal()
    rig.people(store).take(
        ImportFile(workers=tuple(WorkerRecord(worker_id=f"w-{n}", sites=("site-1",)) for n in range(3)))
    )
    rig.publisher(store).publish("site-1", ROSTER)
    rig.hq()
    sync = rig.sync()
    path = rig.state_dir / "sync/replica.db"
    keys = TrustedKeys(rig.config.keys.hq_signing_public_path), OpeningKeys(rig.config.keys.site_private_path)
    water = HighWater(rig.state_dir / "gate")

    def start() -> ReplicaReader:
        reader = ReplicaReader(path, rig.config.site, *keys, guard=water)
        reader.refresh()
        return reader

    wait_until(lambda: start().state.roster.version == 1, "the first list")
    shutil.copy(path, rig.folder / "image")
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-0", sites=("site-1",), active=False),)))
    rig.publisher(store).publish("site-1", ROSTER)
    wait_until(lambda: start().state.roster.version == 2, "the suspension")
    sync.stop()
    for suffix in ("-wal", "-shm"):
        path.with_name(f"replica.db{suffix}").unlink(missing_ok=True)
    (rig.folder / "image").rename(path)
    reader = start()
    assert reader.state.withheld == {ROSTER} and not reader.state.workers
    live = {"direction": "in", "gate_state": "locked", "tone": "idle", "roster_tier": DataTier.EXPIRED}
    rig.sync()

    def healed() -> bool:
        reader.refresh()
        refused = {kind: water.highest()[kind] for kind in reader.state.withheld}
        journal.set_live(LiveState.model_validate({**live, "utc": utc(), "lists_refused": refused}))
        return reader.state.roster.version == 2

    wait_until(healed, "the newest list is back", 60)
    assert not reader.state.workers["w-0"].active and not reader.state.withheld


def test_fail__check_says_what_the_gate_does_not_believe(tmp_path: Path) -> None:
    rig = Rig(tmp_path, 1)
    folder = rig.state_dir / "gate"
    folder.mkdir(parents=True, exist_ok=True)
    ReplicaWriter(rig.state_dir / "sync/replica.db").close()
    assert selfcheck.clock(rig.config).state is selfcheck.CheckState.OK
    water = HighWater(folder)
    water.raise_to(ROSTER, ListMark(version=5, issued_utc=utc(), digest="d"))
    water.note_time(utc() + timedelta(hours=2))
    lists, clock = selfcheck.lists(rig.config), selfcheck.clock(rig.config)
    assert lists.state is clock.state is selfcheck.CheckState.PROBLEM
    assert "newer ones were in force here: roster" in lists.detail and "roster accept" in lists.todo
    assert "which this gate has seen" in clock.detail and "clock believe" in clock.todo
    rig.close()


@pytest.mark.parametrize(
    "ref", ["lock-down-over:1", "fire-on:1", "order-1", "code-" + "0" * 32, "disk-step:critical:1"]
)
def test_fail__an_incident_that_sync_made_up_can_take_no_others_place_in_the_journal(tmp_path: Path, ref: str) -> None:
    """The journal's refs end lock-downs and say which orders were obeyed."""
    gate = Gate(tmp_path)
    gate._writing(lambda writer: writer.add_incident(Incident(ref, NoticeCode.MESSAGE_REFUSED, "made up")))
    gate._writing(lambda writer: writer.add_incident(Incident("0" * 32, NoticeCode.CLOCK_BELIEVED, "made up")))
    (found,) = gate.reader.incidents()
    assert found.code is NoticeCode.MESSAGE_REFUSED and re.fullmatch("[0-9a-f]{32}", found.ref)
    assert gate.reader.incidents() == [found], "the same every time, so that it is recorded once"


@pytest.mark.parametrize(
    "row",
    ["('gossip', 'd', 1, '2026-01-01T00:00:00+00:00', 1, 'x')", "('roster', 'd', 1, 'yesterday', 1, 'x')"],
    ids=["kind", "time"],
)
def test_fail__lists_that_sync_never_writes_do_not_end_it_at_each_start(tmp_path: Path, row: str) -> None:
    path = tmp_path / "replica.db"
    ReplicaWriter(path).close()
    with closing(sqlite3.connect(path)) as planted:
        planted.execute(f"INSERT INTO list_versions VALUES {row}")
        planted.commit()
    writer = ReplicaWriter(path)
    assert writer.versions() == {} and writer.issued() == {}
    writer.close()
    assert list(tmp_path.glob("replica.db.corrupt-*")), "it is kept for study"
