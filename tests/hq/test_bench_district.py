"""`sitegate-hq bench lists`: a small district, all of it real but the gates; and what a simulated gate believes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner

from contract.deltas import Base, roster_changes, write_delta
from contract.messages import ListKind, SnapshotHeader, WorkerRecord
from contract.parts import read_part, roster_content, write_parts
from contract.signing import BadSignature
from hq.bench.listening_gates import ListeningGate
from hq.cli import app

SITE = "site-1"


def test_ok__changes_are_in_force_at_every_gate_of_the_site(tmp_path: Path) -> None:
    few = ["--sites", "2", "--gates", "3", "--workers", "12", "--changes", "2", "--dir", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, ["bench", "lists", *few])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert (told["sites"], told["gates"], told["workers"]) == (2, 3, 12)
    assert 0 < told["worker_p50_s"] <= told["worker_p95_s"]
    assert 300 < told["risk_bytes"] < told["worker_bytes"] < 2500
    assert told["round_mb"] > 0
    assert told["hq_memory_mb"] > 10
    assert list(tmp_path.iterdir()) == []


class Wire:
    """HQ's side of one roster."""

    def __init__(self) -> None:
        self.signing, self.site = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.gate = ListeningGate("gate-1", self.signing.public_key(), self.site)

    def header(self, version: int) -> SnapshotHeader:
        return SnapshotHeader(site_id=SITE, list_version=version, issued_utc=datetime.now(UTC))

    def snapshot(self, version: int, *pages: list[WorkerRecord], by: Ed25519PrivateKey | None = None) -> list[bytes]:
        contents = [roster_content(self.header(version), page) for page in pages]
        return write_parts(contents, ListKind.ROSTER, self.site.public_key(), by or self.signing)

    def delta(self, version: int, base: Base, workers: list[WorkerRecord], removed: list[str]) -> bytes:
        changes = roster_changes(self.header(version), workers, removed)
        return write_delta(changes, ListKind.ROSTER, base, self.site.public_key(), self.signing)

    def base(self, parts: list[bytes]) -> Base:
        header = read_part(parts[0], ListKind.ROSTER, self.signing.public_key()).header
        return Base(header.list_version, header.digest)


def worker(name: str, day: int = 1) -> WorkerRecord:
    return WorkerRecord(worker_id=name, sites=(SITE,), valid_until=date(2027, 1, day))


def in_force(wire: Wire) -> dict[str, date | None]:
    found = wire.gate.workers(ListKind.ROSTER)
    return {name: getattr(entry, "valid_until", None) for name, entry in sorted(found.items())}


PART, DELTA = f"sitegate/v1/{SITE}/list/roster/1", f"sitegate/v1/{SITE}/list/roster/delta"


def test_ok__a_simulated_gate_holds_what_its_snapshot_and_the_newest_changes_say() -> None:
    wire = Wire()
    parts = wire.snapshot(1, [worker("w-1")], [worker("w-2")])
    base = wire.base(parts)
    first = wire.delta(2, base, [worker("w-3"), worker("w-1", 9)], ["w-2"])
    assert wire.gate.take(DELTA, first) == []  # before its snapshot
    assert wire.gate.take(PART, parts[1]) == []
    whole, changes = wire.gate.take(PART, parts[0])
    assert (whole.changes, changes.workers, changes.size) == (False, {"w-1", "w-2", "w-3"}, len(first))
    assert in_force(wire) == {"w-1": date(2027, 1, 9), "w-3": date(2027, 1, 1)}
    (again,) = wire.gate.take(DELTA, wire.delta(3, base, [worker("w-3")], []))  # w-1 and w-2 are as in the snapshot
    assert in_force(wire) == {"w-1": date(2027, 1, 1), "w-2": date(2027, 1, 1), "w-3": date(2027, 1, 1)}
    assert again.version == 3
    assert wire.gate.take(DELTA, first) == []  # older
    assert wire.gate.take(PART, parts[0]) == []


@pytest.mark.parametrize("forge", [lambda w: w.snapshot(1, [worker("w-1")], by=Ed25519PrivateKey.generate())[0]])
def test_fail__a_simulated_gate_believes_nobody_else(forge: Callable[[Wire], bytes]) -> None:
    wire = Wire()
    with pytest.raises(BadSignature):
        wire.gate.take(PART, forge(wire))
