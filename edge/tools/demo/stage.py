"""The demonstration's machinery: a broker, HQ and a gate as separate processes in one folder, talking over MQTT."""

import json
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from contract.signing import read_sealing_public
from edge.app.state_folders import PIN_HISTORY
from edge.core.config import Config, load
from edge.matcher import FaceMatcher
from edge.matcher.enrolment.request import enrolment_record, sealed_request
from edge.system.clock import SystemClock
from edge.tools.demo.cast import MEMBERS, Portrait, walk_up_script

SITE, GATE = "site-demo", "gate-demo"
FILM_HZ = 20.0
BROKER_S = 20.0
_HQ = str(Path(sys.executable).with_name("sitegate-hq"))


class StageError(RuntimeError):
    """The demonstration could not be set up; the text says where to look."""


class DemoStage:
    """Owns the folder and the processes in it; leaving the context stops them all."""

    def __init__(self, root: Path, models_dir: Path, *, repeat: bool = False) -> None:
        shutil.rmtree(root, ignore_errors=True)
        (root / "logs").mkdir(parents=True)
        self.root, self._models_dir, self._repeat = root, models_dir, repeat
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.broker_port, self.screen_port = _free_port(), _free_port()
        self.go = root / "go"

    def __enter__(self) -> "DemoStage":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def config_path(self) -> Path:
        return self.root / "gate.toml"

    @property
    def hq_dir(self) -> Path:
        return self.root / "hq"

    @property
    def pins_path(self) -> Path:
        return self.root / "state" / PIN_HISTORY

    def config(self) -> Config:
        return load(self.config_path)

    def start_broker(self) -> None:
        """HQ's keys, and the broker; it comes up while the caller goes on."""
        self._run("init", str(self.hq_dir), "--site", SITE, "--broker-port", str(self.broker_port))
        self._start("broker", [_HQ, "broker", "--dir", str(self.hq_dir)])

    def start_hq(self) -> None:
        """HQ, once the broker listens."""
        deadline = time.monotonic() + BROKER_S
        while not _listening(self.broker_port):
            self.check_alive()
            if time.monotonic() > deadline:
                raise StageError(f"the broker does not listen after {BROKER_S:g} s; see {self.root / 'logs'}")
            time.sleep(0.02)
        self._start("hq", [_HQ, "run", "--dir", str(self.hq_dir)])

    def publish(self, cast: Mapping[str, Portrait], matcher: FaceMatcher) -> None:
        """Enrol the members and let HQ publish roster and risk list to the gate's site."""
        hq_key = read_sealing_public(self.hq_dir / "keys" / "hq-sealing.pub.pem")
        now = SystemClock().utc()
        sealed = []
        for member in MEMBERS:
            templates = matcher.enrol([cast[member.portrait].crop()])
            enrolment = enrolment_record(member.worker_id, member.consent_ref, templates, now)
            sealed.append(b64encode(sealed_request(enrolment, hq_key).sealed_record).decode())
        people = {
            "workers": [
                {"worker_id": m.worker_id, "sites": m.sites, "training_valid_until": m.training_valid_until}
                for m in MEMBERS
            ],
            "risk": [{"worker_id": m.worker_id} for m in MEMBERS if m.listed],
            "sealed_enrolments": sealed,
        }
        path = self.root / "people.json"
        path.write_text(json.dumps(people), encoding="utf-8")
        self.hq("import", str(path), "--publish")

    def start_gate(self, cast: Mapping[str, Portrait]) -> None:
        """The gate's three processes under one supervisor, its camera playing the walk-ups once `go` exists. HQ knows its keys
        before."""
        script = walk_up_script(cast, self.go, FILM_HZ, tail_s=3.0 if self._repeat else 600.0)
        (self.root / "walk-ups.toml").write_text(script, encoding="utf-8")
        self.config_path.write_text(self._gate_toml(), encoding="utf-8")
        self.register()
        self._start("gate", [sys.executable, "-m", "edge", "run", "--config", str(self.config_path), "--log-json"])

    def register(self) -> None:
        """HQ gives a code, and the gate shows its keys with it, as a technician would do it. Raises StageError."""
        code = self.hq("gate", "code", GATE, "--site", SITE, "--by", "demo").split()[0]
        command = [sys.executable, "-m", "edge", "register", code, "--config", str(self.config_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise StageError(f"the gate could not register:\n{done.stderr.strip()}")

    def hq(self, *arguments: str) -> str:
        """Run one `sitegate-hq` command to its end; what it printed. Raises StageError."""
        return self._run(*arguments, "--dir", str(self.hq_dir))

    def hq_verdicts(self) -> list[dict[str, Any]]:
        """What `sitegate-hq verify` says of each journal: gate, epoch, events held, last seq, ok."""
        return list(json.loads(self._run("verify", "--json", "--dir", str(self.hq_dir), codes=(0, 2))))

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def check_alive(self) -> None:
        """Raises StageError if a process of the stage has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise StageError(f"{name} ended with code {process.returncode}:\n{self.log_tail(name)}")

    def log_tail(self, name: str, lines: int = 8) -> str:
        text = (self.root / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def close(self) -> None:
        """Gate first, then HQ, then the broker; may be called twice."""
        for name in ("gate", "hq", "broker"):
            self.stop(name)

    def stop(self, name: str) -> None:
        """Ask one process to stop and wait for it; nothing if it does not run."""
        process = self._processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run([_HQ, *arguments], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode not in codes:
            raise StageError(f"sitegate-hq {' '.join(arguments)} failed:\n{done.stderr.strip()}")
        return done.stdout

    def _start(self, name: str, command: list[str]) -> None:
        with (self.root / "logs" / f"{name}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches the demonstration, which stops everything in order.
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _gate_toml(self) -> str:
        keys = self.hq_dir / "keys"
        return f"""\
[site]
site_id = "{SITE}"
gate_id = "{GATE}"
[paths]
state_dir = "state"
models_dir = {json.dumps(str(self._models_dir))}
[keys]
hq_signing_public_path = {json.dumps(str(keys / "hq-signing.pub.pem"))}
hq_sealing_public_path = {json.dumps(str(keys / "hq-sealing.pub.pem"))}
site_private_path = {json.dumps(str(keys / "sites" / f"{SITE}.key.pem"))}
[camera]
source = "walkup"
path = "walk-ups.toml"
repeat = {json.dumps(self._repeat)}
rate_hz = {FILM_HZ}
[matcher]
approach_gap_ms = 350
[decision]
advice_after_ms = 450
[liveness]
mode = "off"
[gate]
pins = "mock"
passage_pin = 22
pulse_ms = 400
mock_walk_through_s = 0.25
[sync]
broker_host = "127.0.0.1"
broker_port = {self.broker_port}
tls = false
health_every_s = 2
[screen]
port = {self.screen_port}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
