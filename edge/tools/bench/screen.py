"""`sitegate bench screen`: the pages after days of traffic, with many viewers, and with requests that never end.

A screen process of its own serves a journal that was filled before. Its CPU time and memory are the kernel's figures.
"""

import contextlib
import http.client
import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import psutil

from common.processes import Processes
from contract.messages import AccessEvent, Advice, DataTier, Direction, Reason
from edge.core.config import SiteConfig
from edge.core.domain import LiveState, Tone
from edge.core.layout import DESK, JOURNAL
from edge.screen.access.passwords import hash_password
from edge.screen.access.roles import Role
from edge.storage.desk import DeskWriter
from edge.storage.journal import Journal, JournalReader
from edge.system.clock import SystemClock
from edge.tools.bench.errors import BenchError
from edge.tools.bench.traffic import write_days

PATIENCE_S = 120.0
USERS_FROM = 61_000
"""Viewers run as users of their own: one user has a share of the connections only."""
VIEWERS_OF_ONE = 40
DECISIONS, PAUSE_S = 12, 1.0
OPENING_S, WATCHED_S = 5.0, 25.0
"""The viewers open their streams, then the gate decides."""
SITE = SiteConfig(site_id="bench", gate_id="bench-gate")
PAGES = (
    "/lane",
    "/",
    "/office/now",
    "/guard",
    "/technician",
    "/muster",
    "/history",
    "/history?what=refused",
    "/history?who=w-0007",
    "/history?page=40",
    "/history/refusals?all=1",
    "/history/trends",
    "/history/attendance",
    "/history/attendance.csv",
)


@dataclass(frozen=True, slots=True)
class PageTime:
    """One page. `cpu_ms`: of the screen process, for one answer."""

    path: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    kilobytes: float


@dataclass(frozen=True, slots=True)
class Crowded:
    """Viewers, and what the gate noticed of them. Times in ms: p95 of a decision's way onto the disk, and of the
    lane's page."""

    viewers: int
    streams: int
    changes: int
    append_alone_ms: float
    append_ms: float
    lane_ms: float


@dataclass(frozen=True, slots=True)
class ScreenFigures:
    """All figures. `memory_mb`: of the screen process: at the start, after each round over all pages, at the end."""

    events: int
    pages: tuple[PageTime, ...]
    memory_mb: tuple[float, ...]
    crowded: Crowded | None
    half_open: int
    lane_half_open_ms: float | None


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

    def time(self, path: str, rounds: int) -> PageTime:
        """Ask for a page again and again."""
        self.get(path)
        before_s = self._cpu_s()
        found = [self.get(path) for _ in range(rounds)]
        cpu_ms = (self._cpu_s() - before_s) * 1000 / rounds
        times = [one[0] for one in found]
        return PageTime(path, percentile(times, 50), percentile(times, 95), cpu_ms, found[0][1] / 1000)

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


def measure(folder: Path, passages: int, days: int, rounds: int, viewers: int, half_open: int) -> ScreenFigures:
    """Measure everything. Raises BenchError."""
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    first = (today - timedelta(days=days - 1)).astimezone(UTC)
    (folder / JOURNAL).parent.mkdir(parents=True, exist_ok=True)
    events = write_days(folder / JOURNAL, SITE, first, days, passages, _live())
    with _screen(folder) as screen:
        memory = [screen.memory_mb()]
        pages: list[PageTime] = []
        for _ in range(3):
            pages = [screen.time(path, max(1, rounds // 3)) for path in PAGES]
            memory.append(screen.memory_mb())
        crowded = _crowded(screen, viewers) if viewers else None
        lane_ms = _half_open(screen, half_open) if half_open else None
        memory.append(screen.memory_mb())
    return ScreenFigures(events, tuple(pages), tuple(memory), crowded, half_open, lane_ms)


def percentile(values: list[float], share: int) -> float:
    """Return the value below which this share (in percent) lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


@contextmanager
def _screen(folder: Path) -> Iterator[ScreenProcess]:
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


def _live() -> LiveState:
    return LiveState(
        utc=datetime.now(UTC),
        direction=Direction.IN,
        gate_state="locked",
        tone=Tone.IDLE,
        camera_ok=True,
        clock_trusted=True,
        roster_tier=DataTier.FRESH,
        risk_tier=DataTier.FRESH,
    )


def _append_ms(folder: Path, times: int, pause_s: float) -> float:
    """Write decisions as the gate does, each on disk. Return the p95 in ms."""
    found = []
    with closing(Journal(folder / JOURNAL, SITE, SystemClock())) as journal:
        for number in range(times):
            begun = time.perf_counter()
            journal.append(
                AccessEvent,
                reason=Reason.GRANTED,
                granted=True,
                advice=Advice.WALK_THROUGH,
                direction=Direction.IN,
                worker_id=f"w-{number:04d}",
            )
            found.append((time.perf_counter() - begun) * 1000)
            journal.set_live(_live())
            time.sleep(pause_s)
    return percentile(found, 95)


def _crowded(screen: ScreenProcess, viewers: int) -> Crowded:
    """Let viewers follow the stream while decisions are written."""
    alone_ms = _append_ms(screen.folder, DECISIONS, PAUSE_S)
    with Processes() as processes:
        names = [_start_viewers(processes, screen, at, viewers) for at in range(0, viewers, VIEWERS_OF_ONE)]
        time.sleep(OPENING_S)
        append_ms = _append_ms(screen.folder, DECISIONS, PAUSE_S)
        lane = [screen.get("/lane")[0] for _ in range(DECISIONS)]
        seen = [_seen(processes.result(name, PATIENCE_S)) for name in names]
    streams, changes = (sum(one[what] for one in seen) for what in ("most", "changes"))
    return Crowded(viewers, streams, changes, alone_ms, append_ms, percentile(lane, 95))


def _start_viewers(processes: Processes, screen: ScreenProcess, at: int, viewers: int) -> str:
    """Start viewers as a user of their own, if this process may. Return the name of the process."""
    count = min(VIEWERS_OF_ONE, viewers - at)
    words = [str(screen.port), str(count), str(OPENING_S + WATCHED_S)]
    if os.geteuid() == 0:
        words.append(str(USERS_FROM + at))
    command = [sys.executable, "-m", "edge.tools.bench.viewers", *words]
    name = processes.start_piped(f"viewers {at}", command, stdin=subprocess.PIPE)
    pipe = processes[name].stdin
    assert pipe is not None
    pipe.write(f"{screen.cookie}\n".encode())
    pipe.flush()
    return name


def _seen(result: tuple[int, str, str]) -> dict[str, int]:
    """Read what viewers saw. Raises BenchError."""
    code, printed, errors = result
    if code:
        raise BenchError(f"the viewers ended: {errors.strip()[-200:]}")
    found: dict[str, int] = json.loads(printed)
    return found


def _half_open(screen: ScreenProcess, count: int) -> float:
    """Open requests that never end. Return the p95 of the lane's page beside them, in ms."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as open_:
        for _ in range(count):
            link = open_.enter_context(socket.create_connection(("127.0.0.1", screen.port), PATIENCE_S))
            with contextlib.suppress(OSError):  # the screen has closed an older one, or this one
                link.sendall(b"GET /lane HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
        return percentile([screen.get("/lane")[0] for _ in range(DECISIONS)], 95)
