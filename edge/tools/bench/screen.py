"""`sitegate bench screen`: the pages after days of traffic, with many viewers, and with requests that never end.

A screen process of its own serves a journal that was filled before. Its CPU time and memory are the kernel's figures.
"""

import contextlib
import itertools
import json
import os
import resource
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.processes import Processes
from contract.messages import AccessEvent, Advice, Direction, Reason
from edge.core.domain import Tone
from edge.core.layout import JOURNAL
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.tools.bench.errors import BenchError
from edge.tools.bench.names import NamesFigures, measure_names
from edge.tools.bench.screen_process import (
    PATIENCE_S,
    SITE,
    PageTime,
    ScreenProcess,
    live_state,
    percentile,
    screen_process,
)
from edge.tools.bench.traffic import write_days

USERS_FROM = 61_000
"""Viewers run as users of their own: one user has a share of the connections only."""
VIEWERS_OF_ONE = 40
DECISIONS, PAUSE_S = 12, 1.0
LANE_BEFORE = {Tone.GO: "tone=idle&sign=ready", Tone.IDLE: "tone=go&sign=walk_through"}
"""What the lane shows before the gate has the new tone."""
OPENING_S, WATCHED_S = 5.0, 25.0
"""The viewers open their streams, then the gate decides."""
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
    "/history/attendance.csv?from={first}",
    "/history/attendance.xlsx?from={first}",
)
"""The pages that are measured. {first}: the first day of the journal."""


@dataclass(frozen=True, slots=True)
class Crowded:
    """Viewers, and what the gate noticed of them. Times in ms, p95. One is a decision's way onto the disk, the other
    from the gate's new state to the lane's display."""

    viewers: int
    streams: int
    changes: int
    append_alone_ms: float
    append_ms: float
    lane_alone_ms: float
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
    names: NamesFigures | None


def measure(
    folder: Path, passages: int, days: int, rounds: int, viewers: int, half_open: int, people: int
) -> ScreenFigures:
    """Measure everything. `people`: of the site whose names are read. Raises BenchError."""
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    first = (today - timedelta(days=days - 1)).astimezone(UTC)
    (folder / JOURNAL).parent.mkdir(parents=True, exist_ok=True)
    events = write_days(folder / JOURNAL, SITE, first, days, passages, live_state())
    with screen_process(folder) as screen:
        memory = [screen.memory_mb()]
        pages: list[PageTime] = []
        for _ in range(3):
            pages = [screen.time(path, max(1, rounds // 3), first=f"{first.astimezone():%Y-%m-%d}") for path in PAGES]
            memory.append(screen.memory_mb())
        crowded = _crowded(screen, viewers) if viewers else None
        lane_ms = _half_open(screen, half_open) if half_open else None
        memory.append(screen.memory_mb())
    names = measure_names(folder / "names", people) if people else None
    return ScreenFigures(events, tuple(pages), tuple(memory), crowded, half_open, lane_ms, names)


def _gate_ms(screen: ScreenProcess) -> tuple[float, float]:
    """Decide as the gate does. Return p95 in ms: of a decision's way onto the disk, and of the way to the lane."""
    written, shown = [], []
    tones = itertools.cycle((Tone.GO, Tone.IDLE))
    with closing(Journal(screen.folder / JOURNAL, SITE, SystemClock())) as journal:
        journal.set_live(live_state())
        for number, tone in zip(range(DECISIONS), tones, strict=False):
            before = LANE_BEFORE[tone]
            with ThreadPoolExecutor(1) as display:
                heard = display.submit(screen.wait_for_lane, before)
                time.sleep(PAUSE_S)
                begun = time.perf_counter()
                journal.append(
                    AccessEvent,
                    reason=Reason.GRANTED,
                    granted=True,
                    advice=Advice.WALK_THROUGH,
                    direction=Direction.IN,
                    worker_id=f"w-{number:04d}",
                )
                on_disk = time.perf_counter()
                journal.set_live(live_state(tone))
                written.append((on_disk - begun) * 1000)
                shown.append((heard.result(PATIENCE_S) - on_disk) * 1000)
    return percentile(written, 95), percentile(shown, 95)


def _crowded(screen: ScreenProcess, viewers: int) -> Crowded:
    """Let viewers follow the stream while decisions are written."""
    alone_ms, lane_alone_ms = _gate_ms(screen)
    with Processes() as processes:
        names = [_start_viewers(processes, screen, at, viewers) for at in range(0, viewers, VIEWERS_OF_ONE)]
        time.sleep(OPENING_S)
        append_ms, lane_ms = _gate_ms(screen)
        seen = [_seen(processes.result(name, PATIENCE_S)) for name in names]
    streams, changes = (sum(one[what] for one in seen) for what in ("most", "changes"))
    return Crowded(viewers, streams, changes, alone_ms, append_ms, lane_alone_ms, lane_ms)


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
