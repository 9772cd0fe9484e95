"""What a damaged journal still holds: the whole run beyond HQ's acknowledgement, and nothing that cannot be
believed."""

import random
import sqlite3
from pathlib import Path

import pytest

from contract.chain import GENESIS, verify
from contract.messages import Ack, NoticeCode, NoticeEvent
from edge.core.config import DiskConfig, SiteConfig
from edge.sim import ManualClock
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import NotSalvaged, Salvaged, salvage, salvaged_files


def made(path: Path, events: int, gate_id: str = "gate-1") -> str:
    """A journal with so many events; its epoch. Nothing is left in a write-ahead log."""
    journal = Journal(path, SiteConfig(gate_id=gate_id), ManualClock(), synchronous="OFF")
    for _ in range(events):
        journal.append(NoticeEvent, code=NoticeCode.REX, detail="x" * 100)
    epoch = journal.epoch
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    return epoch


def page_of(path: Path, seq: int) -> int:
    """Where in the file the record of a seq begins to be found."""
    return path.read_bytes().index(f'"seq":{seq},'.encode()) // 4096


def spoil_page(path: Path, page: int) -> None:
    data = bytearray(path.read_bytes())
    data[page * 4096 : (page + 1) * 4096] = bytes(random.Random(page).randbytes(4096))
    path.write_bytes(bytes(data))


def read(found: Salvaged) -> tuple[list[int], bool]:
    """(numbers, whether the chain holds) of what was saved, as the sync process reads it."""
    reader = JournalReader(found.path)
    records = reader.records(0, 100_000)
    seq, digest = reader.base()
    whole = verify(records, seq, digest) == (found.last, records[-1].hash)
    assert (reader.epoch, reader.head()) == (found.epoch, found.last)
    reader.close()
    return [record.seq for record in records], whole


def test_ok__everything_up_to_the_damage_that_hq_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = made(path, 1000)
    spoil_page(path, page_of(path, 700))
    found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 200, "another": 999})
    assert (found.epoch, found.first, found.acked) == (epoch, 201, 200)
    assert 650 < found.last < 700
    assert read(found) == (list(range(201, found.last + 1)), True)
    assert str(found) == f"events 201 to {found.last} of epoch {epoch} were saved for HQ, of 1000 recorded"


def test_ok__a_file_that_is_whole_is_saved_from_its_first_event(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    made(path, 30)
    before = path.read_bytes()
    found = salvage(path, tmp_path, gate_id="gate-1", acked={})
    assert read(found) == (list(range(1, 31)), True)
    reader = JournalReader(found.path)
    assert reader.base() == (0, GENESIS)
    reader.close()
    assert path.read_bytes() == before
    assert found.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("companions", [("-wal",), ("-wal", "-shm")])
def test_ok__what_a_killed_process_left_in_the_log_is_saved_too(tmp_path: Path, companions: tuple[str, ...]) -> None:
    path, aside = tmp_path / "journal.db", tmp_path / "journal.db.corrupt-1"
    journal = Journal(path, SiteConfig(), ManualClock(), synchronous="OFF")
    for _ in range(40):
        journal.append(NoticeEvent, code=NoticeCode.REX)
    for suffix in ("", *companions):
        aside.with_name(aside.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    journal.close()
    found = salvage(aside, tmp_path, gate_id="gate-1", acked={})
    assert read(found) == (list(range(1, 41)), True)


def test_ok__what_hq_holds_already_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = made(path, 30)
    found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 30})
    assert not list(tmp_path.glob("journal.salvaged-*"))
    assert str(found) == f"HQ holds all 30 events of epoch {epoch}"


def test_ok__damage_in_what_hq_holds_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = made(path, 1000)
    spoil_page(path, page_of(path, 2))
    found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 500})
    assert read(found) == (list(range(501, 1001)), True)
    assert salvage(path, tmp_path, gate_id="gate-1", acked={}).last == 0, (
        "without HQ's acknowledgement nothing can be sent"
    )


def test_ok__a_file_that_no_longer_says_its_epoch_is_known_by_its_events(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = made(path, 30)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE journal")
    db.close()
    assert salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 10}).first == 11


@pytest.mark.parametrize("epoch", ["../../etc/x", "", None, "a b"])
def test_fail__an_epoch_that_is_no_name(tmp_path: Path, epoch: object) -> None:
    path = tmp_path / "journal.db"
    made(path, 3)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE journal SET epoch = ?", (epoch,))
    db.close()
    with pytest.raises(NotSalvaged, match="does not say which epoch"):
        salvage(path, tmp_path, gate_id="gate-1", acked={})


def test_fail__a_changed_or_missing_record_ends_what_can_be_believed(tmp_path: Path) -> None:
    for name, spoil in (
        ("changed", "UPDATE events SET body = replace(body, 'rex', 'tamper') WHERE seq = 20"),
        ("missing", "DELETE FROM events WHERE seq = 20"),
        ("no hash", "UPDATE events SET hash = 'x' WHERE seq = 20"),
        ("no text", "UPDATE events SET body = x'ff00' WHERE seq = 20"),
        ("nothing", "UPDATE events SET utc = NULL, body = NULL WHERE seq = 20"),
    ):
        path = tmp_path / f"{name}.db"
        epoch = made(path, 30)
        with sqlite3.connect(path) as db:
            db.execute(spoil)
        db.close()
        found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 10})
        assert (found.first, found.last, found.newest) == (11, 19, 30), name
        assert read(found)[1]


def test_fail__a_hole_right_after_what_hq_holds_leaves_nothing_that_hq_could_take(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    epoch = made(path, 30)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM events WHERE seq = 11")
    db.close()
    found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 10})
    assert found.first > found.last
    assert str(found).endswith("nothing beyond it can be read, of 30 recorded")


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xa5" * 8000])
def test_fail__a_file_of_which_nothing_can_be_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db.corrupt-1"
    path.write_bytes(content)
    with pytest.raises(NotSalvaged, match=r"not a single event of journal\.db\.corrupt-1 can be read"):
        salvage(path, tmp_path, gate_id="gate-1", acked={})


def test_fail__no_file_or_another_gates_or_no_room(tmp_path: Path) -> None:
    with pytest.raises(NotSalvaged, match="cannot be opened"):
        salvage(tmp_path / "gone.db", tmp_path, gate_id="gate-1", acked={})
    made(tmp_path / "journal.db", 3, "gate-2")
    with pytest.raises(NotSalvaged, match="journal of gate 'gate-2', not of 'gate-1'"):
        salvage(tmp_path / "journal.db", tmp_path, gate_id="gate-1", acked={})
    with pytest.raises(NotSalvaged, match="free disk space"):
        salvage(tmp_path / "journal.db", tmp_path / "gone", gate_id="gate-2", acked={})


@pytest.mark.parametrize("seed", range(12))
def test_ok__whatever_is_damaged_what_is_saved_is_whole(tmp_path: Path, seed: int) -> None:
    dice, path = random.Random(seed), tmp_path / "journal.db"
    made(path, 400)
    data = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 30)):
        data[dice.randrange(4096, len(data))] = dice.randrange(256)
    path.write_bytes(bytes(data[: dice.randrange(len(data) // 2, len(data) + 1)]))
    try:
        found = salvage(path, tmp_path, gate_id="gate-1", acked={})
    except NotSalvaged:
        return
    if found.first <= found.last:
        numbers, whole = read(found)
        assert whole and numbers == list(range(1, found.last + 1))


def test_ok__a_saved_file_is_removed_once_hq_holds_all_of_it(tmp_path: Path) -> None:
    made(tmp_path / "journal.db", 30)
    found = salvage(tmp_path / "journal.db", tmp_path, gate_id="gate-1", acked={})
    (tmp_path / "journal.salvaged-strange.db").touch()
    assert [name for name, _, _ in salvaged_files(tmp_path)] == [found.path]
    disk = DiskSpace(tmp_path, DiskConfig(), Reserve(tmp_path / "reserve", 1))
    for seq, there in ((0, True), (29, True), (30, False), (30, False)):
        disk.forget_salvaged([Ack(gate_id="gate-1", epoch=found.epoch, seq=seq, utc=ManualClock().utc())])
        assert found.path.exists() is there


def test_ok__hq_went_back_below_what_was_removed_the_rest_is_saved_all_the_same(tmp_path: Path) -> None:
    for name, of in (("right", 31), ("wrong", 30)):
        path = tmp_path / f"{name}.db"
        epoch = made(path, 60)
        with sqlite3.connect(path) as db:
            db.execute(
                "UPDATE journal SET base_seq = 30, base_hash = (SELECT prev_hash FROM events WHERE seq = ?)", (of,)
            )
            db.execute("DELETE FROM events WHERE seq <= 30")
        db.close()
        found = salvage(path, tmp_path, gate_id="gate-1", acked={epoch: 20})
        if name == "right":
            assert (found.first, found.last, found.acked) == (31, 60, 20)
            assert read(found) == (list(range(31, 61)), True)
        else:
            assert found.first > found.last, "what does not follow what was removed is not believed"


@pytest.mark.parametrize("damage", ["none", "page", "all"])
def test_ok__what_was_done_once_stays_done_after_a_damage(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, SiteConfig(), ManualClock(), synchronous="OFF")
    for number in range(500):
        journal.append(NoticeEvent, ref=f"code-{number:03}", code=NoticeCode.REX)
    for state in ("lock-down:1", "lock-down-over:2"):
        journal.append(NoticeEvent, ref=state, code=NoticeCode.REX)
    epoch = journal.epoch
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    root = journal._file.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'refs'").fetchone()[0]
    journal.close()
    spoil_page(path, page_of(path, 250))
    if damage == "page":
        spoil_page(path, path.read_bytes().index(b"code-25") // 4096)
    if damage == "all":
        spoil_page(path, root - 1)
    journal = Journal(path, SiteConfig(), ManualClock(), synchronous="OFF")
    assert journal.restarted is not None and journal.epoch != epoch
    used = [number for number in range(500) if journal.seen(f"code-{number:03}")]
    if damage == "none":
        assert len(used) == 500
    elif damage == "page":
        assert used[:100] == list(range(100))
    else:
        assert used == []
    if damage == "none":
        assert journal.last_ref("lock-down:", "lock-down-over:") == "lock-down-over:2"
        journal.append(NoticeEvent, ref="lock-down:3", code=NoticeCode.REX)
        assert journal.last_ref("lock-down:", "lock-down-over:") == "lock-down:3", "what comes later stands later"
    journal.close()
