"""A gate that really runs, with lists and names, and the screen on it: what a guard works with."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from loop_rig import NOBODY, House
from starlette.applications import Starlette

import edge.app.memory_folder
from contract.messages import DirectoryEntry, PolicySnapshot, RiskEntry
from contract.policy import GuardOverride, RiskAction, RiskRule
from edge.app.standings_file import StandingsFile, StandingsReader
from edge.core.config import Config, PathsConfig, ScreenConfig
from edge.core.domain import GateSignal, ListAge, MusterList, MusterPerson, RosterState, Worker
from edge.replica.directory import DirectoryList
from edge.replica.summary import ReplicaSummary
from edge.screen.access.sessions import Sessions
from edge.screen.app import ScreenSources, create_app
from edge.screen.server import ScreenServer
from edge.storage.desk_store import DeskStore
from edge.storage.journal import JournalReader

HERE = frozenset({"site-1"})
PAST = date(2026, 6, 30)
NAMES = {
    "w-1042": ("张三", "North Build", "Steel 2"),
    "w-1043": ("张三丰", "North Build", "Steel 2"),
    "w-0412": ("李四", "Crane Co", "Tower 1"),
    "w-0538": ("王五", "North Build", "Concrete"),
    "w-0600": ("欧阳小明", "Paint Inc", ""),
    "w-0700": ("<b>Ann</b> & 'Co'", "North Build", "Steel 2"),
    "w-0800": ("赵六", "North Build", "Steel 2"),
}
WORKERS: dict[str, dict[str, object]] = {
    "w-1042": {},
    "w-1043": {},
    "w-0412": {"training_valid_until": PAST},
    "w-0538": {},
    "w-0600": {"valid_until": PAST},
    "w-0700": {},
    "w-0800": {},
}
"""In order; training lapsed (a guard may override that); held by a list; left; markup in the name; denied."""


def lists_of(now: datetime, *may: GuardOverride) -> RosterState:
    """Return the lists in force."""
    age = ListAge(7, now - timedelta(hours=1))
    in_order = {"sites": HERE, "training_valid_until": date(2099, 1, 1)}
    workers = {who: Worker(who, **(in_order | more)) for who, more in WORKERS.items()}  # type: ignore[arg-type]
    held = RiskEntry(worker_id="w-0538", list_name="key-screening", reason_code="case-code-3", officer="Officer Chen")
    denied = RiskEntry(worker_id="w-0800", list_name="violence")
    policy = PolicySnapshot(
        site_id="site-1",
        list_version=3,
        issued_utc=now,
        guard_override=may,
        risk_rules=(RiskRule(list_name="violence", action=RiskAction.DENY),),
    )
    return RosterState(
        workers=workers,
        risks={"w-0538": (held,), "w-0800": (denied,)},
        policy=policy,
        roster=age,
        risk=age,
        policy_age=age,
    )


class GuardGate(House):
    """The loop of a gate in a thread, its standings file, and the screen as a server beside it."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        super().__init__(folder)
        for name in ("state/gate", "state/desk", "memory"):
            (folder / name).mkdir(parents=True)
        edge.app.memory_folder.MEMORY, edge.app.memory_folder.SYSTEMD = folder / "memory", folder / "none"
        self.config = Config(
            paths=PathsConfig(state_dir=folder / "state"), screen=ScreenConfig(port=0, language=language)
        )
        now = datetime.now(UTC)
        self.clock.set_utc(now)
        self.lists.state = lists_of(now, GuardOverride.TRAINING_LAPSED)
        self.desk = DeskStore(folder / "desk.db")
        self.directory = DirectoryList(1, now, {who: _entry(who) for who in NAMES})
        came = MusterPerson(worker_id="w-1042", utc=now - timedelta(hours=2), gate_id="gate-1")
        self.muster: MusterList | None = MusterList(utc=now, people=(came,))
        self._standings = StandingsFile(self.config, lambda: self.lists.state, self.clock)
        self._reader = StandingsReader(self.config)
        self._ended = threading.Event()
        self._runs = threading.Thread(target=self._run, name="gate loop", daemon=True)

    def app(self) -> Starlette:
        """Make the screen's pages."""
        return create_app(
            ScreenSources(
                JournalReader(self.folder / "journal.db"),
                ReplicaSummary,
                desk=self.desk,
                muster=lambda: self.muster,
                directory=lambda: self.directory,
                standings=self._reader.read,
            ),
            self.config,
        )

    def start(self) -> None:
        """Run the gate and serve the pages. A page that opens first already knows the workers."""
        while self._reader.read() is None:
            self.turn()
        app = self.app()
        self.sessions: Sessions = app.state.sessions
        self._server = ScreenServer(app, self.config.screen)
        self._thread = self._server.start()
        self._runs.start()

    @property
    def url(self) -> str:
        return self._server.url

    def turn(self, seconds: float = 0.3) -> None:
        """Let the gate work for some seconds of its own time, now."""
        self.clock.set_utc(datetime.now(UTC))
        self.sees(NOBODY, seconds)
        for _ in range(4):
            self._standings.write_if_due()

    def close(self) -> None:
        self._ended.set()
        if self._runs.is_alive():
            self._runs.join(10)
            self._server.stop()
            self._thread.join(20)
        self.loop.close()
        self.desk.close()

    def _run(self) -> None:
        passed = 0
        while not self._ended.wait(0.05):
            self.turn(0.06)
            if passed < self.acts.count("pulse"):
                passed += 1
                self.gate.report(GateSignal.PASSED)


def _entry(who: str) -> DirectoryEntry:
    name, employer, team = NAMES[who]
    return DirectoryEntry(
        worker_id=who, name=name, employer=employer, team=team or None, trade="Steel fixer", phone="138 0000 1111"
    )
