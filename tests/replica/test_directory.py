"""The directory at a gate: sync keeps it unread, the gate process ignores it, the screen opens it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from list_messages import HQ, SITE, base_of, delta_header
from structlog.testing import capture_logs

from contract.deltas import Changes, write_delta
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import Ack, DirectoryDelta, DirectoryEntry, DirectorySnapshot, ListKind
from contract.parts import Content, write_parts
from contract.signing import private_pem, public_pem
from edge.core.config import SiteConfig
from edge.replica import signed_lists
from edge.replica.directory import DirectoryKeys, DirectoryReader
from edge.replica.reader import ReplicaReader
from edge.replica.signed_lists import signed_delta, signed_part
from edge.replica.writer import ReplicaWriter

DIRECTORY, SCREEN, OTHER_HQ = ListKind.DIRECTORY, X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
NAME = "Wang Xiulan"


def entry(worker_id: str, name: str = NAME, **more: str) -> DirectoryEntry:
    return DirectoryEntry(worker_id=worker_id, name=name, **more)


def directory(
    version: int, *parts: tuple[DirectoryEntry, ...], key: Ed25519PrivateKey = HQ, site_id: str = "site-1"
) -> list[bytes]:
    head = delta_header(version, site_id).model_dump()
    contents = [Content(DirectorySnapshot(**head, entries=entries)) for entries in parts]
    return write_parts(contents, DIRECTORY, SCREEN.public_key(), key)


class Gate:
    def __init__(self, folder: Path) -> None:
        self.folder, self.key, self.hq = folder, folder / "screen.key.pem", folder / "hq.pem"
        self.hq.write_bytes(public_pem(HQ))
        self.writer = ReplicaWriter(folder / "replica.db")
        self.names = self.reader()

    def reader(self) -> DirectoryReader:
        def open_keys() -> DirectoryKeys:
            return DirectoryKeys(TrustedKeys(self.hq), OpeningKeys(self.key))

        return DirectoryReader(self.folder / "replica.db", "site-1", open_keys)

    def gets_key(self, key: X25519PrivateKey = SCREEN) -> None:
        self.key.write_bytes(private_pem(key))

    def hears(self, bodies: list[bytes]) -> None:
        for body in bodies:
            self.writer.add_part(signed_part(body, DIRECTORY, "site-1", HQ.public_key()), body)

    def hears_changes(self, body: bytes) -> None:
        self.writer.add_delta(signed_delta(body, DIRECTORY, "site-1", HQ.public_key()), body)

    def hears_ack(self, seq: int) -> None:
        ack = Ack(gate_id="gate-1", epoch="e1", seq=seq, utc=datetime.now(UTC))
        self.writer.save_ack(ack, b"not read here")

    @property
    def trouble(self) -> str:
        return self.names.read().trouble

    def shown(self) -> dict[str, str | None]:
        return {who: one.name for who, one in self.names.read().entries.items()}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.names.close()
    made.writer.close()


def test_ok__parts_and_changes_are_opened_in_memory_alone(gate: Gate) -> None:
    assert gate.shown() == {}, "no key, no list"
    assert gate.trouble == "", "an old gate"
    gate.gets_key()
    parts = directory(3, (entry("w-1"), entry("w-2", "Li Na")), (entry("w-3", "Zhao"),))
    gate.hears(parts)
    assert gate.shown() == {"w-1": NAME, "w-2": "Li Na", "w-3": "Zhao"}
    head = delta_header(4).model_dump()
    changes = Changes(DirectoryDelta(**head, entries=(entry("w-2", "Li Nana"),), removed=("w-3",)))
    gate.hears_changes(write_delta(changes, DIRECTORY, base_of(parts, DIRECTORY), SCREEN.public_key(), HQ))
    assert gate.shown() == {"w-1": NAME, "w-2": "Li Nana"}
    assert gate.names.read().version == 4
    stored = b"".join(path.read_bytes() for path in gate.folder.iterdir() if path != gate.key)
    assert not any(name in stored for name in (b"Wang", b"Li Na", b"w-1"))
    assert NAME not in repr(gate.names.read())


def test_ok__a_key_that_comes_later_counts_without_a_restart(gate: Gate) -> None:
    gate.hears(directory(1, (entry("w-1"),)))
    assert gate.shown() == {}
    assert "screen.key.pem" in gate.trouble
    gate.gets_key()
    assert gate.shown() == {"w-1": NAME}
    assert gate.trouble == ""


def test_fail__the_gate_process_ignores_it_and_the_sites_key_opens_nothing(gate: Gate) -> None:
    gate.hears(directory(1, (entry("w-1"),)))
    roster = ReplicaReader(gate.folder / "replica.db", SiteConfig(), HQ.public_key(), SITE)
    before = roster.state
    roster.refresh()
    assert (roster.state, roster.incidents()) == (before, [])
    roster.close()
    gate.gets_key(SITE)
    assert gate.shown() == {}
    assert "not sealed for this key" in gate.trouble


@pytest.mark.parametrize("what", ["stranger", "other site", "older", "mixed"])
def test_fail__a_directory_that_is_not_hqs_newest_changes_nothing(gate: Gate, what: str) -> None:
    """The sync process was taken over and writes what it likes."""
    gate.gets_key()
    gate.hears(directory(5, (entry("w-1"),), (entry("w-2"),)))
    assert gate.shown() == {"w-1": NAME, "w-2": NAME}
    false = {
        "stranger": directory(6, (entry("w-9"),), (entry("w-8"),), key=Ed25519PrivateKey.generate()),
        "other site": directory(6, (entry("w-9"),), (entry("w-8"),), site_id="site-2"),
        "older": directory(4, (entry("w-9"),), (entry("w-8"),)),
        "mixed": [directory(6, (entry("w-9"),), ())[0], directory(6, (), (entry("w-8"),))[1]],
    }[what]
    db = gate.writer._db
    db.execute("UPDATE list_versions SET digest = 'd' WHERE kind = 'directory'")
    db.execute("UPDATE list_parts SET digest = 'd' WHERE kind = 'directory'")
    for number, body in enumerate(false, start=1):
        db.execute("UPDATE list_parts SET body = ? WHERE kind = 'directory' AND part = ?", (body, number))
    db.commit()
    with capture_logs() as logged:
        for seq in range(3):
            gate.hears_ack(seq)
            assert gate.shown() == {"w-1": NAME, "w-2": NAME}
    said = {"stranger": "not signed by HQ", "other site": "site-2", "older": "older", "mixed": "follow"}[what]
    assert said in gate.trouble
    assert [line["event"] for line in logged] == ["directory_refused"], "said once"


def test_ok__what_is_no_names_is_no_work_and_who_did_not_change_is_the_same_object(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    for name in ("open_content", "open_changes"):
        monkeypatch.setattr(signed_lists, name, _noting(opened, getattr(signed_lists, name)))
    gate.gets_key()
    people = (entry("w-1"), entry("w-2", "Li Na"))
    parts = directory(3, people)
    gate.hears(parts)
    before = gate.names.read()
    gate.hears_ack(7)
    assert gate.names.read() is before and len(opened) == 1
    head = delta_header(4).model_dump()
    changes = Changes(DirectoryDelta(**head, entries=(entry("w-2", "Li Nana"),)))
    gate.hears_changes(write_delta(changes, DIRECTORY, base_of(parts, DIRECTORY), SCREEN.public_key(), HQ))
    found = gate.names.read()
    assert found.entries["w-1"] is before.entries["w-1"] and found.entries["w-2"].name == "Li Nana"
    assert len(opened) == 2, "the snapshot stays open"
    gate.hears(directory(5, (entry("w-1"), entry("w-2", "Li Nana"))))
    again = gate.names.read()
    assert again.version == 5 and again.entries is found.entries, "signed again, nobody changed"


def test_ok__another_file_or_another_key_is_read_again(gate: Gate, tmp_path: Path) -> None:
    """A taken-over sync process puts its own file in place, with what the old one says of itself."""
    gate.gets_key()
    gate.hears(directory(3, (entry("w-1"),)))
    assert gate.shown() == {"w-1": NAME}
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(copy)) as db:
        gate.writer._db.backup(db)
        db.execute("UPDATE list_parts SET body = ?", directory(4, (entry("w-9"),), key=Ed25519PrivateKey.generate()))
        db.commit()
    gate.writer.close()
    for part in tmp_path.glob("replica.db-*"):
        part.unlink()
    copy.replace(tmp_path / "replica.db")
    assert gate.shown() == {"w-1": NAME}
    assert "not signed by HQ" in gate.trouble
    with closing(sqlite3.connect(tmp_path / "replica.db")) as db:
        db.execute("UPDATE list_parts SET body = ?", directory(4, (entry("w-1", "Li"),), key=OTHER_HQ))
        db.commit()
    assert gate.shown() == {"w-1": NAME}
    gate.hq.write_bytes(public_pem(OTHER_HQ))
    assert gate.shown() == {"w-1": "Li"}
    assert gate.trouble == ""


def test_fail__a_damaged_file_is_said_and_the_names_in_memory_stay(gate: Gate, tmp_path: Path) -> None:
    gate.gets_key()
    gate.hears(directory(3, (entry("w-1"),)))
    assert gate.shown() == {"w-1": NAME}
    gate.writer.close()
    for part in tmp_path.glob("replica.db*"):
        part.unlink()
    (tmp_path / "replica.db").write_bytes(b"not a database" * 100)
    assert gate.shown() == {"w-1": NAME}
    assert "cannot be read" in gate.trouble


def _noting(calls: list[object], work: Callable[..., object]) -> Callable[..., object]:
    def noted(*values: object) -> object:
        calls.append(work)
        return work(*values)

    return noted
