"""The reserve on a real disk, and the steps of a disk with a given free space."""

from datetime import date
from pathlib import Path

import pytest

from contract.messages import DiskStep
from edge.core.config import DiskConfig
from edge.core.score_counts import DayScores
from edge.storage.disk_space import MB, PIECE_BYTES, DiskSpace, Reserve, leftovers
from edge.storage.score_store import ScoreStore


class Disk:
    """What the filesystem says."""

    def __init__(self, free_mb: float) -> None:
        self.free_mb = free_mb

    def __call__(self, folder: Path) -> int:
        return int(self.free_mb * MB)


@pytest.fixture
def reserve(tmp_path: Path) -> Reserve:
    return Reserve(tmp_path / "journal.reserve", 3)


def test_ok__a_reserve_takes_up_room_and_gives_it_back_piece_by_piece(reserve: Reserve, tmp_path: Path) -> None:
    path = tmp_path / "journal.reserve"
    assert reserve.missing_bytes == 3 * PIECE_BYTES
    assert not reserve.release_piece()
    assert reserve.fill()
    assert path.stat().st_blocks * 512 >= 3 * PIECE_BYTES, "really allocated"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [reserve.release_piece() for _ in range(5)] == [True, True, True, False, False]
    assert (path.stat().st_size, reserve.missing_bytes) == (0, 3 * PIECE_BYTES)
    assert reserve.fill()
    assert reserve.missing_bytes == 0


def test_ok__a_smaller_reserve_gives_the_rest_back(reserve: Reserve, tmp_path: Path) -> None:
    reserve.fill()
    smaller = Reserve(tmp_path / "journal.reserve", 1)
    assert smaller.missing_bytes == 0
    assert smaller.fill()
    assert (tmp_path / "journal.reserve").stat().st_size == PIECE_BYTES


def test_fail__a_folder_that_is_not_there_has_no_reserve(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "gone" / "journal.reserve", 1)
    assert not reserve.fill()
    assert not reserve.release_piece()


def test_ok__the_steps_of_a_disk_that_fills_up_and_is_freed(reserve: Reserve, tmp_path: Path) -> None:
    told = Disk(5000)
    disk = DiskSpace(tmp_path, DiskConfig(), reserve, free_bytes=told)
    seen = []
    for free_mb in (5000, 990, 1100, 480, 150, 230, 250, 700, 1300):
        told.free_mb = free_mb
        disk.measure()
        seen.append((disk.step.value, disk.diagnostics))
    assert [step for step, _ in seen] == [
        "ok", "low", "low", "very_low", "critical", "critical", "very_low", "low", "ok"
    ]  # fmt: skip
    assert [diagnostics for _, diagnostics in seen] == [True] * 3 + [False] * 4 + [True] * 2


def test_ok__a_reserve_that_was_drawn_on_is_critical_until_it_is_whole_again(reserve: Reserve, tmp_path: Path) -> None:
    told = Disk(5000)
    disk = DiskSpace(tmp_path, DiskConfig(), reserve, free_bytes=told)
    disk.measure()
    assert reserve.missing_bytes == 0, "made at the first look"
    reserve.release_piece()
    told.free_mb = 240
    disk.measure()
    assert (disk.step, reserve.missing_bytes) == (DiskStep.CRITICAL, PIECE_BYTES)
    told.free_mb = 242
    disk.measure()
    assert (disk.step, reserve.missing_bytes) == (DiskStep.VERY_LOW, 0)


def test_ok__damaged_files_that_were_set_aside_are_named(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"x")
    (tmp_path / "journal.db.corrupt-20260302T070000-1").write_bytes(b"x" * 2_500_000)
    (tmp_path / "journal.db.corrupt-20260302T070000-1-wal").write_bytes(b"x" * 1_000_000)
    (tmp_path / "replica.db.corrupt-20260302T070000-2").write_bytes(b"")
    assert leftovers(tmp_path) == [
        "journal.db.corrupt-20260302T070000-1 (3.5 MB)",
        "replica.db.corrupt-20260302T070000-2 (0.0 MB)",
    ]


def test_ok__scores_are_not_counted_while_there_is_room_for_events_only(tmp_path: Path) -> None:
    room = [False]
    store = ScoreStore(tmp_path / "scores.db", lambda: room[0])
    day = DayScores(day=date(2026, 3, 2), model_id="m")
    store.save(day)
    assert store._db is not None
    assert store._db.execute("SELECT count(*) FROM days").fetchone() == (0,)
    room[0] = True
    store.save(day)
    assert store._db.execute("SELECT count(*) FROM days").fetchone() == (1,)
    store.close()
