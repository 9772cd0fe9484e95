"""The gate process stops without a word on standard error that is no log line: nothing is left for libraries to
complain of."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from hq.keys.keys import init


def test_ok__a_stopped_gate_leaves_nothing_that_a_library_complains_of(
    tmp_path: Path, models_dir: Path, photos_dir: Path
) -> None:
    init(tmp_path / "hq", ("site-1",), 1)
    (tmp_path / "photos").mkdir()
    shutil.copy(photos_dir / "person-c-1.png", tmp_path / "photos")
    config = tmp_path / "gate.toml"
    config.write_text(
        f"""
[paths]
state_dir = "state"
models_dir = "{models_dir}"
[keys]
hq_signing_public_path = "hq/keys/hq-signing.pub.pem"
hq_sealing_public_path = "hq/keys/hq-sealing.pub.pem"
site_private_path = "hq/keys/sites/site-1.key.pem"
gate_signing_path = "gate.key.pem"
[camera]
source = "folder"
path = "photos"
repeat = true
[gate]
pins = "mock"
"""
    )
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "gate", "--config", str(config), "--log-json"], stderr=subprocess.PIPE, text=True
    ) as gate:
        assert gate.stderr is not None
        told = []
        for line in gate.stderr:
            told.append(line)
            if '"camera_ok"' in line:
                time.sleep(1)  # some frames have been searched for codes
                gate.send_signal(signal.SIGTERM)
    assert gate.returncode == 0, told
    assert [line for line in told if not _is_log(line)] == []


def _is_log(line: str) -> bool:
    try:
        return "event" in json.loads(line)
    except ValueError:
        return False
