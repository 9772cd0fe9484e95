"""Both guards at once: the gate process and its second guard are killed, or stopped, together. What is left is systemd.

systemd itself is not here. Its two parts in this are: the watchdog, which the frozen process must not go on feeding,
and what ExecStopPost runs, which must lock after any end of the processes.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from child_processes import children_of

from edge.app.state_folders import PIN_HISTORY

RELAY = 17
CONFIG = """
[paths]
state_dir = "state"
models_dir = "{models}"
[keys]
hq_signing_public_path = "hq/keys/hq-signing.pub.pem"
hq_sealing_public_path = "hq/keys/hq-sealing.pub.pem"
site_private_path = "hq/keys/sites/site-1.key.pem"
gate_signing_path = "gate.key.pem"
[camera]
source = "folder"
path = "cam"
repeat = true
rate_hz = 5
[liveness]
mode = "off"
[gate]
pins = "mock"
relay_active_high = {active_high}
pulse_ms = 9000
pulse_max_ms = 10000
"""
RELEASES = """
import os, signal, sys, time
from pathlib import Path
from edge.core.config import load
from edge.devices.gate import GpioGate, ProcessWatchdog, make_factory
config, state = load(Path(sys.argv[1])), Path(sys.argv[2])
(state / "gate").mkdir(parents=True)
watchdog = ProcessWatchdog(config.gate, state / "gate" / "pulse-cuts.jsonl", state / "gate" / "pins.jsonl")
gate = GpioGate(config.gate, make_factory(config.gate, state / "gate" / "pins.jsonl"), watchdog)
watchdog.start()
time.sleep(0.5)
gate.pulse()
os.kill(watchdog.pid, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def sitegate(*words: str) -> list[str]:
    return [sys.executable, "-m", "edge", *words]


@pytest.fixture
def config(tmp_path: Path, models_dir: Path) -> Path:
    return written(tmp_path, models_dir, "true")


def written(folder: Path, models_dir: Path, active_high: str) -> Path:
    path = folder / "gate.toml"
    path.write_text(CONFIG.format(models=models_dir, active_high=active_high))
    return path


@pytest.mark.parametrize("active_high", ["true", "false"])
def test_ok__what_systemd_runs_afterwards_locks_though_both_guards_were_killed(
    tmp_path: Path, models_dir: Path, active_high: str
) -> None:
    config = written(tmp_path, models_dir, active_high)
    process = subprocess.Popen([sys.executable, "-c", RELEASES, str(config), str(tmp_path / "state")])
    assert process.wait(30) == -signal.SIGKILL
    time.sleep(0.5)
    high = active_high == "true"
    assert levels(tmp_path)[-1] == (process.pid, int(high))  # nobody is left who locks
    done = subprocess.run(sitegate("lock", "--config", str(config)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    pid, level = levels(tmp_path)[-1]
    assert pid != process.pid
    assert level == int(not high)


def levels(folder: Path) -> list[tuple[int, int]]:
    """Who drove the relay to what."""
    lines = [json.loads(line) for line in (folder / "state" / PIN_HISTORY).read_text().splitlines()]
    return [(x["pid"], x["level"]) for x in lines if x["pin"] == f"GPIO{RELAY}" and x["function"] == "output"]


class Systemd:
    """Its notification socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(0.1)

    def hears(self, seconds: float, word: str) -> bool:
        """True if this word comes within so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(TimeoutError):
                if word in self._socket.recv(1000).decode():
                    return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.close()


def test_ok__a_frozen_gate_process_feeds_no_watchdog_and_its_second_guard_does_not_either(
    tmp_path: Path, config: Path, systemd: Systemd
) -> None:
    program = str(Path(sys.executable).with_name("sitegate-hq"))
    subprocess.run([program, "init", str(tmp_path / "hq"), "--site", "site-1"], check=True, capture_output=True)
    (tmp_path / "cam").mkdir()
    cv2.imwrite(str(tmp_path / "cam" / "grey.png"), np.full((480, 640, 3), 90, np.uint8))
    told = {**os.environ, "NOTIFY_SOCKET": str(systemd.path)}
    gate = subprocess.Popen(sitegate("gate", "--config", str(config)), env=told, stderr=subprocess.DEVNULL)
    try:
        assert systemd.hears(60, "READY=1")
        assert systemd.hears(10, "WATCHDOG=1")
        (guard,) = (child for child, command in children_of(gate.pid) if "watchdog_process" in " ".join(command))
        for process in (gate.pid, guard.pid):
            os.kill(process, signal.SIGSTOP)
        wait_for(lambda: guard.status() == psutil.STATUS_STOPPED)
        systemd.hears(0.5, "what was on its way")
        assert not systemd.hears(3, "WATCHDOG=1")
        for process in (guard.pid, gate.pid):
            os.kill(process, signal.SIGCONT)
        assert systemd.hears(10, "WATCHDOG=1")
    finally:
        gate.kill()
        gate.wait()


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
