"""What was sealed in an enrolment leaves every file once HQ holds it; the chain stays whole."""

import base64
import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.chain import BrokenChain, verify
from contract.erasure import scrubbed, without_sealed
from contract.identity import erasure, head, verify_erasure
from contract.messages import Ack, EnrolmentEvent, EventRecord, NoticeCode, NoticeEvent
from edge.core.config import DiskConfig, SiteConfig
from edge.sim import ManualClock
from edge.storage import disk_space, sqlite_file
from edge.storage import erasure as erasure_at_gate
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import salvage

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SECRET = b"\x8f\x13sealed\xfe" * 60
TEXT = b"jxNzZWFsZWT-"
"""What JSON makes of three quarters of it."""


def enrol(journal: Journal, worker: str = "w-1", secret: bytes = SECRET) -> EnrolmentEvent:
    told = {"worker_id": worker, "consent_ref": "c-1", "model_id": "m", "sealed_record": secret}
    return journal.append(EnrolmentEvent, ref=f"enrol-{worker}", **told)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_ok__an_enrolment_is_erased_once_hq_holds_it_and_the_chain_stays_whole(tmp_path: Path, path: Path) -> None:
    journal, reader = Journal(path, SiteConfig(), ManualClock(), key=KEY), JournalReader(path)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    second, third = enrol(journal), enrol(journal, "w-2")
    before = reader.records(0, 9)
    assert TEXT in on_disk(tmp_path) and journal.sealed_since() == second.seq
    assert journal.erase_sealed(second.seq - 1) == 0 and TEXT in on_disk(tmp_path)
    assert journal.erase_sealed(second.seq) == 1 and journal.sealed_since() == third.seq
    assert journal.erase_sealed(third.seq) == 1 and journal.sealed_since() == 0
    assert TEXT not in on_disk(tmp_path)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    after = reader.records(0, 9)
    assert verify(after)[0] == 4
    assert [record.hash for record in after[:3]] == [record.hash for record in before]
    assert [record.erased is not None for record in after] == [False, True, True, False]
    for one in after[1:3]:
        assert one.erased
        whose = head("site-1", "gate-1", journal.epoch, one.seq, one.hash)
        verify_erasure(one.erased, erasure(whose, one.prev_hash, one.body), KEY.public_key())
    (_, w_2, w_1, _) = journal.latest(9)
    assert (w_1.worker_id, w_2.worker_id, w_1.sealed_record) == ("w-1", "w-2", b"")
    assert (w_1.consent_ref, w_1.utc) == (second.consent_ref, second.utc)
    journal.close()
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    assert journal.append(NoticeEvent, code=NoticeCode.TAMPER).seq == 5
    journal.close()


def test_ok__a_reader_in_the_way_delays_nothing_and_the_log_is_emptied_later(tmp_path: Path, path: Path) -> None:
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    enrol(journal)
    slow = sqlite3.connect(path, isolation_level=None)
    slow.execute("BEGIN")
    slow.execute("SELECT count(*) FROM events").fetchone()
    assert journal.erase_sealed(1) == 1
    assert TEXT in on_disk(tmp_path), "the reader still sees it"
    slow.execute("COMMIT")
    slow.close()
    assert journal.erase_sealed(1) == 0
    assert TEXT not in on_disk(tmp_path)
    journal.close()


def test_ok__what_an_earlier_process_erased_leaves_the_log_at_the_next_one(tmp_path: Path, path: Path) -> None:
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    enrol(journal)
    slow = sqlite3.connect(path, isolation_level=None)
    slow.execute("BEGIN")
    slow.execute("SELECT count(*) FROM events").fetchone()
    journal.erase_sealed(1)
    journal.close()  # the other connection keeps the log alive
    assert TEXT in on_disk(tmp_path)
    slow.close()
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    journal.erase_sealed(0)
    assert TEXT not in on_disk(tmp_path)
    journal.close()


def test_ok__a_journal_of_an_earlier_version_is_read_before_and_erased_after(tmp_path: Path, path: Path) -> None:
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    enrol(journal)
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP INDEX events_sealed")
        db.execute("ALTER TABLE events DROP COLUMN erased")
    db.close()
    assert [record.erased is not None for record in JournalReader(path).records(0, 9)] == [False]
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    assert journal.erase_sealed(1) == 1 and TEXT not in on_disk(tmp_path)
    journal.close()


def test_ok__a_salvaged_journal_keeps_what_was_erased_as_it_is(tmp_path: Path, path: Path) -> None:
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    enrol(journal)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    journal.erase_sealed(2)
    journal.close()
    found = salvage(path, tmp_path, gate_id="gate-1", acked={})
    assert (found.first, found.last) == (1, 3)
    saved = JournalReader(found.path)
    assert [record.erased is not None for record in saved.records(0, 9)] == [False, True, False]
    assert verify(saved.records(0, 9))[0] == 3


def test_fail__nothing_but_an_enrolment_can_be_erased(path: Path) -> None:
    journal, reader = Journal(path, SiteConfig(), ManualClock(), key=KEY), JournalReader(path)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER)
    enrol(journal)
    notice, enrolment = reader.records(0, 9)
    for forged in (
        notice.model_copy(update={"erased": bytes(64)}),
        notice.model_copy(update={"erased": bytes(64), "body": "no JSON"}),
        notice.model_copy(update={"body": notice.body.replace("tamper", "rex")}),
    ):
        with pytest.raises(BrokenChain, match="seq 1 was changed"):
            verify([forged])
    with pytest.raises(BrokenChain, match="seq 2 was changed"):  # said to be erased, and still holds it
        verify([notice, enrolment.model_copy(update={"erased": bytes(64)})])
    journal.close()


def test_ok__erasing_is_plain_and_done_once(path: Path) -> None:
    journal, reader = Journal(path, SiteConfig(), ManualClock(), key=KEY), JournalReader(path)
    enrol(journal)
    (record,) = reader.records(0, 9)
    once = without_sealed(record.body)
    assert once is not None and without_sealed(once) is None
    for payload in (
        record.body.encode(),
        record.model_dump_json().encode(),
        EventRecord.model_validate({**record.model_dump(), "body": record.model_dump_json()})
        .model_dump_json()
        .encode(),
    ):
        assert TEXT in payload and TEXT not in scrubbed(payload) and b"w-1" in scrubbed(payload)
    journal.close()


def test_ok__a_damaged_journal_loses_what_is_sealed_in_it_once_what_was_saved_is_at_hq(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = hashlib.shake_256(b"large").digest(10_000)  # several pages of base64
    journal = Journal(path, SiteConfig(), ManualClock(), key=KEY)
    for number in range(5):
        enrol(journal, f"w-{number}", large if number == 3 else SECRET)
    journal.append(NoticeEvent, code=NoticeCode.TAMPER, detail="stays")
    journal.close()
    aside = sqlite_file.set_aside(path)
    found = salvage(aside, tmp_path, gate_id="gate-1", acked={})
    assert found.last == 6
    monkeypatch.setattr(disk_space, "FORGET_AFTER_S", 0.0)
    disk = DiskSpace(tmp_path, DiskConfig(), Reserve(tmp_path / "reserve", 0))

    def hq_holds(seq: int) -> bytes:
        disk.forget_salvaged([Ack(gate_id="gate-1", epoch=found.epoch, seq=seq, utc=ManualClock().utc())])
        for thread in threading.enumerate():
            if thread.name == "overwrite":
                thread.join(10)
        return aside.read_bytes()

    assert TEXT in hq_holds(5), "the last event is not there yet"
    left = hq_holds(6)
    assert TEXT not in left and base64.urlsafe_b64encode(large)[:200] not in left
    assert b"stays" in left and b"w-3" in left and b"c-1" in left
    assert not list(tmp_path.glob("journal.salvaged-*"))
    assert erasure_at_gate.overwrite_damaged(aside) == 5, "it may be done again"


def test_ok__an_empty_or_strange_file_is_no_damaged_journal(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("cut", b'x"sealed_record":"'), ("open", b'"sealed_record":"AAbb')):
        (tmp_path / name).write_bytes(content)
        erasure_at_gate.overwrite_damaged(tmp_path / name)
    assert (tmp_path / "open").read_bytes() == b'"sealed_record":"AAAA'
