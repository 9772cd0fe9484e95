"""The gate's signatures under its journal: HQ takes nothing that none of them covers."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.identity import head, verify_head
from contract.messages import EventRecord, NoticeCode, NoticeEvent
from edge.app import state_folders
from edge.core.config import SiteConfig, parse
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import salvage, salvaged_files, sign_salvaged
from edge.storage.signed_heads import EVERY, Signer
from edge.sync.signed_records import sendable
from edge.system.clock import SystemClock
from edge.system.gate_keys import open_key
from hq.database.clock import now
from hq.database.values import JournalKey
from hq.ingest.senders import SenderCheck, SenderRefused, proofs
from hq.registry.registered_gate import RegisteredGate

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
SITE = SiteConfig()


def write(path: Path, count: int, key: Ed25519PrivateKey | None = KEY, turns: int = 1) -> str:
    """So many events, then so many turns of the loop; the epoch."""
    journal = Journal(path, SITE, SystemClock(), key=key)
    for _ in range(count):
        journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    for _ in range(turns):
        journal.sign()
    epoch = journal.epoch
    journal.close()
    return epoch


def records(path: Path) -> list[EventRecord]:
    reader = JournalReader(path)
    found = reader.records(0, 10_000)
    reader.close()
    return found


def signed(path: Path) -> list[int]:
    return [record.seq for record in records(path) if record.signature]


def check(path: Path, some: list[EventRecord] | tuple[EventRecord, ...], key: Ed25519PrivateKey = KEY) -> None:
    """As HQ does it. Raises NotTaken."""
    reader = JournalReader(path)
    epoch = reader.epoch
    reader.close()
    public = key.public_key().public_bytes_raw()
    gate = RegisteredGate(SITE.gate_id, SITE.site_id, public, public, now(), "test", "test")
    SenderCheck().check_records(gate, JournalKey(SITE.site_id, SITE.gate_id, epoch), some, proofs(some))


def test_ok__at_the_end_of_a_turn_the_newest_record_is_signed_and_every_eighth_before_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", SITE, SystemClock(), key=KEY)
    for _ in range(19):
        journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    assert signed(tmp_path / "j.db") == [], "an event waits for no signature"
    journal.sign()
    assert signed(tmp_path / "j.db") == [8, 16, 19]
    for record in records(tmp_path / "j.db"):
        if record.signature:
            verify_head(
                record.signature, head("site-1", "gate-1", journal.epoch, record.seq, record.hash), KEY.public_key()
            )
    journal.close()
    check(tmp_path / "j.db", records(tmp_path / "j.db"))


def test_ok__a_journal_of_before_there_was_a_key_is_signed_turn_by_turn(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    write(path, 300, key=None)
    with sqlite3.connect(path) as db:  # as 0.1 left it
        db.execute("ALTER TABLE events DROP COLUMN signature")
        db.execute("ALTER TABLE journal DROP COLUMN signed_by")
        db.execute("ALTER TABLE journal DROP COLUMN signed_to")
    reader = JournalReader(path)
    assert (reader.signed, len(reader.records(0, 1000))) == (False, 300)
    reader.close()
    write(path, 1)
    assert signed(path)[-1] == 301
    write(path, 0, turns=5)
    assert [seq for seq in signed(path) if seq <= 300] == [*range(EVERY, 300, EVERY)]
    some = records(path)
    check(path, some)
    for start in (0, 7, 8, 120):
        sent = sendable(some[start : start + 10], some[start : start + 20])
        check(path, sent)
        assert sent[-1].seq <= some[start].seq + 15


def test_ok__another_key_signs_everything_anew(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    write(path, 40)
    write(path, 1, key=OTHER, turns=3)
    check(path, records(path), OTHER)
    with pytest.raises(SenderRefused):
        check(path, records(path), KEY)


def test_ok__a_record_that_was_changed_on_the_disk_holds_up_nothing_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    write(path, 40)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE events SET body = replace(body, 'tamper', 'camera_lost') WHERE seq = 21")
    with pytest.raises(SenderRefused, match=r"event 2[01]"):
        check(path, records(path))
    journal = Journal(path, SITE, SystemClock(), key=KEY)
    journal.sign_unsent(0)
    for _ in range(3):
        journal.sign()
    journal.close()
    assert {20, 21} <= set(signed(path))
    some = records(path)
    check(path, sendable(some, some))


def test_ok__what_is_saved_of_a_damaged_journal_is_signed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    write(path, 30, key=None)
    salvage(path, tmp_path, gate_id=SITE.gate_id, acked={})
    ((saved, _, _),) = salvaged_files(tmp_path)
    with sqlite3.connect(saved) as db:
        assert {row[1] for row in db.execute("PRAGMA table_info(events)")} & {"signature"} == set()
    sign_salvaged(tmp_path, Signer(SITE, KEY))
    check(saved, records(saved))
    salvage(path, tmp_path, gate_id=SITE.gate_id, acked={}, signer=Signer(SITE, OTHER))
    check(saved, records(saved), OTHER)


def test_ok__a_disk_that_refuses_costs_no_event(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = Journal(path, SITE, SystemClock(), key=KEY)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.sign()
        assert signed(path) == []
        other.execute("ROLLBACK")
    journal.sign()
    assert signed(path) == [1]
    journal.close()


def test_ok__a_gates_own_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    private, public = tmp_path / "own" / "k.pem", tmp_path / "own" / "k.pub.pem"
    first = open_key(private, public)
    assert private.stat().st_mode & 0o777 == 0o600
    public.unlink()
    assert open_key(private, public).private_bytes_raw() == first.private_bytes_raw()
    assert public.exists()
    assert sorted(path.name for path in private.parent.iterdir()) == ["k.pem", "k.pub.pem"]


def test_ok__a_configuration_of_0_1_names_a_key_that_may_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate process cannot make one in /etc: without this it would sign nothing."""
    old = tmp_path / "etc" / "gate-signing.key.pem"
    monkeypatch.setattr(state_folders, "KEY_OF_0_1", old)
    config = parse({"paths": {"state_dir": str(tmp_path / "state")}, "keys": {"gate_signing_path": str(old)}})
    own = tmp_path / "state" / "gate" / "gate-signing.key.pem"
    assert state_folders.gate_key_files(config)[0] == own
    old.parent.mkdir()
    old.touch()
    assert state_folders.gate_key_files(config)[0] == old, "what was made before goes on"
