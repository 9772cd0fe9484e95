"""One site: HQ with its broker, a gate on the walk-up camera, the console, a real-name platform."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests
from sync_rig import free_port, wait_until

from contract.codec import decode_event
from contract.messages import AccessEvent, Advice, AnyEvent, Reason
from edge.app.state_folders import JOURNAL
from edge.storage.journal import JournalReader
from edge.tools.demo.cast import Act, Portrait, walk_up_script
from edge.tools.demo.stage import FILM_HZ, GATE, SITE, DemoStage

WALKS_UP = Act("the new worker", ("a-today",), Reason.GRANTED, Advice.WALK_THROUGH, stay_s=1.2)
PLATFORM_CODE = "44999920260000"
SECRET = "0123456789abcdef0123456789abcdef"
START_S = 120.0


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
        district = [sys.executable, "-m", "district"]
        platform = ["platform-sim", PLATFORM_CODE, "--port", str(self.platform_port), "--secret", SECRET]
        self._start("platform", [*district, *platform, "--result-after-s", "0.2", "--calls-per-minute", "6000"])
        self._start("district", [*district, "run", "--dir", str(self.root / "district")])
        wait_until(lambda: self._answers(f"{self.console}/account/login/"), "the console answers", START_S)

    def script(self, cast: Mapping[str, Portrait]) -> str:
        """Return the walk-ups: one person, with a pause after each."""
        return walk_up_script(cast, self.go, FILM_HZ, acts=[WALKS_UP], tail_s=2.0)

    def access(self) -> list[AccessEvent]:
        """Return the gate's decisions so far."""
        journal = JournalReader(self.root / "state" / JOURNAL)
        events: list[AnyEvent] = [decode_event(one.body) for one in journal.records(0, 5_000)]
        return [event for event in events if isinstance(event, AccessEvent)]

    def uploaded(self) -> dict[str, int]:
        """Return what the platform holds of the site."""
        contents: dict[str, dict[str, int]] = requests.get(f"http://127.0.0.1:{self.platform_port}/", timeout=10).json()
        return contents[PLATFORM_CODE]

    def _make_district(self) -> None:
        folder = self.root / "district"
        make = [sys.executable, "-m", "district", "demo", str(folder), "--hq", str(self.hq_dir), "--gate", GATE]
        made = subprocess.run(
            [*make, "--port", str(self.console_port), "--no-run"],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
        words = [line.split() for line in made.stdout.splitlines() if "/demo/" in line]
        names = ("officer", "clerk", "manager", "guard", "auditor", "admin")
        self.links = dict(zip(names, (line[-1] for line in words), strict=True))
        with (folder / "district.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[realname]\nurl = "http://127.0.0.1:{self.platform_port}/open.api"\n')
            file.write("calls_per_minute = 6000\nbatch_wait_s = 0\n")

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return requests.get(url, timeout=5).ok
        except requests.RequestException:
            return False


__all__ = ["SITE", "StoryStage"]
