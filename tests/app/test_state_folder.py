"""The state folder: a folder for each process that writes, and the move of what version 0.1 left side by side."""

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import NoticeCode, NoticeEvent
from edge.app import state_migration as flat
from edge.app.state_folders import CUT_NOTES, DESK, JOURNAL, REPLICA, SCORES, folders, gate_dir
from edge.core.config import Config, SiteConfig, parse
from edge.core.ports import JournalError
from edge.replica.writer import ReplicaWriter
from edge.storage.desk import DeskReader, DeskWriter
from edge.storage.journal import Journal, JournalReader
from edge.storage.score_store import ScoreStore
from edge.system.clock import SystemClock

EVENTS = 5
LEFT = """\
import os, sys
from pathlib import Path
from contract.messages import NoticeCode, NoticeEvent
from edge.system.clock import SystemClock
from edge.core.config import SiteConfig
from edge.storage.journal import Journal
journal = Journal(Path(sys.argv[1]), SiteConfig(), SystemClock())
for number in range(int(sys.argv[2])):
    journal.append(NoticeEvent, code=NoticeCode.REX)
os._exit(9)
"""
"""A gate process that was killed: its events lie in the write-ahead log."""


def config(state: Path) -> Config:
    return parse({"paths": {"state_dir": str(state)}})


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A state folder as version 0.1 leaves it, after a kill and a repair."""
    state = tmp_path / "state"
    state.mkdir(mode=0o2770)
    subprocess.run([sys.executable, "-c", LEFT, str(state / "journal.db"), str(EVENTS)], check=False)
    assert (state / "journal.db-wal").stat().st_size
    ReplicaWriter(state / "replica.db").close()
    ScoreStore(state / "scores.db").close()
    desk = DeskWriter(state / "desk" / "desk.db")
    desk.set_password("anna", "stored", by="test")
    desk.close()
    (state / "pulse-cuts.jsonl").write_text('{"ref": "pulse-cut:1", "text": "locked"}\n')
    for name in (
        "journal.salvaged-e-1-7.db",
        "journal.db.corrupt-1",
        "journal.db.corrupt-1-wal",
        "replica.db.corrupt-2",
    ):
        (state / name).write_bytes(b"kept")
    (state / "pins.jsonl").write_text("{}\n")
    (state / "metrics").mkdir()
    (state / "metrics" / "gate.prom").write_text("x 1\n")
    (state / "home-assistant.topic").write_text("homeassistant/device/x/config")
    (state / "journal.reserve").write_bytes(bytes(100))
    for path in state.rglob("*.db*"):
        path.chmod(0o660)
    return state


def events(state: Path) -> int:
    reader = JournalReader(state / JOURNAL)
    found = len(reader.records(0, 100))
    reader.close()
    return found


def everything(state: Path) -> None:
    """Nothing was lost, and nothing lies in the old place."""
    assert events(state) == EVENTS
    assert (state / REPLICA).stat().st_size
    assert (state / SCORES).stat().st_size
    assert DeskReader(state / DESK).has_accounts()
    assert json.loads((state / CUT_NOTES).read_text())["ref"] == "pulse-cut:1"
    for name in ("journal.salvaged-e-1-7.db", "journal.db.corrupt-1", "journal.db.corrupt-1-wal"):
        assert (state / "gate" / name).read_bytes() == b"kept"
    assert (state / "sync" / "replica.db.corrupt-2").read_bytes() == b"kept"
    assert (state / "sync" / "home-assistant.topic").read_text()
    assert sorted(path.name for path in state.iterdir()) == ["desk", "gate", "sync"]
    assert not flat.is_flat(state)
    for name in (JOURNAL, SCORES, REPLICA, DESK):
        for suffix in ("-wal", "-shm"):
            assert (state / (name + suffix)).exists(), "a reader of another user needs it"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (state / "gate").iterdir()}
    assert set(modes.values()) == {"0o640"}, modes


def test_ok__a_state_folder_of_0_1_is_moved_whole(old: Path) -> None:
    assert flat.move(old) >= 12
    everything(old)
    assert flat.move(old) == 0, "once is enough"


def test_ok__the_processes_move_it_themselves_where_one_user_runs_them_all(old: Path) -> None:
    gate_dir(config(old))
    everything(old)
    journal = Journal(old / JOURNAL, SiteConfig(), SystemClock())
    assert journal.restarted is None
    assert journal.append(NoticeEvent, code=NoticeCode.REX).seq == EVENTS + 1
    journal.close()


@pytest.mark.parametrize("after", range(14))
def test_ok__interrupted_at_any_file_a_second_run_finishes(
    old: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, real = [], flat._move

    def stops(path: Path, folder: Path) -> bool:
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(path)
        return real(path, folder)

    with monkeypatch.context() as patch:
        patch.setattr(flat, "_move", stops)
        with pytest.raises(KeyboardInterrupt):
            flat.move(old)
            raise KeyboardInterrupt  # all were moved before
    gate_dir(config(old))
    everything(old)


def test_fail__not_while_a_process_of_0_1_runs(old: Path) -> None:
    with (old / "journal.db.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(JournalError, match="stop the processes of the earlier version"):
            flat.move(old)
    assert (old / "journal.db").exists()
    flat.move(old)
    everything(old)


def test_fail__two_journals_are_never_mixed(old: Path) -> None:
    (old / "gate").mkdir()
    (old / JOURNAL).write_bytes(b"somebody's")
    with pytest.raises(JournalError, match="is there already"):
        flat.move(old)
    assert (old / JOURNAL).read_bytes() == b"somebody's"


@pytest.mark.parametrize("name", ["replica.db", "pulse-cuts.jsonl", "home-assistant.topic"])
def test_fail__what_is_no_file_stays_and_the_rest_is_moved(old: Path, name: str) -> None:
    for path in old.glob(f"{name}*"):
        path.unlink()
    os.mkfifo(old / name)
    flat.move(old)
    assert events(old) == EVENTS
    assert (old / name).is_fifo()


def test_fail__notes_of_another_user_are_not_believed(old: Path) -> None:
    """In the folder that all could write, anybody could ask the gate to note a reference of their choice."""
    os.chown(old / "pulse-cuts.jsonl", 12345, -1)
    flat.move(old)
    assert not (old / CUT_NOTES).exists()
    assert (old / f"{CUT_NOTES}.not-trusted").exists()


def test_ok__as_root_everything_is_given_to_the_owner_of_its_folder(old: Path) -> None:
    owners = {"gate": 12001, "sync": 12002, "desk": 12003}
    for name, uid in owners.items():
        (old / name).mkdir(exist_ok=True)
        os.chown(old / name, uid, 12000)
    flat.move(old)
    for folder in folders(config(old)):
        for path in folder.iterdir():
            found = path.stat()
            if "not-trusted" in path.name:
                continue
            assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (owners[folder.name], 12000, 0o640), path


def test_ok__the_command_says_what_it_did(old: Path) -> None:
    toml = old.parent / "gate.toml"
    toml.write_text(f'[paths]\nstate_dir = "{old}"\n')
    command = [sys.executable, "-m", "edge", "state", "migrate", "--config", str(toml)]
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "files of version 0.1 moved" in first
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "is as it should be" in again


@pytest.fixture
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration whose desk/ belongs to another user, who can get there."""
    base = Path(tempfile.mkdtemp(prefix="sitegate-desk-", dir="/tmp"))
    base.chmod(0o755)
    (base / "state" / "desk").mkdir(parents=True)
    os.chown(base / "state" / "desk", 12003, 12000)
    (base / "gate.toml").write_text(f'[paths]\nstate_dir = "{base}/state"\n')
    yield base
    shutil.rmtree(base)


def add_account(base: Path) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "edge",
        "account",
        "add",
        "anna",
        "--password-stdin",
        "--config",
        f"{base}/gate.toml",
    ]
    return subprocess.run(command, input="a long enough password\n", capture_output=True, text=True, check=False)


def test_ok__a_command_of_root_works_as_the_owner_of_the_folder(screens: Path) -> None:
    done = add_account(screens)
    assert done.returncode == 0, done.stderr
    assert DeskReader(screens / "state" / DESK).has_accounts()
    assert {path.stat().st_uid for path in (screens / "state" / "desk").iterdir()} == {12003}


@pytest.mark.parametrize("name", ["desk.db", "desk.db-wal"])
def test_fail__a_command_of_root_is_not_led_elsewhere_by_a_link(screens: Path, name: str) -> None:
    victim = screens / "victim"
    victim.write_text("root's")
    victim.chmod(0o600)
    (screens / "state" / "desk" / name).symlink_to(victim)
    add_account(screens)  # refused, or the link itself is replaced
    found = victim.stat()
    assert (victim.read_text(), found.st_uid, found.st_mode & 0o777) == ("root's", 0, 0o600)


def test_ok__the_files_are_of_the_layout(tmp_path: Path) -> None:
    gate_dir(config(tmp_path / "new"))
    with sqlite3.connect(tmp_path / "new" / JOURNAL):
        pass
    assert (tmp_path / "new" / "gate").stat().st_mode & 0o777 == 0o750
