"""A list in many parts. With any network, broker and restarts a gate has the old list or the new one."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sync_rig import Mosquitto, Rig, Stranger, note, wait_until

from contract.codec import MAX_BYTES
from contract.messages import (
    ListKind,
    NoticeCode,
    RiskEntry,
    RiskSnapshot,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import Content, SealedPart, read_part, roster_content, write_parts
from contract.signing import sign_raw
from edge.core.config import SiteConfig
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import ListRefused, RolledBack, signed_part
from edge.replica.summary import SummaryReader
from edge.replica.writer import ReplicaWriter
from hq.registry.import_file import ImportFile

HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def _worker(worker_id: str) -> WorkerRecord:
    vector = np.random.default_rng(len(worker_id)).normal(size=8).astype("<f2").tobytes()
    templates = (SealedTemplate(model_id="m", vector=vector),)
    return WorkerRecord(worker_id=worker_id, sites=("site-1",), consent_ref="c", templates=templates)


def _roster(version: int, count: int, issued: datetime = NOW) -> list[bytes]:
    """A roster of so many parts with one worker each."""
    header = SnapshotHeader(site_id="site-1", list_version=version, issued_utc=issued)
    contents = [roster_content(header, [_worker(f"v{version}-{part}")]) for part in range(1, count + 1)]
    return write_parts(contents, ListKind.ROSTER, SITE.public_key(), HQ)


def _risk(version: int) -> list[bytes]:
    risk = RiskSnapshot(
        site_id="site-1", list_version=version, issued_utc=NOW, entries=(RiskEntry(worker_id=f"r{version}"),)
    )
    return write_parts([Content(risk)], ListKind.RISK, SITE.public_key(), HQ)


class Gate:
    """Both sides of one replica.db."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = ReplicaWriter(path)
        self.reader = self.look()

    def look(self, parts_per_refresh: int | None = None) -> ReplicaReader:
        reader = ReplicaReader(self.path, SiteConfig(), HQ.public_key(), SITE)
        reader.parts_per_refresh = parts_per_refresh
        return reader

    def take(self, bodies: list[bytes], kind: ListKind = ListKind.ROSTER) -> list[bool]:
        return [self.writer.add_part(signed_part(body, kind, "site-1", HQ.public_key()), body) for body in bodies]

    def restart_sync(self) -> None:
        self.writer.close()
        self.writer = ReplicaWriter(self.path)

    def workers(self) -> set[str]:
        self.reader.refresh()
        return set(self.reader.state.workers)

    def kept(self) -> int:
        with sqlite3.connect(self.path) as db:
            count = int(db.execute("SELECT count(*) FROM list_parts").fetchone()[0])
        db.close()
        return count

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "replica.db")
    yield made
    made.close()


def _names(version: int, count: int) -> set[str]:
    return {f"v{version}-{part}" for part in range(1, count + 1)}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 2, 0, 3, 0, 1)])
def test_ok__in_any_order_and_number_the_last_missing_part_puts_the_list_in_force(
    gate: Gate, order: tuple[int, ...]
) -> None:
    bodies = _roster(1, 4)
    for place in order[:-1]:
        assert gate.take([bodies[place]]) == [False]
        assert gate.workers() == set()
        assert gate.writer.versions() == {}
    assert gate.take([bodies[order[-1]]]) == [True]
    assert gate.workers() == _names(1, 4)
    assert [worker_id for worker_id, _ in gate.reader.state.templates] == sorted(_names(1, 4))
    assert gate.take(bodies) == [False] * 4  # the broker repeats them at each connection
    assert gate.kept() == 4
    assert gate.reader.refresh() is False


def test_ok__until_the_new_version_is_complete_the_old_one_stays_in_force(gate: Gate) -> None:
    gate.take(_roster(1, 2))
    assert gate.workers() == _names(1, 2)
    bodies = _roster(2, 3)
    gate.take(bodies[:2])
    assert gate.workers() == _names(1, 2)
    assert gate.writer.versions() == {ListKind.ROSTER: 1}
    summary = SummaryReader(gate.path)
    assert summary.read().lists[ListKind.ROSTER].version == 1
    summary.close()
    later = gate.look()  # a gate process that starts now
    later.refresh()
    assert set(later.state.workers) == _names(1, 2)
    later.close()
    gate.take(bodies[2:])
    assert gate.workers() == _names(2, 3)
    assert gate.kept() == 3


def test_ok__a_cut_is_resumed_across_a_restart_of_sync(gate: Gate) -> None:
    bodies = _roster(1, 5)
    gate.take(bodies[:3])
    gate.restart_sync()
    assert gate.take(bodies[3:]) == [False, True]
    assert gate.workers() == _names(1, 5)


def test_ok__a_smaller_list_takes_the_place_of_a_larger_one(gate: Gate) -> None:
    gate.take(_roster(1, 4))
    bodies = _roster(2, 1)
    assert gate.take(bodies) == [True]
    assert gate.workers() == {"v2-1"}
    assert gate.kept() == 1
    with pytest.raises(RolledBack, match="older than version 2"):
        gate.take(_roster(1, 4)[3:])  # what the broker would still keep, had HQ not cleared it


def test_fail__an_altered_part_is_refused_and_the_rest_waits_for_the_true_one(gate: Gate) -> None:
    bodies = _roster(1, 3)
    altered = bytearray(bodies[1])
    altered[-1] ^= 1
    with pytest.raises(ListRefused, match="not signed by HQ"):
        gate.take([bodies[0], bytes(altered)])
    assert gate.take(bodies[1:]) == [False, True]


def test_fail__parts_of_different_versions_never_make_a_list(gate: Gate) -> None:
    old, new = _roster(1, 3), _roster(2, 3)
    assert gate.take([old[0], old[1], new[2]]) == [False] * 3
    assert gate.take([old[2]]) == [False]  # version 1 was given up for version 2
    assert gate.kept() == 1
    assert gate.take(new) == [False, True, False]
    assert gate.workers() == _names(2, 3)


def test_fail__hq_itself_signed_parts_that_do_not_belong_together(gate: Gate) -> None:
    bodies, others = _roster(1, 2), _roster(1, 2)
    mine = read_part(bodies[0], ListKind.ROSTER, HQ.public_key()).header
    stray = read_part(others[1], ListKind.ROSTER, HQ.public_key()).sealed
    head = mine.model_copy(update={"part": 2}).model_dump_json().encode()
    forged = sign_raw(head + b"\n" + stray, "roster part", HQ)
    with pytest.raises(ListRefused, match="do not belong together"):
        gate.take([bodies[0], forged])
    assert gate.kept() == 0
    assert gate.take(bodies) == [False, True]


def test_ok__a_replica_holds_one_list_in_force_and_one_arriving_of_each_kind(gate: Gate) -> None:
    gate.take(_roster(1, 4))
    for version in range(2, 30):
        gate.take(_roster(version, 4)[:-1])
        assert gate.kept() == 4 + 3
    assert gate.take(_roster(5, 4)) == [False] * 4  # older than what is arriving
    assert gate.kept() == 4 + 3
    assert gate.workers() == _names(1, 4)


def test_ok__of_one_version_counted_twice_the_later_issued_one_arrives(gate: Gate) -> None:
    first, second = _roster(2, 3), _roster(2, 2, NOW + timedelta(hours=1))
    gate.take(first[:2])
    assert gate.take(second) == [False, True]
    assert gate.workers() == _names(2, 2)
    with pytest.raises(RolledBack, match="with other content"):
        gate.take(first[2:])


# --- The gate process reads in bounded steps ------------------------------------------------------------


def test_ok__a_refresh_reads_no_more_parts_than_it_may(gate: Gate) -> None:
    gate.take(_roster(1, 10))
    gate.take(_risk(1), ListKind.RISK)
    reader, opened = gate.look(parts_per_refresh=3), []
    for _ in range(3):
        assert reader.refresh() is (len(opened) == 0)  # the risk list is small, and first
        opened.append(1)
        assert reader.state.workers == {}
        assert set(reader.state.risks) == {"r1"}
    assert reader.refresh() is True
    assert set(reader.state.workers) == _names(1, 10)
    assert reader.refresh() is False
    reader.close()


def test_ok__what_is_replaced_while_it_is_read_gives_way_to_the_newer(gate: Gate) -> None:
    gate.take(_roster(1, 6))
    reader = gate.look(parts_per_refresh=1)
    for _ in range(3):
        reader.refresh()
    gate.take(_roster(2, 3))
    assert [reader.refresh() for _ in range(4)] == [False, False, True, False]
    assert set(reader.state.workers) == _names(2, 3)
    assert reader.incidents() == []
    reader.close()


def test_fail__a_replica_whose_parts_were_mixed_by_somebody_is_not_believed(gate: Gate) -> None:
    gate.take(_roster(1, 3))
    assert gate.workers() == _names(1, 3)
    older, newer = _roster(8, 3), _roster(9, 3)

    def put(bodies: list[bytes], applied: str) -> None:
        with sqlite3.connect(gate.path) as db:
            db.execute("UPDATE list_versions SET applied_utc = ?", (applied,))
            for number, body in enumerate(bodies, start=1):
                db.execute("UPDATE list_parts SET body = ? WHERE part = ?", (body, number))
        db.close()

    for applied, bodies in {
        "mixed": [newer[0], older[1], newer[2]],
        "reordered": [newer[0], newer[2], newer[1]],
        "twice": [newer[0], newer[1], newer[1]],
        "shifted": [newer[1], newer[2], newer[0]],
    }.items():
        put(bodies, applied)
        assert gate.workers() == _names(1, 3)
    assert {incident.code for incident in gate.reader.incidents()} == {NoticeCode.LIST_REFUSED}
    put(newer, "true")
    assert gate.workers() == _names(9, 3)


def test_fail__a_part_too_large_for_any_message_is_not_even_read(gate: Gate) -> None:
    gate.take(_roster(1, 2))
    with sqlite3.connect(gate.path) as db:
        db.execute("UPDATE list_parts SET body = zeroblob(?) WHERE part = 2", (MAX_BYTES + 1,))
    db.close()
    for _ in range(3):
        assert gate.reader.refresh() is False
    assert gate.reader.state.roster.version == 0
    gate.take(_roster(2, 2))
    assert gate.workers() == _names(2, 2)


# --- With HQ and a real broker --------------------------------------------------------------------------


def test_ok__a_gate_that_comes_later_gets_every_part_and_no_surplus_one(
    rig: Rig, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 10)
    store = rig.store()
    people, publisher = rig.people(store), rig.publisher(store)
    people.take(ImportFile(workers=tuple(_worker(f"w-{n}") for n in range(35))))
    publisher.publish("site-1", ListKind.ROSTER)
    hq, sync = rig.hq(), rig.sync()
    roster = rig.roster()
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 35, "the roster in 4 parts")
    sync.stop()

    with store.write() as db:
        db.exec_driver_sql("DELETE FROM workers WHERE worker_id > 'w-1'")  # 2 of them stay
    publisher.publish("site-1", ListKind.ROSTER, snapshot=True)
    witness = Stranger(broker.port)
    witness.subscribe("sitegate/v1/site-1/list/roster/+")
    wait_until(lambda: (t := _kept_topics(witness)) and t == {"1"}, "the broker keeps part 1 alone")
    witness.close()
    late = Stranger(broker.port)
    late.subscribe("sitegate/v1/site-1/list/roster/#")
    wait_until(lambda: late.seen, "what the broker keeps")
    assert [topic.rsplit("/", 1)[1] for topic, _, _ in late.seen] == ["1"]
    late.close()

    rig.sync()
    wait_until(lambda: roster.refresh() and roster.state.roster.version == 2, "the smaller roster")
    assert len(roster.state.workers) == 2
    assert roster.incidents() == []
    hq.stop()
    rig.hq()  # and again: the same bytes
    again = [part.body for part in publisher.parts("site-1", ListKind.ROSTER)]
    assert [bool(body) for body in again] == [False, False, False, True]


def _kept_topics(witness: Stranger) -> set[str]:
    """Parts that the broker keeps, by what a subscriber saw of them since."""
    kept: dict[str, bool] = {}
    for topic, payload, _ in witness.seen:
        kept[topic.rsplit("/", 1)[1]] = bool(payload)
    return {part for part, there in kept.items() if there}


def test_ok__a_list_of_many_parts_arrives_while_connections_are_cut(
    rig: Rig, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 2)
    store = rig.store()
    rig.people(store).take(ImportFile(workers=tuple(_worker(f"w-{n}") for n in range(120))))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.hq()
    roster = rig.roster()
    first = rig.sync()
    wait_until(lambda: _arrived(rig) > 0, "the first part")
    first.stop()
    broker.kill()
    broker.start()
    rig.sync()
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 120, "all 60 parts")
    assert roster.incidents() == []


def test_ok__a_gate_that_has_the_list_is_sent_its_first_part_alone(
    rig: Rig, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hq.lists.site_lists.PART_ROWS", 10)
    taken: list[int] = []
    kept = ReplicaWriter.add_part

    def noted(self: ReplicaWriter, part: SealedPart, body: bytes) -> bool:
        if part.header.kind is ListKind.ROSTER:
            taken.append(part.header.part)
        return kept(self, part, body)

    monkeypatch.setattr(ReplicaWriter, "add_part", noted)
    store = rig.store()
    people, publisher = rig.people(store), rig.publisher(store)
    people.take(ImportFile(workers=tuple(_worker(f"w-{n}") for n in range(35))))
    publisher.publish("site-1", ListKind.ROSTER)
    rig.hq()
    rig.sync()
    roster = rig.roster()
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 35, "the roster in 4 parts")
    assert sorted(taken) == [1, 2, 3, 4]

    taken.clear()
    broker.kill()
    broker.start()
    journal = rig.journal()
    note(journal, 5)
    wait_until(lambda: taken and rig.holds(store, 5), "the first part again, and events on the new connection")
    assert set(taken) == {1}
    people.take(ImportFile(workers=tuple(_worker(f"x-{n}") for n in range(10))))
    publisher.publish("site-1", ListKind.ROSTER, snapshot=True)
    wait_until(lambda: roster.refresh() and len(roster.state.workers) == 45, "one part more than before")
    assert set(taken) == {1, 2, 3, 4, 5}
    assert roster.incidents() == []


def _arrived(rig: Rig) -> int:
    try:
        with sqlite3.connect(rig.state_dir / "sync/replica.db") as db:
            return int(db.execute("SELECT count(*) FROM list_parts").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()
