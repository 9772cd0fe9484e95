"""A copied card: two computers go on with one journal. And an HQ restored from an old backup. Nothing lost, nothing
mixed, all told."""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from restore_rig import end_process
from sync_rig import Rig, SignedJournal, Stranger, note, utc, wait_until

from contract.chain import verify
from contract.codec import encode
from contract.messages import Ack, EventBatch, NoticeCode
from contract.signing import sign
from contract.topics import Channel
from edge.core.config import Config
from edge.storage.journal import JournalReader
from edge.sync.service import SyncService
from hq.database.events import chain
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.reports import report


class Copy:
    """A second computer with this gate's name, and with a copy of its `card`."""

    def __init__(self, rig: Rig, folder: Path, card: bool = True) -> None:
        self._rig, self.state_dir = rig, folder
        folder.mkdir()
        for name in ("gate/journal.db", "sync/replica.db") if card else ():
            if (rig.state_dir / name).exists():
                copy_database(rig.state_dir / name, folder / name)
        self.journal = SignedJournal(folder / "gate/journal.db", rig.config.site, rig.clock, key=rig.gate_key)

    def config(self) -> Config:
        paths = self._rig.config.paths.model_copy(update={"state_dir": self.state_dir})
        return self._rig.config.model_copy(update={"paths": paths})

    def sync(self) -> None:
        reader = JournalReader(self.state_dir / "gate/journal.db")
        self._rig._open.append(reader)
        self._rig._runs(
            SyncService.open(
                self.config(),
                reader,
                self._rig.clock,
                software="copy",
                open_reader=JournalReader,
                key=self._rig.link_key,
            )
        )

    def hashes(self) -> list[str]:
        return hashes(self.state_dir)


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Rig]:
    """Without a broker."""
    made = Rig(tmp_path, 1)
    yield made
    made.close()


def copy_database(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    with sqlite3.connect(source) as from_, sqlite3.connect(target) as to:
        from_.backup(to)
    from_.close()
    to.close()


def hashes(state_dir: Path) -> list[str]:
    reader = JournalReader(state_dir / "gate/journal.db")
    found = [record.hash for record in reader.records(0, 100_000)]
    reader.close()
    return found


def lines(store: Store) -> dict[str, list[str]]:
    """Every line that HQ holds: its name and its hashes in order, each verified."""
    found = {}
    for verdict in report.verdicts(store):
        key = JournalKey(verdict.site_id, verdict.gate_id, verdict.epoch)
        with store.read() as db:
            records = list(chain(db, key))
        verify(records, records[0].seq - 1, records[0].prev_hash)
        found[verdict.epoch] = [record.hash for record in records]
    return found


def codes(state_dir: Path) -> list[str]:
    with sqlite3.connect(state_dir / "sync/replica.db") as db:
        found = [row[0] for row in db.execute("SELECT code FROM incidents")]
    db.close()
    return found


def test_ok__two_computers_with_one_card_are_both_held_whole_and_both_told(rig: Rig, tmp_path: Path) -> None:
    journal, store = rig.journal(), rig.store()
    note(journal, 30)
    rig.hq()
    rig.sync()
    wait_until(lambda: rig.holds(store, 30), "what was written before the copy")
    copy = Copy(rig, tmp_path / "copy")
    note(journal, 25, "original")
    note(copy.journal, 40, "copy")
    copy.sync()
    note(journal, 15, "more")

    def both() -> bool:
        held = list(lines(store).values())
        return sorted(map(len, held)) in ([40, 70], [40, 70])

    wait_until(both, "both lines are at HQ", 60)
    mine, theirs = hashes(rig.state_dir), copy.hashes()
    (trunk, longer), (branch, shorter) = sorted(lines(store).items(), key=lambda item: -len(item[1]))
    assert {tuple(longer), tuple(shorter)} in (
        {tuple(mine), tuple(theirs[30:])},
        {tuple(theirs), tuple(mine[30:])},
    )
    assert branch.startswith(f"{trunk}~")
    problems = {verdict.epoch: verdict.problem for verdict in report.verdicts(store)}
    assert problems[trunk] == "" and "after event 30: two gates with one id" in problems[branch]
    assert any("two gates with one id" in row.reason for row in report.quarantine(store))
    wait_until(lambda: NoticeCode.TWIN_GATE in codes(rig.state_dir), "the gate knows")
    wait_until(lambda: NoticeCode.TWIN_GATE in codes(copy.state_dir), "the copy knows")
    print(f"30 common events, then 40 and 40: HQ holds {len(longer)} in {trunk} and {len(shorter)} in {branch}")
    copy.journal.close()


def test_ok__two_computers_with_one_name_and_journals_of_their_own(rig: Rig, tmp_path: Path) -> None:
    """The broker lets only one of them be connected: each throws the other out. Both say so, and nothing is lost."""
    journal, store = rig.journal(), rig.store()
    other = Copy(rig, tmp_path / "other", card=False)
    assert other.journal.epoch != journal.epoch
    note(journal, 30)
    note(other.journal, 20)
    rig.hq()
    rig.sync()
    other.sync()
    wait_until(lambda: rig.holds(store, 50), "both journals, side by side")
    written = 50

    def told() -> bool:
        """Some of the other's answers come while oneself is connected, if both have something to say."""
        nonlocal written
        note(journal, 1)
        note(other.journal, 1)
        written += 2
        return NoticeCode.TWIN_GATE in codes(rig.state_dir) and NoticeCode.TWIN_GATE in codes(other.state_dir)

    wait_until(told, "both know", 60)
    wait_until(lambda: rig.holds(store, written), "and all of both is at HQ", 60)
    other.journal.close()


def test_ok__an_old_image_put_back_into_the_gate_begins_a_branch(rig: Rig, tmp_path: Path) -> None:
    journal, store = rig.journal(), rig.store()
    note(journal, 200)  # several windows of 30: it has to find its way to where the two part
    image = Copy(rig, tmp_path / "image")
    rig.hq()
    sync = rig.sync()
    note(journal, 30, "before the card broke")
    wait_until(lambda: rig.holds(store, 230), "the gate goes on to 230")
    sync.stop()
    note(image.journal, 10, "from the image")
    image.sync()
    wait_until(
        lambda: sorted(map(len, lines(store).values())) == [10, 230], "the image's own events are held apart", 60
    )
    assert sorted(lines(store).values(), key=len)[0] == image.hashes()[200:]
    wait_until(lambda: acked(image.state_dir) == 210, "and the image knows")
    assert NoticeCode.TWIN_GATE in codes(image.state_dir)
    image.journal.close()


@pytest.mark.parametrize("removed", [False, True])
def test_ok__an_hq_restored_from_an_old_backup(rig: Rig, tmp_path: Path, removed: bool) -> None:
    """What the gate still has is sent again; what it has removed is named as a gap, and all after it is held."""
    journal = rig.journal()
    note(journal, 30)
    hq = rig.hq()
    rig.sync()
    store = rig.store()
    wait_until(lambda: rig.holds(store, 30), "30 events")
    backup = tmp_path / "backup.db"
    copy_database(rig.hq_folder / "hq.db", backup)
    assert end_process(backup) == 1
    note(journal, 40)
    wait_until(lambda: rig.holds(store, 70), "70 events")
    wait_until(lambda: acked(rig.state_dir) == 70, "and the gate knows")
    hq.stop()
    store.close()
    restore(backup, rig.hq_folder / "hq.db")
    if removed:
        rig.clock.utc = lambda: utc() + timedelta(days=400)  # type: ignore[method-assign]
        assert journal.prune(60, keep_days=30) == 60
        del rig.clock.utc
    rig.hq()
    note(journal, 5)
    store = rig.store()
    if not removed:
        wait_until(lambda: rig.holds(store, 75), "all 75 again")
        return
    wait_until(lambda: sorted(map(len, lines(store).values())) == [15, 30], "what there is")
    branch = max(report.verdicts(store), key=lambda verdict: verdict.last_seq)
    assert not branch.ok and f"events 31 to 60 of {journal.epoch} are missing" in branch.problem
    assert any("follows a gap: events 31 to 60" in row.reason for row in report.quarantine(store))
    wait_until(lambda: NoticeCode.EVENTS_LOST in codes(rig.state_dir), "the gate says so, too")
    note(journal, 20)
    wait_until(lambda: sorted(map(len, lines(store).values())) == [30, 35], "and it goes on")
    print("; ".join(f"{v.epoch}: {v.held} held; {v.problem or 'whole'}" for v in report.verdicts(store)))


def restore(backup: Path, target: Path) -> None:
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, target)


def acked(state_dir: Path) -> int:
    with sqlite3.connect(state_dir / "sync/replica.db") as db:
        row = db.execute("SELECT max(seq) FROM acks").fetchone()
    db.close()
    return int(row[0] or 0)


def test_ok__branches_of_branches_and_batches_in_any_order(quiet: Rig, tmp_path: Path) -> None:
    """Three computers with one card, the third copied from the second; batches twice and in disorder."""
    store, journal = quiet.store(), quiet.journal()
    ingest = quiet.ingest(store)

    def take(state_dir: Path, after: int, count: int) -> tuple[int, str | None, bool]:
        reader = JournalReader(state_dir / "gate/journal.db")
        batch = EventBatch(
            site_id="site-1",
            gate_id="gate-1",
            epoch=reader.epoch,
            base_seq=reader.base()[0],
            records=tuple(reader.records(after, count)),
        )
        reader.close()
        out = ingest.take(batch)
        assert out.ack.epoch == journal.epoch
        return out.ack.seq, out.ack.hash, out.hole

    note(journal, 10)
    second = Copy(quiet, tmp_path / "second")
    note(journal, 10, "first")
    note(second.journal, 6, "second")
    third = Copy(second_rig(quiet, second), tmp_path / "third")
    note(second.journal, 6, "second goes on")
    note(third.journal, 9, "third")
    one, two, three = quiet.state_dir, second.state_dir, third.state_dir
    assert take(one, 0, 15)[0] == 15
    assert take(two, 13, 5) == (15, hashes(one)[14], True)  # its own 11 to 13 are missing: nothing is known of it
    assert take(two, 8, 6)[:2] == (14, hashes(two)[13])  # two old, four that part
    assert take(three, 12, 9)[:2] == (21, hashes(three)[20])
    assert take(three, 20, 5)[:2] == (25, hashes(three)[24])
    assert take(two, 0, 22)[:2] == (22, hashes(two)[21])
    assert take(two, 8, 6)[:2] == (25, hashes(three)[24])  # an old one repeated: the line that goes on furthest answers
    assert take(one, 10, 10)[:2] == (20, hashes(one)[19])
    held = sorted(lines(store).values(), key=lambda line: (len(line), line))
    assert sorted(map(len, held)) == [9, 12, 20] or sorted(map(len, held)) == [6, 15, 20]
    assert {h for line in held for h in line} == {*hashes(one), *hashes(two), *hashes(three)}
    assert len(report.quarantine(store)) == 2, "each parting is told once"
    second.journal.close()
    third.journal.close()


def second_rig(rig: Rig, copy: Copy) -> Rig:
    """What is needed to copy the copy."""
    again = object.__new__(Rig)
    again.__dict__ = {**rig.__dict__, "config": copy.config()}
    return again


def test_ok__an_hq_whose_clock_was_ahead_is_believed_again_when_it_is_set_back(rig: Rig, stranger: Stranger) -> None:
    """An acknowledgement from the year 2036 must not make every later one look old."""
    journal, store = rig.journal(), rig.store()
    note(journal, 20)
    rig.sync(rig.gate_config(ack_timeout_s=1))
    ahead = Ack(gate_id="gate-1", epoch=journal.epoch, seq=20, utc=utc() + timedelta(days=3650))
    envelope = sign(encode(ahead), Channel.ACK.value, rig.signing)

    def believed() -> bool:
        stranger.publish("sitegate/v1/site-1/gate-1/ack", envelope)
        return acked(rig.state_dir) == 20

    wait_until(believed, "an acknowledgement from the future, of what HQ does not hold any more")
    rig.hq()
    note(journal, 10)
    wait_until(lambda: rig.holds(store, 30), "all of it, though HQ's times are older", 30)


def test_ok__a_gate_of_an_older_version_is_served_as_before(quiet: Rig) -> None:
    """It does not say what its journal begins with: its events are kept in one line, what contradicts is marked."""
    journal, store = quiet.journal(), quiet.store()
    note(journal, 5)
    reader = JournalReader(quiet.state_dir / "gate/journal.db")
    records = tuple(reader.records(0, 10))
    reader.close()
    ingest = quiet.ingest(store)
    old = EventBatch(site_id="site-1", gate_id="gate-1", epoch=journal.epoch, records=records)
    assert b"base_seq" not in encode(old)
    assert ingest.take(old).ack.seq == 5
    assert quiet.holds(store, 5)
