"""`sitegate events` on a journal whose clock was set, and on one that was damaged."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sync_rig import Rig
from typer.testing import CliRunner

from contract.messages import NoticeCode, NoticeEvent
from edge.cli import app
from edge.core.config import SiteConfig
from edge.sim import ManualClock
from edge.storage.journal import Journal


@pytest.fixture
def config(tmp_path: Path) -> Path:
    keys = Rig(tmp_path, 1).hq_folder / "keys"
    path = tmp_path / "sitegate.toml"
    path.write_text(
        f'[paths]\nstate_dir = "{tmp_path}/gate"\n[keys]\nhq_signing_public_path = "{keys}/hq-signing.pub.pem"\n'
        f'hq_sealing_public_path = "{keys}/hq-sealing.pub.pem"\nsite_private_path = "{keys}/sites/site-1.key.pem"\n'
    )
    return path


def booted_in_1970(folder: Path, gate_id: str = "gate-1") -> None:
    clock = ManualClock()
    right = clock.utc()
    clock.set_utc(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    journal = Journal(folder / "gate/journal.db", SiteConfig(gate_id=gate_id), clock)
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED)
    clock.advance(60)
    clock.set_utc(right + timedelta(seconds=60))
    journal.append(NoticeEvent, code=NoticeCode.REX)
    journal.close()


def sitegate(*words: str) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words))
    return done.exit_code, done.output


def test_ok__corrected_times_are_shown_and_marked(config: Path, tmp_path: Path) -> None:
    booted_in_1970(tmp_path / "gate")
    code, shown = sitegate("events", "list", "--config", str(config))
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert code == 0
    assert lines[1].startswith("1 2026-03-02 07:00:00 (1970-01-01 00:05:00) notice gate_started")
    assert lines[2].startswith("2 2026-03-02 07:01:00 clock clock set it showed 1970-01-01 00:06:00")
    assert lines[3].startswith("3 2026-03-02 07:01:00 notice rex")
    events = [
        json.loads(line) for line in sitegate("events", "list", "--json", "--config", str(config))[1].splitlines()
    ]
    assert [event.get("corrected_utc") for event in events] == ["2026-03-02T07:00:00+00:00", None, None]
    assert events[0]["utc"] == "1970-01-01T00:05:00Z"


def test_ok__salvage_saves_what_hq_does_not_hold(config: Path, tmp_path: Path) -> None:
    booted_in_1970(tmp_path / "gate")
    damaged = tmp_path / "gate/gate/journal.db.corrupt-1"
    (tmp_path / "gate/gate/journal.db").rename(damaged)
    code, said = sitegate("events", "salvage", str(damaged), "--config", str(config))
    assert code == 0
    assert said.startswith("events 1 to 3 of epoch ") and said.rstrip().endswith("were saved for HQ")
    assert len(list((tmp_path / "gate/gate").glob("journal.salvaged-*-3.db"))) == 1


def test_fail__salvage_says_why_there_is_nothing(config: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "journal.db.corrupt-1"
    damaged.write_bytes(b"no database")
    code, said = sitegate("events", "salvage", str(damaged), "--config", str(config))
    assert code == 1
    assert "not a single event of journal.db.corrupt-1 can be read" in said
    booted_in_1970(tmp_path / "other", "gate-2")
    code, said = sitegate("events", "salvage", str(tmp_path / "other/gate/journal.db"), "--config", str(config))
    assert code == 1
    assert "is the journal of gate 'gate-2', not of 'gate-1'" in said
