"""One site: HQ with its broker, a gate on the walk-up camera, the console, a real-name platform."""

import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from sync_rig import free_port, wait_until

from contract.codec import decode_event
from contract.messages import AccessEvent, Advice, AnyEvent, Direction, PassageEvent, PassageOutcome, Reason
from district.demo.cast import site_code_of
from edge.app.state_folders import JOURNAL
from edge.storage.journal import JournalReader
from edge.tools.demo.cast import Act, Portrait, walk_up_script
from edge.tools.demo.gate_file import FILM_HZ, GATE, SITE
from edge.tools.demo.stage import DemoStage

WALKS_UP = Act("the new worker", ("a-today",), Reason.GRANTED, Advice.WALK_THROUGH, stay_s=1.2)
START_S = 120.0
_ZONE = ZoneInfo("Asia/Shanghai")
_DIRECTIONS = {Direction.IN: "01", Direction.OUT: "02"}
PlatformPassage = tuple[str, str]
"""Local time and direction, as the platform writes them."""


class StoryStage(DemoStage):
    """The demonstration's stage, with one person before the camera who comes again and again, and the people side."""

    def __init__(self, root: Path, models_dir: Path) -> None:
        super().__init__(root, models_dir, repeat=True)
        self.console_port, self.platform_port = free_port(), free_port()
        self.links: dict[str, str] = {}

    @property
    def console(self) -> str:
        """Return the console's address."""
        return f"http://127.0.0.1:{self.console_port}"

    def start_all(self, cast: Mapping[str, Portrait]) -> None:
        """Start everything; the camera's lane stays empty until `go` exists."""
        self.init()
        self.start_hq()
        self.ask_code()
        self.start_gate(cast)
        self._make_district()
        self._start("district", [sys.executable, "-m", "district", "run", "--dir", str(self.root / "district")])
        wait_until(lambda: answers(f"{self.console}/account/login/"), "the console answers", START_S)

    def script(self, cast: Mapping[str, Portrait]) -> str:
        """Return the walk-ups: one person, with a pause after each."""
        return walk_up_script(cast, self.go, FILM_HZ, acts=[WALKS_UP], tail_s=6.0)

    def access(self) -> list[AccessEvent]:
        """Return the gate's decisions so far."""
        return [event for event in self._events() if isinstance(event, AccessEvent)]

    def passages(self, worker_id: str) -> set[PlatformPassage]:
        """Return a worker's passages so far, as the platform writes them: local time and direction."""
        events = [one for one in self._events() if isinstance(one, PassageEvent) and one.worker_id == worker_id]
        passed = [one for one in events if one.outcome is PassageOutcome.PASSED]
        return {(f"{one.utc.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}", _DIRECTIONS[one.direction]) for one in passed}

    def faces_known(self) -> int:
        """Return how many faces the gate would recognise now."""
        live = self._journal.live()
        return live.gallery_size if live else 0

    def at_platform(self, id_number: str) -> tuple[dict[str, Any], set[PlatformPassage]]:
        """Return a worker as the platform holds it ({}: it does not), and the worker's passages there."""
        address = f"http://127.0.0.1:{self.platform_port}/projects/{site_code_of(0)}"
        held = requests.get(address, timeout=10).json()
        worker = next((one for one in held["workers"] if one["idCardNumber"] == id_number), {})
        return worker, {(a["date"], a["direction"]) for a in held["attendance"] if a["idCardNumber"] == id_number}

    def _events(self) -> list[AnyEvent]:
        return [decode_event(one.body) for one in self._journal.records(0, 5_000)]

    @cached_property
    def _journal(self) -> JournalReader:
        return JournalReader(self.root / "state" / JOURNAL)

    def _make_district(self) -> None:
        folder = self.root / "district"
        make = [sys.executable, "-m", "district", "demo", str(folder), "--hq", str(self.hq_dir), "--gate", GATE]
        made = subprocess.run(
            [*make, "--port", str(self.console_port), "--platform-port", str(self.platform_port), "--no-run"],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
        words = [line.split() for line in made.stdout.splitlines() if "/demo/" in line]
        names = ("officer", "clerk", "manager", "guard", "auditor", "admin", "liaison")
        self.links = dict(zip(names, (line[-1] for line in words), strict=True))


def answers(url: str) -> bool:
    """Say whether a page can be read."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


__all__ = ["GATE", "SITE", "StoryStage", "answers"]
