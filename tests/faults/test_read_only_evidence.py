"""The card of a gate that lost power, mounted read-only on another computer: what is there is read, and not said to be
missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sync_rig import Rig
from typer.testing import CliRunner

from edge.cli import app
from edge.core.config import SiteConfig
from edge.sim import ManualClock
from edge.storage.journal import Journal

INSIDE = """
import os, signal, sqlite3, subprocess, sys
from pathlib import Path
from typer.testing import CliRunner
from edge.cli import app

folder, config = Path(sys.argv[1]), sys.argv[2]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
killed = '''
import os, sys
from pathlib import Path
from contract.messages import NoticeCode, NoticeEvent
from edge.core import layout
from edge.core.config import SiteConfig
from edge.core.domain import ListMark
from edge.storage.desk import DeskWriter
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal
from edge.core.score_counts import DayScores
from edge.storage.score_store import ScoreStore
from edge.sim import ManualClock
from edge.replica.writer import ReplicaWriter
state = Path(sys.argv[1])
journal = Journal(state / layout.JOURNAL, SiteConfig(), ManualClock())
for _ in range(5):
    journal.append(NoticeEvent, code=NoticeCode.REX)
replica, desk = ReplicaWriter(state / layout.REPLICA), DeskWriter(state / layout.DESK)
desk.set_password("anna", "stored", by="test")
os.kill(os.getpid(), 9)
'''
assert subprocess.run([sys.executable, "-c", killed, folder]).returncode == -9
for path in folder.rglob("*-shm"):
    path.unlink()
assert (folder / "gate/journal.db-wal").stat().st_size > 0
subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
for words in (["events", "list"], ["events", "verify"], ["roster", "status"], ["policy", "show"]):
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*words, "--config", config])
    print("==", *words, done.exit_code)
    print(done.output)
from edge.storage.desk import DeskReader
from edge.storage import database_reader, sqlite_file
reader = database_reader.DatabaseReader(folder / "desk/desk.db")
desk = DeskReader(folder / "desk/desk.db", reader)
print("accounts", desk.has_accounts(), repr(reader.trouble))
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    keys = Rig(tmp_path, 1).hq_folder / "keys"
    (tmp_path / "state").mkdir()
    path = tmp_path / "sitegate.toml"
    path.write_text(
        f'[paths]\nstate_dir = "{tmp_path}/state"\n[keys]\nhq_signing_public_path = "{keys}/hq-signing.pub.pem"\n'
        f'hq_sealing_public_path = "{keys}/hq-sealing.pub.pem"\nsite_private_path = "{keys}/sites/site-1.key.pem"\n'
    )
    return path


def test_ok__a_card_mounted_read_only_is_read_with_what_its_log_holds(config: Path, tmp_path: Path) -> None:
    alone, scratch = ["unshare", "--mount", "--map-root-user"], tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [*alone, sys.executable, "-c", INSIDE, str(tmp_path / "state"), str(config)],
        capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(scratch)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout
    assert "== events list 0" in said and said.count("rex") == 5
    assert "== events verify 0" in said and "5 events of epoch" in said
    assert "== roster status 0" in said
    assert "accounts True ''" in said
    assert not list(scratch.iterdir()), "the copies are taken away"


@pytest.mark.parametrize("words", [("events", "list"), ("events", "verify"), ("roster", "status")])
def test_fail__what_cannot_be_read_is_not_said_to_be_missing(
    config: Path, tmp_path: Path, words: tuple[str, str]
) -> None:
    journal = tmp_path / "state/gate/journal.db"
    Journal(journal, SiteConfig(), ManualClock()).close()
    path = journal if words[0] == "events" else tmp_path / "state/sync/replica.db"
    path.parent.mkdir(exist_ok=True)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"this is no database, but something lies here" * 100)
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*words, "--config", str(config)])
    assert done.exit_code == 1, done.output
    assert "is there and cannot be read" in " ".join(done.output.split()) and "no journal" not in done.output
