"""The demonstration's machinery: a broker, HQ and a gate as separate processes in one folder, talking over MQTT.

Each step of the start is a command of its own, as people would type it. What does not wait for another runs beside it.
"""

import json
import secrets
import shutil
import socket
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from common.processes import STOP_S, Processes
from contract.messages import EnrolmentRecord
from contract.signing import read_sealing_public
from edge.app.state_folders import DESK, PIN_HISTORY
from edge.core.config import Config, MatcherConfig, load
from edge.matcher import FaceMatcher, open_matcher
from edge.matcher.enrolment.request import enrolment_record, sealed_request
from edge.screen.access.passwords import hash_password
from edge.screen.access.roles import Role
from edge.storage.desk import DeskWriter
from edge.system.clock import SystemClock
from edge.tools.demo.cast import ACTS, MEMBERS, Act, Portrait, portraits, walk_up_script
from edge.tools.demo.gate_file import FILM_HZ, GATE, SITE, gate_toml

STEP_S = 60.0
GATE_STOP_S = 30.0
"""More than `sitegate run` gives its three processes."""
CONSOLE_S = 300.0
"""The console's database is made and filled in this time, also on a slow machine."""
KEPT_TAIL_S = 8.0
"""Between two rounds of a kept film: longer than the gate waits before it admits the same person again."""
_BEHIND = ("nice", "-n", "5")
"""Before a command that shall take nothing from the gate and its film."""
_DISTRICT = str(Path(sys.executable).with_name("sitegate-district"))
_HQ = str(Path(sys.executable).with_name("sitegate-hq"))


class StageError(RuntimeError):
    """The demonstration could not be set up; the text says where to look."""


class DemoStage:
    """Owns the folder and the processes in it; leaving the context stops them all."""

    BROKER: tuple[str, ...] = ("--with-broker",)

    def __init__(self, root: Path, models_dir: Path, *, repeat: bool = False, acts: Sequence[Act] = ACTS) -> None:
        root = root.absolute()  # the gate's configuration takes others from its own folder
        shutil.rmtree(root, ignore_errors=True)
        (root / "logs").mkdir(parents=True)
        self.root, self._models_dir, self._repeat, self._acts = root, models_dir, repeat, acts
        self._processes = Processes()
        self._lasting: set[str] = set()
        self._steps: set[str] = set()
        self._enrolled: list[EnrolmentRecord] = []
        self.broker_port, self.screen_port, self.console_port = _free_port(), _free_port(), _free_port()
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
    def district_dir(self) -> Path:
        return self.root / "district"

    @property
    def february_path(self) -> Path:
        return self.root / "february.jsonl"

    @property
    def pins_path(self) -> Path:
        return self.root / "state" / PIN_HISTORY

    def config(self) -> Config:
        return load(self.config_path)

    def init(self) -> None:
        """Begin to make HQ's folder and keys, while the caller goes on."""
        self._begin("init", str(self.hq_dir), "--site", SITE, "--broker-port", str(self.broker_port))

    def start_hq(self) -> None:
        """Start HQ, and the broker with it. Raises StageError."""
        if "init" in self._steps:
            self._finish("init")
        self._start("hq", [_HQ, "run", *self.BROKER, "--dir", str(self.hq_dir)])

    def ask_code(self) -> None:
        """Let HQ begin to make the code with which the gate will register."""
        self._begin("gate", "code", GATE, "--site", SITE, "--by", "demo", "--dir", str(self.hq_dir))

    def enrol(self, cast: Mapping[str, Portrait], matcher: FaceMatcher) -> None:
        """Make the members' templates. HQ's key is not needed yet."""
        now = SystemClock().utc()
        for member in MEMBERS:
            templates = matcher.enrol([cast[member.portrait].crop()])
            self._enrolled.append(enrolment_record(member.worker_id, member.consent_ref, templates, now))

    def publish(self, cast: Mapping[str, Portrait], matcher: FaceMatcher) -> None:
        """Enrol the members if need be, and let HQ begin to publish roster and risk list to the gate's site."""
        if not self._enrolled:
            self.enrol(cast, matcher)
        hq_key = read_sealing_public(self.hq_dir / "keys" / "hq-sealing.pub.pem")
        sealed = [b64encode(sealed_request(one, hq_key).sealed_record).decode() for one in self._enrolled]
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
        self._begin("import", str(path), "--publish", "--dir", str(self.hq_dir))

    def start_gate(self, cast: Mapping[str, Portrait]) -> None:
        """Register the gate, then start its three processes under one supervisor. Its camera plays the walk-ups once
        `go` exists.

        Raises StageError.
        """
        (self.root / "walk-ups.toml").write_text(self.script(cast), encoding="utf-8")
        gate = gate_toml(
            self.hq_dir / "keys", self._models_dir, self.broker_port, self.screen_port, repeat=self._repeat
        )
        self.config_path.write_text(gate, encoding="utf-8")
        self.register()
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.config_path), "--log-json"]
        self._start("gate", command, within_s=GATE_STOP_S)

    def script(self, cast: Mapping[str, Portrait]) -> str:
        """Return the script of the walk-ups, for the gate's camera."""
        return walk_up_script(cast, self.go, FILM_HZ, self._acts, tail_s=KEPT_TAIL_S if self._repeat else 600.0)

    def register(self) -> None:
        """Show HQ the gate's keys, with the code that HQ gave, as a technician would do it. Raises StageError."""
        if "gate" not in self._steps:
            self.ask_code()
        code = self._finish("gate").split()[0]
        command = [sys.executable, "-m", "edge", "register", code, "--config", str(self.config_path)]
        self._ended("sitegate register", self._processes.run(command, STEP_S))

    def make_console(self) -> None:
        """Begin to make the people side on this HQ, behind everything else that runs."""
        known = [f"--member={m.worker_id}:{m.training_valid_until}" for m in MEMBERS if SITE in m.sites]
        ports = ["--port", str(self.console_port), "--platform-port", str(_free_port())]
        make = [_DISTRICT, "demo", str(self.district_dir), "--hq", str(self.hq_dir), *ports, "--gate", GATE, *known]
        self._processes.start_piped(_step("console"), [*_BEHIND, *make, "--no-run"])

    def start_console(self) -> list[str]:
        """Wait for what `make_console` began, and start it. Return the lines with its addresses. Raises StageError."""
        said = self._ended("sitegate-district demo", self._processes.result(_step("console"), CONSOLE_S))
        self._start("console", [_DISTRICT, "run", "--dir", str(self.district_dir)], within_s=GATE_STOP_S)
        return said.splitlines()

    def start_february(self) -> Path:
        """Let the people side play its February. Return the file to which it adds a line of JSON for each step."""
        with (self.root / "logs" / "february.log").open("ab") as log, self.february_path.open("ab") as steps:
            command = [_DISTRICT, "february", str(self.district_dir), "--walk-ups", str(self.root)]
            self._processes.start("february", command, stdout=steps, stderr=log)
        return self.february_path

    def february_ended(self) -> int | None:
        """Return the exit code of February; None while it goes on."""
        return self._processes["february"].poll()

    def start_with_members(self, photos_dir: Path) -> None:
        """Start HQ with the members enrolled and published, and the gate. Its lane stays empty until `go` exists.

        Raises StageError.
        """
        self.init()
        matcher = open_matcher(MatcherConfig(), self._models_dir)
        cast = portraits(photos_dir, matcher)
        self.enrol(cast, matcher)
        self.start_hq()
        self.ask_code()
        self.publish(cast, matcher)
        del matcher
        self.start_gate(cast)
        self.finish()

    def finish(self) -> None:
        """Wait for what `publish` began. Raises StageError."""
        for step in sorted(self._steps):
            self._finish(step)

    def hq(self, *arguments: str) -> str:
        """Run one `sitegate-hq` command to its end; what it printed. Raises StageError."""
        return self._run(*arguments, "--dir", str(self.hq_dir))

    def hq_verdicts(self) -> list[dict[str, Any]]:
        """What `sitegate-hq verify` says of each journal: gate, epoch, events held, last seq, ok."""
        return list(json.loads(self._run("verify", "--json", "--dir", str(self.hq_dir), codes=(0, 2))))

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def make_accounts(self) -> str:
        """Make an account of each role on the gate's screen. Return the password that all of them have."""
        password = secrets.token_hex(6)
        desk = DeskWriter(self.root / "state" / DESK)
        try:
            for role in Role:
                desk.set_password(role, hash_password(password), by="demo", role=role)
        finally:
            desk.close()
        return password

    def check_alive(self) -> None:
        """Raises StageError if a process of the stage has ended, or a step has failed."""
        for name in self._lasting:
            code = self._processes[name].poll()
            if code is not None:
                raise StageError(f"{name} ended with code {code}:\n{self.log_tail(name)}")
        for step in list(self._steps):
            if self._processes[_step(step)].poll():
                self._finish(step)

    def log_tail(self, name: str, lines: int = 8) -> str:
        text = (self.root / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def close(self) -> None:
        """Stop everything, gate first, then HQ with its broker; may be called twice."""
        self._lasting.clear()
        self._steps.clear()
        self._processes.close()

    def stop(self, name: str) -> None:
        """Ask one of the lasting processes to stop, and wait for it; nothing if it does not run."""
        self._lasting.discard(name)
        self._processes.stop(name)

    def _begin(self, step: str, *arguments: str) -> None:
        """Start one `sitegate-hq` command, which goes on beside the caller."""
        self._processes.start_piped(_step(step), [_HQ, step, *arguments])
        self._steps.add(step)

    def _finish(self, step: str) -> str:
        """Wait for a command of `_begin`; what it printed. Raises StageError."""
        self._steps.discard(step)
        return self._ended(f"sitegate-hq {step}", self._processes.result(_step(step), STEP_S))

    def _run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        return self._ended(f"sitegate-hq {' '.join(arguments)}", self._processes.run([_HQ, *arguments], STEP_S), codes)

    def _ended(self, command: str, done: tuple[int, str, str], codes: tuple[int, ...] = (0,)) -> str:
        code, out, err = done
        if code not in codes:
            raise StageError(f"{command} failed:\n{err.strip()}")
        return out

    def _start(self, name: str, command: list[str], within_s: float = STOP_S) -> None:
        with (self.root / "logs" / f"{name}.log").open("ab") as log:
            self._processes.start(name, command, within_s=within_s, stdout=log, stderr=log)
        self._lasting.add(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _step(name: str) -> str:
    """The name of a step's process, which differs from those of the lasting ones."""
    return f"step {name}"
