"""Measure pages under load: real web processes, users that click, and events that flow in meanwhile."""

import http.client
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from common.processes import Processes
from district.commands.measured_lists import lists_command
from district.commands.measured_morning import DeclaringPhones
from district.commands.measured_pages import RolePages, percentile
from district.commands.measured_walk import WalkedAddress
from district.commands.processes import gunicorn_options
from district.config import DistrictConfig

USERS_OF = ("officer", "clerk", "manager")
"""Who the users are, one after the other."""
WARM_S = 10.0
"""The first requests of each process load its templates: they are not counted."""
_TIMEOUT_S = 60.0
_LISTS_BEGIN_S = 600.0
_NO_ANSWER = 599


@dataclass(frozen=True, slots=True)
class Load:
    """Users at the same time, their requests a second, for how long, and what flows in meanwhile."""

    users: int
    rate: float
    seconds: float
    events: float
    declarations: float = 0
    """A second, on workers' phones."""
    lists_every: float = 0
    """Seconds between two key lists; 0: none."""
    hits: int = 0
    """People whom each list names by number; 0: no HQ and no gates run."""


@dataclass
class LoadResult:
    """What all users saw. Times in ms, by kind of page."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, took_ms: float, status: int, address: str) -> None:
        """Note one answer."""
        with self.lock:
            self.times[kind].append(took_ms)
            if status >= 400:
                self.wrong.append(f"{status} {address}")

    @property
    def all_times(self) -> list[float]:
        """Return the times of all kinds."""
        return [one for times in self.times.values() for one in times]


class WebServer:
    """The web processes of a district, on a free port, as `sitegate-district web` starts them."""

    def __init__(self, config: DistrictConfig, children: Processes, workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        web = config.web.model_copy(update={"host": "127.0.0.1", "port": self.port, "workers": workers})
        options = gunicorn_options(config.model_copy(update={"web": web}))
        command = [sys.executable, "-m", "gunicorn", *options, "--log-level=warning", "district.wsgi"]
        self.process = children.start("web", command, foreign=True)
        self._wait()

    def get(self, address: str, session: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask for an address. Return the connection and its answer, whose body is not read yet."""
        from django.conf import settings
        from django.utils.encoding import iri_to_uri

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        connection.request("GET", iri_to_uri(address), headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
        return connection, connection.getresponse()

    @property
    def memory_mb(self) -> list[int]:
        """Return the memory of each process, the parent first; shared pages count for each."""
        parent = psutil.Process(self.process.pid)
        return [one.memory_info().rss // 2**20 for one in (parent, *parent.children(recursive=True))]

    def _wait(self) -> None:
        until_s = time.monotonic() + _TIMEOUT_S
        while time.monotonic() < until_s:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("the web processes do not answer: the lines above say why")


def measure_load(
    config: DistrictConfig, pages: Mapping[str, RolePages], load: Load, phones: Sequence[str] = ()
) -> dict[str, Any]:
    """Run users for some time. Return times by page, and the memory of all processes. `phones`: secrets of workers'
    phones, which declare meanwhile.
    """
    result, seconds = LoadResult(), load.seconds
    with tempfile.TemporaryDirectory() as folder, Processes() as children:
        server = WebServer(config, children, workers=os.cpu_count() or 1)
        _run_users(server, pages, LoadResult(), load.users, load.rate, WARM_S)
        lists = _lists_begun(children, config, load, Path(folder))
        started = [children.start_piped(name, command) for name, command in _beside(config, load).items()]
        declaring = DeclaringPhones(server.port, phones, load.declarations, seconds) if phones else None
        begun_s = time.monotonic()
        if declaring is not None:
            declaring.start()
        _run_users(server, pages, result, load.users, load.rate, seconds)
        took_s = time.monotonic() - begun_s
        found: dict[str, Any] = {"web_mb": server.memory_mb, "events": None}
        if declaring is not None:
            found["declarations"] = declaring.wait()
        for name in [*started, *lists]:
            code, printed, wrong = children.result(name)
            if code:
                raise RuntimeError(wrong)
            found[name] = json.loads(printed)
    return _summary(result, took_s) | found


def _beside(config: DistrictConfig, load: Load) -> dict[str, Sequence[str]]:
    """Return the processes that run beside the users, by what they bring."""
    found: dict[str, Sequence[str]] = {}
    if load.events:
        found["events"] = _events(config, load.events, load.seconds)
    return found


def _lists_begun(children: Processes, config: DistrictConfig, load: Load, folder: Path) -> list[str]:
    """Start the process that loads key lists, and wait until its HQ and gates run. Return its name."""
    if not load.lists_every:
        return []
    ready = folder / "ready"
    command = lists_command(config, load.lists_every, load.seconds, load.hits, ready)
    name = children.start_piped("lists", command)
    until_s = time.monotonic() + _LISTS_BEGIN_S
    while not ready.exists() and children[name].poll() is None and time.monotonic() < until_s:
        time.sleep(0.1)
    return [name]


def _run_users(
    server: WebServer, pages: Mapping[str, RolePages], result: LoadResult, users: int, rate: float, seconds: float
) -> None:
    threads = [
        threading.Thread(target=_click, args=(server, pages[role], result, number, users / rate, seconds))
        for number, role in enumerate(USERS_OF[n % len(USERS_OF)] for n in range(users))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _click(
    server: WebServer, pages: RolePages, result: LoadResult, number: int, pause_s: float, seconds: float
) -> None:
    """Look at one page after the other, in an order of this user's own. A late answer makes the next one later."""
    waiting = list[WalkedAddress]()
    order, begun_s = random.Random(number), time.monotonic()
    due_s = begun_s + pause_s * number / 8
    while due_s < begun_s + seconds:
        time.sleep(max(0.0, due_s - time.monotonic()))
        if not waiting:
            waiting = order.sample(pages.addresses, len(pages.addresses))
        walked = waiting.pop()
        sent_s = time.perf_counter()
        try:
            connection, answer = server.get(walked.address, pages.session)
            answer.read()
            connection.close()
            status = answer.status
        except OSError:
            status = _NO_ANSWER
        result.add(walked.kind, (time.perf_counter() - sent_s) * 1000, status, walked.address)
        due_s = max(due_s + pause_s, time.monotonic())


def _events(config: DistrictConfig, events: float, seconds: float) -> Sequence[str]:
    options = ["--dir", str(config.folder), "--rate", str(events), "--seconds", str(seconds)]
    return [sys.executable, "-m", "district", "simulate-events", *options]


def _summary(result: LoadResult, took_s: float) -> dict[str, Any]:
    by_page = [
        {
            "page": kind,
            "requests": len(times),
            "p50_ms": round(percentile(times, 0.5), 1),
            "p95_ms": round(percentile(times, 0.95), 1),
        }
        for kind, times in result.times.items()
    ]
    every = result.all_times
    return {
        "requests_per_second": round(len(every) / took_s, 1),
        "p50_ms": round(percentile(every, 0.5), 1),
        "p95_ms": round(percentile(every, 0.95), 1),
        "wrong": result.wrong[:20],
        "pages": sorted(by_page, key=lambda row: -float(str(row["p95_ms"]))),
    }
