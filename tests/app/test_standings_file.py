"""What the gate process writes of its workers, and what the screen reads of it."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from decision_parts import IN, NOW, on_lists, policy, worker

import edge.app.memory_folder
from edge.app.memory_folder import memory_files, memory_folder
from edge.app.standings_file import NAME, WORKERS_PER_TURN, StandingsFile, StandingsReader
from edge.core.config import Config, PathsConfig
from edge.core.decision import check_for_guard
from edge.core.domain import Circumstances, ListAge, RosterState, Worker
from edge.sim import ManualClock

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be several users")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    for name in ("memory", "state/gate", "state/desk"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(edge.app.memory_folder, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(edge.app.memory_folder, "SYSTEMD", tmp_path / "run")
    yield Config(paths=PathsConfig(state_dir=tmp_path / "state"))


def lists(*workers: Worker, version: int = 3) -> RosterState:
    age = ListAge(version, NOW)
    people = {one.worker_id: one for one in workers}
    return RosterState(workers=people, risks=on_lists("keys"), policy=policy(), roster=age, risk=age)


def written(config: Config, state: RosterState) -> StandingsFile:
    file = StandingsFile(config, lambda: state, ManualClock())
    for _ in range(5 + len(state.workers) // WORKERS_PER_TURN):
        file.write_if_due()
    return file


def test_ok__the_screen_decides_with_the_same_lists_as_the_gate(config: Config) -> None:
    state = lists(worker(valid_until=date(2026, 11, 20), cards=("c",), pin="secret"), worker(worker_id="w2"))
    written(config, state)
    found = StandingsReader(config).read()
    assert found is not None
    at = Circumstances("site-1", IN, NOW, True)
    for who in ("w1", "w2", "nobody"):
        here, there = (check_for_guard(who, one, at) for one in (found.state(), state))
        assert here == there
    assert (found.workers[0].has_card, found.workers[0].has_pin, found.workers[0].has_face) == (True, True, False)
    assert [one.list_name for one in found.workers[0].risks] == ["keys"]


def test_ok__no_card_pin_or_template_is_in_the_file(config: Config) -> None:
    written(config, lists(worker(cards=("card-secret",), pin="pin-secret")))
    text = (memory_folder(config) / NAME).read_text()
    assert "secret" not in text and set(json.loads(text)["workers"][0]) == {
        "worker_id", "listed", "here", "active", "valid_from", "valid_until", "training_valid_until", "declared_utc",
        "employer", "trade", "has_face", "has_card", "has_pin", "risks",
    }  # fmt: skip


def test_ok__many_workers_are_written_a_few_a_turn_and_anew_only_after_a_change(config: Config) -> None:
    people = [worker(worker_id=f"w{number}") for number in range(3 * WORKERS_PER_TURN)]
    state = [lists(*people)]
    file, path = StandingsFile(config, lambda: state[0], ManualClock()), memory_folder(config) / NAME
    reader = StandingsReader(config)
    file.write_if_due()
    assert not path.exists() and reader.read() is None
    for _ in range(8):
        file.write_if_due()
    first = reader.read()
    assert first is not None and len(first.workers) == len(people)
    before = path.stat().st_mtime_ns
    for _ in range(8):
        file.write_if_due()
    assert path.stat().st_mtime_ns == before and reader.read() is first
    state[0] = lists(*people[:1], version=4)  # beside one whom only a risk list names
    for _ in range(8):
        file.write_if_due()
    second = reader.read()
    assert second is not None and len(second.workers) == 2 and second.roster.version == 4
    file.remove()
    assert reader.read() is None and not path.parent.exists()


def test_ok__somebody_whom_only_a_risk_list_names_is_held_too(config: Config) -> None:
    written(config, lists(worker(worker_id="w2")))
    found = StandingsReader(config).read()
    assert found is not None
    assert [(one.worker_id, one.listed) for one in found.workers] == [("w2", True), ("w1", False)]
    assert "w1" not in found.state().workers and "w1" in found.state().risks


@as_root
def test_fail__a_folder_that_another_user_made_first_gets_no_list(config: Config, tmp_path: Path) -> None:
    planted = memory_files(config, NAME)[1].parent
    (tmp_path / "elsewhere").mkdir()
    planted.symlink_to(tmp_path / "elsewhere")
    written(config, lists(worker()))
    assert not any((tmp_path / "elsewhere").iterdir())
    planted.unlink()
    planted.mkdir()
    os.chown(planted, 12345, -1)
    written(config, lists(worker()))
    assert not any(planted.iterdir())


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"utc":1,"site_id":"\xff"}'])
def test_fail__what_cannot_be_read_is_no_list(config: Config, content: bytes) -> None:
    path = memory_folder(config) / NAME
    path.write_bytes(content)
    assert StandingsReader(config).read() is None
    path.unlink()
    path.mkdir()
    assert StandingsReader(config).read() is None
    path.rmdir()
    os.mkfifo(path)
    assert StandingsReader(config).read() is None


@as_root
def test_fail__a_file_of_another_user_is_not_believed(config: Config) -> None:
    written(config, lists(worker()))
    os.chown(memory_folder(config) / NAME, 12345, -1)
    os.chown(config.paths.state_dir / "gate", 54321, -1)
    assert StandingsReader(config).read() is None


@as_root
def test_fail__only_the_desks_group_reads_it(config: Config) -> None:
    """The process with the network is in the gate's own group, and not in the desk's."""
    path = memory_folder(config) / NAME
    written(config, lists(worker()))
    assert path.stat().st_mode & 0o777 == 0o600, "one user for all"
    desk = config.paths.state_dir / "desk"
    os.chown(desk, 12345, os.getegid())
    written(config, lists(worker()))
    assert path.stat().st_mode & 0o777 == 0o600, "the gate's own group is that of sync, too"
    os.chown(desk, 12345, 54321)
    written(config, lists(worker()))
    assert (path.stat().st_mode & 0o777, path.stat().st_gid) == (0o640, 54321)
