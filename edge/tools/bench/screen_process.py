"""A screen process with a signed-in account, for measurements."""

import contextlib
import http.client
import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import psutil

from common.processes import Processes
from contract.messages import DataTier, Direction
from edge.core.config import SiteConfig
from edge.core.domain import LiveState, Tone
from edge.core.layout import DESK, JOURNAL
from edge.screen.access.passwords import hash_password
from edge.screen.access.roles import Role
from edge.storage.desk import DeskWriter
from edge.storage.journal import JournalReader
from edge.tools.bench.errors import BenchError

PATIENCE_S = 120.0
SITE = SiteConfig(site_id="bench", gate_id="bench-gate")


@dataclass(frozen=True, slots=True)
class PageTime:
    """One page. `cpu_ms`: of the screen process, for one answer."""

    path: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    kilobytes: float


class ScreenProcess:
    """A signed-in account at a screen process."""

    def __init__(self, folder: Path, process: psutil.Process, port: int, password: str) -> None:
        self.folder, self.port, self._process = folder, port, process
        self.cookie = self._sign_in(password)

    def get(self, path: str) -> tuple[float, int]:
        """Return how long an answer took, in ms, and its size in bytes. Raises BenchError."""
        begun = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as link:
            link.request("GET", path, headers={"Cookie": self.cookie})
            answer = link.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise BenchError(f"{path} answers {answer.status}")
        return (time.perf_counter() - begun) * 1000, len(body)

    def time(self, page: str, rounds: int, first: str) -> PageTime:
        """Ask for a page again and again. `first`: the first day of the journal."""
        path = page.format(first=first)
        self.get(path)
        before_s = self._cpu_s()
        found = [self.get(path) for _ in range(rounds)]
        cpu_ms = (self._cpu_s() - before_s) * 1000 / rounds
        times = [one[0] for one in found]
        return PageTime(page, percentile(times, 50), percentile(times, 95), cpu_ms, found[0][1] / 1000)

    def wait_for_lane(self, shown: str) -> float:
        """Wait as a display does until the lane shows something else than `shown`. Return the time (perf_counter)."""
        while True:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as link:
                link.request("GET", f"/lane/sign?{shown}")
                if urlencode(json.loads(link.getresponse().read())) != shown:
                    return time.perf_counter()

    def memory_mb(self) -> float:
        return float(self._process.memory_info().rss) / 1e6

    def _cpu_s(self) -> float:
        used = self._process.cpu_times()
        return float(used.user + used.system)

    def _sign_in(self, password: str) -> str:
        form = urlencode({"name": "bench", "password": password})
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as link:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            link.request("POST", "/sign-in", form, kind)
            answer = link.getresponse()
            answer.read()
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        if answer.status != 303 or not cookies:
            raise BenchError(f"the sign-in answers {answer.status}")
        return "; ".join(cookies)


def percentile(values: list[float], share: int) -> float:
    """Return the value below which this share (in percent) lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


@contextmanager
def screen_process(folder: Path) -> Iterator[ScreenProcess]:
    password = secrets.token_urlsafe(16)
    (folder / DESK).parent.mkdir(parents=True, exist_ok=True)
    with closing(DeskWriter(folder / DESK)) as desk:
        desk.set_password("bench", hash_password(password), by="bench", role=Role.MANAGER)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "bench.toml"
    config.write_text(
        f'[site]\nsite_id = "{SITE.site_id}"\ngate_id = "{SITE.gate_id}"\n[gate]\npins = "mock"\n'
        f'[liveness]\nmode = "off"\n[screen]\nport = {port}\n[paths]\nstate_dir = "{folder}"\n'
    )
    with Processes() as processes:
        command = [sys.executable, "-m", "edge", "screen", "--config", str(config)]
        started = processes.start("screen", command, stderr=subprocess.DEVNULL)
        _until_it_follows(port, folder)
        yield ScreenProcess(folder, psutil.Process(started.pid), port, password)


def _until_it_follows(port: int, folder: Path) -> None:
    """Wait until the pages know the whole journal. Raises BenchError."""
    with closing(JournalReader(folder / JOURNAL)) as journal:
        head = journal.head()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException), closing(link):
            link.request("GET", "/healthz")
            if json.loads(link.getresponse().read())["journal_head"] == head:
                return
        time.sleep(0.2)
    raise BenchError("the screen process does not answer")


def live_state(tone: Tone = Tone.IDLE) -> LiveState:
    return LiveState(
        utc=datetime.now(UTC),
        direction=Direction.IN,
        gate_state="locked",
        tone=tone,
        camera_ok=True,
        clock_trusted=True,
        roster_tier=DataTier.FRESH,
        risk_tier=DataTier.FRESH,
    )
