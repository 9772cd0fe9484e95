"""The high-water marks on a real file: they outlive damage, a torn write, a full disk and the journal itself."""

import os
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.messages import ListKind
from edge.core.domain import ListMark
from edge.storage.high_water import NAME, TAKES_OLDER_FOR, HighWater, Marks

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def mark(version: int, digest: str = "d") -> ListMark:
    return ListMark(version=version, issued_utc=NOW, digest=f"{digest}{version}")


def test_ok__what_was_kept_is_there_at_the_next_start(tmp_path: Path) -> None:
    water = HighWater(tmp_path)
    assert water.marks == Marks()
    for version in (3, 7, 7):
        water.raise_to(ListKind.RISK, mark(version))
    water.note_order(NOW)
    water.note_order(NOW - timedelta(hours=1))
    again = HighWater(tmp_path)
    assert (again.of(ListKind.RISK), again.of(ListKind.ROSTER), again.newest_order()) == (mark(7), None, NOW)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("at", range(0, 8192, 512))
def test_fail__half_a_write_leaves_the_one_before(tmp_path: Path, at: int) -> None:
    water = HighWater(tmp_path)
    for version in (1, 2, 3):
        water.raise_to(ListKind.ROSTER, mark(version))
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    data[at : at + 512] = os.urandom(512)
    path.write_bytes(bytes(data))
    found = HighWater(tmp_path).of(ListKind.ROSTER)
    assert found in (mark(2), mark(3))
    HighWater(tmp_path).raise_to(ListKind.ROSTER, mark(9))
    assert HighWater(tmp_path).of(ListKind.ROSTER) == mark(9)


@pytest.mark.parametrize("lost", ["file", "journal"])
def test_ok__each_of_two_copies_makes_good_what_the_other_lost(tmp_path: Path, lost: str) -> None:
    journal: list[str] = []
    water = HighWater(tmp_path)
    water.join(None, journal.append)
    water.raise_to(ListKind.RISK, mark(7))
    if lost == "file":
        (tmp_path / NAME).unlink()
    again = HighWater(tmp_path)
    again.join(journal[-1] if lost == "file" else None, journal.append)
    assert again.of(ListKind.RISK) == mark(7)
    assert HighWater(tmp_path).of(ListKind.RISK) == mark(7)
    assert '"version":7' in journal[-1]


def test_fail__an_older_copy_lowers_nothing(tmp_path: Path) -> None:
    journal: list[str] = []
    water = HighWater(tmp_path)
    water.join(None, journal.append)
    water.raise_to(ListKind.RISK, mark(5))
    image = (tmp_path / NAME).read_bytes()
    water.raise_to(ListKind.RISK, mark(7))
    (tmp_path / NAME).write_bytes(image)
    again = HighWater(tmp_path)
    assert again.of(ListKind.RISK) == mark(5)
    again.join(journal[-1], journal.append)
    assert again.of(ListKind.RISK) == mark(7)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_fail__something_else_in_the_files_place_stops_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / NAME
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        (tmp_path / "target").write_text("untouched")
        path.symlink_to(tmp_path / "target")
    water = HighWater(tmp_path)
    water.raise_to(ListKind.RISK, mark(7))
    assert water.of(ListKind.RISK) == mark(7), "in memory it holds"
    if kind == "link":
        assert (tmp_path / "target").read_text() == "untouched"


def test_ok__a_full_disk_takes_marks(tmp_path: Path) -> None:
    """The room was taken at the first write: a disk that is full since does not keep a list from being remembered."""
    water = HighWater(tmp_path)
    water.raise_to(ListKind.RISK, mark(1))
    size = (tmp_path / NAME).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        for version in range(2, 10):
            water.raise_to(ListKind.RISK, mark(version))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert HighWater(tmp_path).of(ListKind.RISK) == mark(9)


def test_ok__a_technician_lets_one_older_list_of_each_kind_in_for_an_hour(tmp_path: Path) -> None:
    now = [NOW]
    water = HighWater(tmp_path, now=lambda: now[0])
    water.raise_to(ListKind.RISK, mark(7))
    water.raise_to(ListKind.ROSTER, mark(9))
    assert water.highest() == {ListKind.RISK: 7, ListKind.ROSTER: 9}
    water.take_older()
    water.raise_to(ListKind.RISK, mark(7))  # the one in force is looked at once more: that closes nothing
    assert water.takes_older(ListKind.RISK)
    water.raise_to(ListKind.RISK, mark(3))
    assert not water.takes_older(ListKind.RISK) and water.takes_older(ListKind.ROSTER)
    again = HighWater(tmp_path, now=lambda: now[0])
    again.join(water.marks.model_copy(update={"generation": 0}).model_dump_json(), lambda _: None)
    assert again.of(ListKind.RISK) == mark(3), "the older copy in the journal does not bring the higher one back"
    now[0] += TAKES_OLDER_FOR
    assert not again.takes_older(ListKind.ROSTER)


def test_ok__who_only_looks_writes_nothing(tmp_path: Path) -> None:
    water = HighWater(tmp_path, writes=False)
    water.raise_to(ListKind.RISK, mark(7))
    assert not list(tmp_path.iterdir())
