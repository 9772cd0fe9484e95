"""Changes of lists at a gate, also early, twice, late or from somebody else: it has one list that HQ published."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from list_messages import HQ, NOW, RISK, ROSTER, SITE, base_of, delta_header, list_delta, list_snapshot

from contract.deltas import Changes, write_delta
from contract.messages import (
    ListKind,
    NoticeCode,
    RiskDelta,
    RiskEntry,
    RiskSnapshot,
)
from contract.parts import Content, write_parts
from edge.core.config import SiteConfig
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import RolledBack, signed_delta, signed_part
from edge.replica.summary import SummaryReader
from edge.replica.writer import ReplicaWriter


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

    def take(self, parts: list[bytes], kind: ListKind = ROSTER) -> list[bool]:
        return [self.writer.add_part(signed_part(body, kind, "site-1", HQ.public_key()), body) for body in parts]

    def change(self, body: bytes, kind: ListKind = ROSTER) -> bool:
        return self.writer.add_delta(signed_delta(body, kind, "site-1", HQ.public_key()), body)

    def has(self) -> tuple[int, set[str]]:
        self.reader.refresh()
        return self.reader.state.roster.version, set(self.reader.state.workers)

    def restart_sync(self) -> None:
        self.writer.close()
        self.writer = ReplicaWriter(self.path)

    def close(self) -> None:
        self.writer.close()
        self.reader.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "replica.db")
    yield made
    made.close()


def test_ok__changes_count_from_the_snapshot_and_take_the_place_of_earlier_ones(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b", "c")
    gate.take(parts)
    assert gate.change(list_delta(6, parts, added=("d",), removed=("a",))) is True
    assert gate.has() == (6, {"b", "c", "d"})
    assert gate.change(list_delta(7, parts, added=("e",), removed=("b",))) is True
    assert gate.has() == (7, {"a", "c", "e"})
    assert sorted(who for who, _ in gate.reader.state.templates) == ["a", "c", "e"]
    assert gate.change(list_delta(9, parts)) is True  # back to the snapshot
    assert gate.has() == (9, {"a", "b", "c"})
    assert gate.reader.state.roster.issued_utc == NOW + timedelta(hours=9)
    assert gate.reader.incidents() == []


def test_ok__version_age_and_arrival_are_those_of_the_changes(gate: Gate) -> None:
    parts = list_snapshot(5, "a")
    gate.take(parts)
    summary = SummaryReader(gate.path)
    arrived = summary.read().lists[ROSTER].applied_utc
    gate.change(list_delta(8, parts))
    found = summary.read().lists[ROSTER]
    assert (found.version, found.issued_utc) == (8, NOW + timedelta(hours=8))
    assert found.applied_utc > arrived
    assert gate.writer.versions() == {ROSTER: 8}
    gate.change(list_delta(9, list_snapshot(6, "a")))  # waits: of another snapshot
    assert summary.read().lists[ROSTER].version == 8
    assert gate.writer.versions() == {ROSTER: 8}
    summary.close()


def test_ok__a_risk_list_changes_too(gate: Gate) -> None:
    entries = tuple(RiskEntry(worker_id=who) for who in "abc")
    parts = write_parts(
        [Content(RiskSnapshot(**delta_header(2).model_dump(), entries=entries))], RISK, SITE.public_key(), HQ
    )
    gate.take(parts, RISK)
    news = (RiskEntry(worker_id="b", list_name="deny"), RiskEntry(worker_id="d"))
    delta = RiskDelta(**delta_header(3).model_dump(), entries=news, removed=("a",))
    gate.change(write_delta(Changes(delta), RISK, base_of(parts, RISK), SITE.public_key(), HQ), RISK)
    gate.reader.refresh()
    assert gate.reader.state.risk.version == 3
    found = {who: [entry.list_name for entry in own] for who, own in gate.reader.state.risks.items()}
    assert found == {"b": ["deny"], "c": ["key-screening"], "d": ["key-screening"]}


def test_ok__changes_before_their_snapshot_wait_and_both_come_into_force_at_once(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b", "c")
    assert gate.change(list_delta(7, parts, added=("d",))) is False
    assert gate.has() == (0, set())
    assert gate.writer.gaps() == {ROSTER: f"changes of {base_of(parts).digest}"}
    assert gate.take(parts[:2]) == [False, False]
    gate.restart_sync()
    assert gate.writer.gaps() == {ROSTER: "parts [3]"}
    assert gate.take(parts[2:]) == [True]
    assert gate.writer.versions() == {ROSTER: 7}
    assert gate.writer.gaps() == {}
    assert gate.has() == (7, {"a", "b", "c", "d"})


def test_ok__a_new_snapshot_ends_the_old_changes_and_the_old_list_stays_until_it_is_complete(gate: Gate) -> None:
    old, new = list_snapshot(5, "a", "b"), list_snapshot(8, "x", "y")
    gate.take(old)
    gate.change(list_delta(7, old, added=("c",)))
    gate.change(list_delta(9, new, added=("z",)))
    gate.take(new[:1])
    assert gate.has() == (7, {"a", "b", "c"})
    gate.take(new[1:])
    assert gate.has() == (9, {"x", "y", "z"})
    with sqlite3.connect(gate.path) as db:
        assert db.execute("SELECT count(*) FROM list_deltas").fetchone()[0] == 1
    db.close()
    assert gate.take(new) == [False, False]  # the broker repeats them


def test_ok__changes_that_a_newer_snapshot_has_overtaken_are_dropped(gate: Gate) -> None:
    early, late = list_snapshot(5, "a"), list_snapshot(9, "b")
    gate.change(list_delta(7, early))
    assert gate.take(late) == [True]
    assert gate.has() == (9, {"b"})
    assert gate.writer.gaps() == {}


def test_ok__the_same_changes_and_the_snapshot_under_them_may_come_again(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b")
    gate.take(parts)
    body = list_delta(6, parts, added=("c",))
    assert [gate.change(body), gate.change(body)] == [True, False]
    assert gate.take(parts) == [False, False]
    assert gate.has() == (6, {"a", "b", "c"})
    assert gate.reader.refresh() is False


@pytest.mark.parametrize(
    ("what", "refused"),
    [
        (lambda parts: list_delta(6, parts), "older than version 7"),
        (lambda parts: list_delta(7, parts, added=("x",)), "a second time with other content"),
        (lambda parts: list_delta(7, list_snapshot(6, "x")), "a second time with other content"),
        (lambda parts: list_delta(6, list_snapshot(3, "x")), "older than version 7"),
    ],
)
def test_fail__older_changes_and_others_under_the_same_version(
    gate: Gate, what: Callable[[list[bytes]], bytes], refused: str
) -> None:
    parts = list_snapshot(5, "a")
    gate.take(parts)
    gate.change(list_delta(7, parts, added=("b",)))
    with pytest.raises(RolledBack, match=refused):
        gate.change(what(parts))
    assert gate.has() == (7, {"a", "b"})


@pytest.mark.parametrize(("version", "refused"), [(6, "older than version 7"), (7, "with other content")])
def test_fail__a_snapshot_no_newer_than_the_changes_in_force(gate: Gate, version: int, refused: str) -> None:
    parts = list_snapshot(5, "a")
    gate.take(parts)
    gate.change(list_delta(7, parts, added=("b",)))
    with pytest.raises(RolledBack, match=refused):
        gate.take(list_snapshot(version, "x"))
    assert gate.has() == (7, {"a", "b"})


def test_ok__of_waiting_changes_the_newest_stay_whatever_the_order(gate: Gate) -> None:
    parts, other = list_snapshot(5, "a"), list_snapshot(4, "x")
    for version, of in ((8, parts), (6, parts), (7, other)):
        assert gate.change(list_delta(version, of, added=(f"v{version}",))) is False
    gate.take(parts)
    assert gate.has() == (8, {"a", "v8"})


# --- The gate process -----------------------------------------------------------------------------------


def test_ok__a_gate_process_that_starts_never_steps_back_to_the_snapshot(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b", "c")
    gate.take(parts)
    gate.change(list_delta(7, parts, removed=("a",)))
    reader, seen = gate.look(parts_per_refresh=1), []
    for _ in range(6):
        reader.refresh()
        seen.append((reader.state.roster.version, set(reader.state.workers)))
    assert seen == [(0, set())] * 2 + [(7, {"b", "c"})] * 4
    reader.close()


def test_ok__a_replica_that_was_set_aside_fills_again_without_a_step_back(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b")
    gate.take(parts)
    gate.change(list_delta(7, parts, removed=("a",)))
    assert gate.has() == (7, {"b"})
    templates = gate.reader.state.templates
    gate.writer.close()
    for name in ("replica.db", "replica.db-wal", "replica.db-shm"):
        (gate.path.parent / name).unlink(missing_ok=True)
    gate.writer = ReplicaWriter(gate.path)
    gate.take(parts)
    assert gate.has() == (7, {"b"})
    gate.change(list_delta(7, parts, removed=("a",)))
    assert gate.has() == (7, {"b"})
    gate.change(list_delta(8, parts, removed=("a",)))
    assert gate.has() == (8, {"b"})
    assert gate.reader.state.templates is templates
    assert gate.reader.incidents() == []


def _put(gate: Gate, body: bytes, digest: str, applied: str) -> None:
    """Somebody writes changes into replica.db, who cannot sign."""
    with sqlite3.connect(gate.path) as db:
        db.execute("DELETE FROM list_deltas")
        db.execute(
            "INSERT INTO list_deltas VALUES ('roster', ?, 99, ?, x'00', ?, ?)", (digest, NOW.isoformat(), body, applied)
        )
    db.close()


def test_fail__changes_that_somebody_put_into_the_replica_are_not_believed(gate: Gate) -> None:
    parts, other = list_snapshot(5, "a"), list_snapshot(6, "a")
    gate.take(parts)
    gate.change(list_delta(7, parts, added=("b",)))
    assert gate.has() == (7, {"a", "b"})
    digest = base_of(parts).digest
    altered = bytearray(list_delta(9, parts))
    altered[-1] ^= 1
    for number, body in enumerate(
        [
            list_delta(9, parts, added=("x",), key=Ed25519PrivateKey.generate()),
            list_delta(9, parts, added=("x",), site_id="site-2"),
            list_delta(9, other, added=("x",)),
            list_delta(6, parts, added=("x",)),
            bytes(altered),
            b"",
            parts[0],
        ]
    ):
        _put(gate, body, digest, f"attempt {number}")
        assert gate.has() == (7, {"a", "b"})
        incidents = gate.reader.incidents()
        assert (len(incidents), {incident.code for incident in incidents}) == (number + 1, {NoticeCode.LIST_REFUSED})
    _put(gate, list_delta(9, parts, added=("y",)), digest, "true")
    assert gate.has() == (9, {"a", "y"})


def test_fail__changes_too_large_for_any_message_are_not_even_read(gate: Gate) -> None:
    parts = list_snapshot(5, "a")
    gate.take(parts)
    _put(gate, bytes(5 * 1024 * 1024), base_of(parts).digest, "now")
    assert gate.has() == (5, {"a"})
    assert gate.reader.refresh() is False


def test_ok__a_replica_made_before_there_were_changes_is_read_as_ever(gate: Gate) -> None:
    gate.take(list_snapshot(5, "a"))
    with sqlite3.connect(gate.path) as db:
        db.execute("DROP TABLE list_deltas")
    db.close()
    assert gate.has() == (5, {"a"})
    gate.restart_sync()
    assert gate.writer.versions() == {ROSTER: 5}


def test_ok__changes_are_a_step_of_their_own_between_two_frames(gate: Gate) -> None:
    parts = list_snapshot(5, "a", "b")
    gate.take(parts)
    reader = gate.look(parts_per_refresh=1)
    while reader.state.roster.version < 5:
        reader.refresh()
    gate.change(list_delta(6, parts, added=("c",)))
    assert [reader.refresh(), reader.refresh()] == [True, False]
    assert reader.state.roster.version == 6
    reader.close()
