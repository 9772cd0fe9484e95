"""A whole people side of real processes, under load, for tests that kill them: web, two workers, HQ's ingest, database.

What a service manager restarts, this stage restarts. PostgreSQL restarts itself after a killed backend.
"""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from hq_postgres import Postgres
from id_numbers import id_number
from kills_oracle import write_plan

from common.processes import Processes
from district.commands.init import make_folder
from hq.keys import keys

RIGS = Path(__file__).parent
TOKEN = "k" * 32


class KillStage:
    """The processes and their folders. Close it afterwards."""

    def __init__(self, root: Path, server: Postgres | None, people_per_site: int, days: int) -> None:
        self.root, self.server, self.kills = root, server, Counter[str]()
        self.district, self.hq, self.events = root / "district", root / "hq", root / "events.jsonl"
        self._processes = Processes()
        self._environment = {**os.environ, "PYTHONPATH": f"{Path.cwd()}:{RIGS}", "DJANGO_SETTINGS_MODULE": ""}
        del self._environment["DJANGO_SETTINGS_MODULE"]
        self.port = _free_port()
        self._make_folders()
        made = self._run("setup", str(people_per_site))
        self.load = PageLoad(f"http://127.0.0.1:{self.port}", made["sites"])
        self.count = write_plan(self.events, {one["site"]: list(one["people"]) for one in made["sites"]}, days)

    def start(self, ingest_pause_s: float, workers: int = 2) -> None:
        """Start everything and the load."""
        self._pause_s = ingest_pause_s
        self._names = ("web", *(f"worker-{n}" for n in range(1, workers + 1)), "ingest")
        for name in self._names:
            self._start(name)
        self.load.start()
        self.load.wait_for_answers(1)  # a kill of what has not started yet shows little

    def kill(self, what: str, dice: random.Random) -> None:
        """Kill a part with SIGKILL, and start it again as a service manager does."""
        self.kills[what] += 1
        match what:
            case "backend":
                self._kill_backend(dice)
            case "server":
                assert self.server is not None
                self.server.stop("immediate")
                self.server.start()
            case "writing":
                self._kill_while_writing()
            case "web-worker":
                children = psutil.Process(self._processes["web"].pid).children()
                for child in children[:1]:
                    child.kill()
            case _:
                self._kill_and_start(what)

    def settle(self, timeout_s: float) -> None:
        """End the load and wait until all events and changes have arrived."""
        self.load.end()
        until = time.monotonic() + timeout_s
        while not (
            self._count("attendance_passage") == self.count and self._count("exchange_outboxrow", "done IS NULL") == 0
        ):
            assert time.monotonic() < until, f"not settled: {self._state()}\n{self.log('worker-1')[-3000:]}"
            time.sleep(0.5)

    def check(self) -> list[str]:
        """Say what is lost, twice or half done."""
        answers = self.root / "answers.json"
        answers.write_text(json.dumps(self.load.answers()))
        return list(self._run("check", str(self.events), str(answers)))

    def log(self, name: str) -> str:
        """Return what a process wrote."""
        return (self.root / f"{name}.log").read_text(errors="replace")

    def errors(self) -> list[str]:
        """Return the lines that show an exception in the logs of web and workers: a killed database makes none."""
        signs = ("Traceback", '"exception"', "please report", "Internal Server Error")
        lines = [line for name in self._names if name != "ingest" for line in self.log(name).splitlines()]
        return [line[:2000] for line in lines if any(sign in line for sign in signs)][:5]

    def ended(self) -> list[str]:
        """Name the processes that ended by themselves."""
        return [name for name in self._names if name != "ingest" and self._processes[name].poll() is not None]

    def close(self) -> None:
        """Stop everything."""
        self.load.end()
        self._processes.close()

    def _make_folders(self) -> None:
        keys.init(self.hq, [f"site-{n}" for n in range(1, 5)], 1883)
        make_folder(self.district, self.hq, port=self.port)
        if self.server is not None:
            url = self.server.database("kills")
            settings = self.hq / "hq.toml"
            settings.write_text(settings.read_text().replace("sqlite:///hq.db", self.server.database("hq")))
            settings = self.district / "district.toml"
            settings.write_text(f'database_url = "{url.replace("+psycopg", "")}"\n{settings.read_text()}')
            self._url = url.replace("+psycopg", "")

    def _run(self, *words: str) -> Any:
        command = [sys.executable, str(RIGS / "kills_district.py"), words[0], str(self.district), *words[1:]]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def _start(self, name: str) -> None:
        if name == "ingest":
            command = [str(RIGS / "kills_ingest.py"), str(self.hq), str(self.events), str(self._pause_s)]
        else:
            command = ["-m", "district", name.partition("-")[0], "--dir", str(self.district)]
        with (self.root / f"{name}.log").open("ab") as log:
            self._processes.start(
                name,
                [sys.executable, *command],
                env=self._environment,
                stdout=log,
                stderr=log,
                foreign=name == "ingest",
            )

    def _kill_and_start(self, name: str) -> None:
        process = self._processes[name]
        process.kill()
        process.wait()
        self._start(name)

    def _kill_backend(self, dice: random.Random) -> None:
        assert self.server is not None
        postmaster = psutil.Process(self.server.pid)
        ours = [child for child in postmaster.children() if "127.0.0.1" in " ".join(child.cmdline())]
        if ours:
            with suppress(psutil.NoSuchProcess):
                dice.choice(ours).kill()

    def _kill_while_writing(self) -> None:
        """Kill all at once that may write, in the middle of a transaction where one is met."""
        until = time.monotonic() + 2.0
        while time.monotonic() < until and not self._somebody_writes():
            time.sleep(0.002)
        for name in self._names:
            with suppress(ProcessLookupError):
                os.killpg(self._processes[name].pid, signal.SIGKILL)
        for name in self._names:
            self._processes[name].wait()
            self._start(name)

    def _somebody_writes(self) -> bool:
        with closing(sqlite3.connect(self.district / "district.db", timeout=0, isolation_level=None)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return True
        return False

    def _count(self, table: str, where: str = "TRUE") -> int:
        ask = f"SELECT count(*) FROM {table} WHERE {where}"
        if self.server is None:
            with closing(sqlite3.connect(self.district / "district.db", timeout=20)) as file:
                return int(file.execute(ask).fetchone()[0])
        try:
            with psycopg.connect(self._url, options="-c search_path=district,public") as db:
                return int(db.execute(ask).fetchone()[0])  # type: ignore[index,call-overload]
        except psycopg.OperationalError:
            return -1

    def _state(self) -> str:
        waiting = self._count("exchange_outboxrow", "done IS NULL")
        return f"{self._count('attendance_passage')} of {self.count} passages, {waiting} changes wait"


class PageLoad(threading.Thread):
    """Managers change and add people through the pages, and note what they were answered."""

    def __init__(self, address: str, sites: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._address, self._sites, self._ended = address, sites, threading.Event()
        self.asked: Counter[str] = Counter()
        self.acked: Counter[str] = Counter()
        self.last: dict[str, list[str]] = {}
        self.added: dict[str, bool] = {}
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        """Change three, add one, until the end."""
        number = 0
        while not self._ended.wait(0.1):
            site = self._sites[number % len(self._sites)]
            (self._add if number % 4 == 3 else self._change)(site, number)
            number += 1

    def wait_for_answers(self, count: int) -> None:
        """Wait until pages took so many more changes: the web goes on by itself after each kill."""
        until, wanted = time.monotonic() + 120, self.statuses[302] + count
        while self.statuses[302] < wanted:
            assert time.monotonic() < until, f"the pages take nothing: {dict(self.statuses)}"
            time.sleep(0.05)

    def end(self) -> None:
        """Stop sending, and wait for the last answer."""
        self._ended.set()
        if self.is_alive():
            self.join(60)

    def answers(self) -> dict[str, Any]:
        """Return what was asked and answered."""
        changed = {
            who: {"asked": count, "acked": self.acked[who], "last": self.last[who]} for who, count in self.asked.items()
        }
        return {"changed": changed, "added": self.added}

    def _change(self, site: dict[str, Any], number: int) -> None:
        people = list(site["people"].items())
        who, key = people[number // 4 % len(people)]
        name = f"工人{_letters(number)}"
        self.asked[who] += 1
        done = self._sent(site, f"/people/{key}/change/", {"name": name, "nation": "01"})
        self.last[who] = [name] if done else [*self.last.get(who, []), name]
        self.acked[who] += done

    def _add(self, site: dict[str, Any], number: int) -> None:
        name = f"新人{_letters(number)}"
        day = time.strftime("%Y-%m-%d", time.gmtime())
        birth = f"{1960 + number % 40}{1 + number // 40 % 12:02}15"
        fields = {
            "name": name, "kind": "01", "number": id_number(number // 480 % 400, birth=birth), "trade": "020",
            "project": site["project"], "enterprise": site["enterprise"], "role": "20", "starts": day,
        }  # fmt: skip
        self.added[name] = self._sent(site, "/people/add/", fields)

    def _sent(self, site: dict[str, Any], path: str, fields: dict[str, Any]) -> bool:
        cookies = {"sessionid": site["cookie"], "csrftoken": TOKEN}
        with suppress(requests.RequestException):
            answer = requests.post(
                self._address + path,
                {**fields, "csrfmiddlewaretoken": TOKEN},
                cookies=cookies,
                allow_redirects=False,
                timeout=60,
            )
            self.statuses[answer.status_code] += 1
            return answer.status_code == 302
        self.statuses[0] += 1
        return False


def run_drill(
    stage: KillStage, dice: random.Random, kills: list[str], pause: Callable[[], float], limit_s: float = 7_000.0
) -> None:
    """Kill one part after another under load, at most for so long, and hold everything against the oracle."""
    until = time.monotonic() + limit_s
    for what in kills:
        if time.monotonic() > until:
            break
        stage.load.wait_for_answers(dice.randint(1, 4))
        time.sleep(pause())
        stage.kill(what, dice)
    stage.load.wait_for_answers(1)
    stage.settle(600)
    print(f"kills {dict(stage.kills)}; answers {dict(stage.load.statuses)}; {stage.count} events")
    assert stage.check() == []
    assert stage.ended() == []


def _letters(number: int) -> str:
    """Return a number as Chinese digits, which a name may hold."""
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
