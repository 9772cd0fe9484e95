"""`sitegate-district web` and `worker`: the two processes; `run` starts both, and HQ with them if that is wanted."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from common.processes import Processes, on_ending
from district.commands.context import Folder, opened, out, tell
from district.commands.start_problems import database_problem, start_problems
from district.commands.users import print_first_link
from district.config import DistrictConfig, read_config
from district.demo.cast import SITES, site_code_of

_PARTS = {"hq": "HQ", "platform": "the simulated platform", "web": "the pages", "worker": "the worker"}
DATABASE_STARTS_S = 20.0
"""So long the pages wait for a database that starts at the same time."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(web)
    app.command()(worker)


def run(
    folder: Folder = Path(),
    everything: Annotated[
        bool, typer.Option("--all", help="Run HQ with its own broker too: all that one site needs.")
    ] = False,
) -> None:
    """Run web and worker until one of them ends. With SQLite the database is brought to this version first.

    Example: sitegate-district run --dir district --all
    """
    config = read_config(folder)
    if problems := _problems(config, everything):
        for problem in problems:
            tell(problem)
        raise typer.Exit(1)
    stop = _stop_event()
    with Processes() as children:
        if not config.database_url:
            _run_to_end(children, _own("migrate", config))
        names = _start(children, config, everything=everything)
        while not stop.wait(0.5):
            ended = [name for name in names if children[name].poll() is not None]
            if ended:
                parts = ", ".join(_PARTS[name] for name in ended)
                out.print(f"{parts} ended: its last lines above say why; the rest is stopped", highlight=False)
                raise typer.Exit(1)


def web(folder: Folder = Path()) -> None:
    """Serve the pages.

    Example: sitegate-district web --dir district
    """
    config = opened(folder)
    (config.folder / "static").mkdir(exist_ok=True)
    out.print(f"pages: http://{config.web.host}:{config.web.port}/", highlight=False)
    if not config.demo:
        _when_database_answers(lambda: print_first_link(config))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *gunicorn_options(config), "district.wsgi"])


def worker(folder: Folder = Path()) -> None:
    """Hand changes to HQ, read its feed, and do what pages queue. Several may run; each thing is done by one.

    Example: sitegate-district worker --dir district
    """
    opened(folder)
    from district.exchange.worker import work

    work(_stop_event())


def _problems(config: DistrictConfig, everything: bool) -> list[str]:
    """Return what keeps a part from starting, after the time in which a database starts that began with this."""
    until = time.monotonic() + DATABASE_STARTS_S
    while database_problem(config.database_url) and time.monotonic() < until:
        time.sleep(0.5)
    return start_problems(config, everything=everything)


def _start(children: Processes, config: DistrictConfig, *, everything: bool) -> tuple[str, ...]:
    """Start the processes in an order in which each finds what it needs. Return their names."""
    commands: Mapping[str, Sequence[str]] = {
        **({"hq": _hq(config)} if everything else {}),
        **({"platform": _platform(config)} if config.demo and config.realname.url else {}),
        "web": _own("web", config),
        "worker": _own("worker", config),
    }
    for name, command in commands.items():
        children.start(name, command, within_s=40.0 if name == "hq" else 12.0)
    return tuple(commands)


def _run_to_end(children: Processes, command: Sequence[str]) -> None:
    """Run a command that this one needs. Another process: this one stays small while it waits."""
    if children.start("first", command).wait():
        raise typer.Exit(1)


def _when_database_answers(do: Callable[[], None]) -> None:
    """Do something with the database, which may be starting just now. Give up after a while: the pages say why."""
    from district.web.away import first_line, is_away

    until = time.monotonic() + DATABASE_STARTS_S
    while True:
        try:
            return do()
        except Exception as error:
            if not is_away(error):
                raise
            told = first_line(error)
        if time.monotonic() > until:
            return tell(f"the database does not answer ({told}): the pages start without it")
        time.sleep(0.5)


def _stop_event() -> threading.Event:
    """Make an event that SIGINT, SIGTERM and SIGHUP set."""
    stop = threading.Event()
    on_ending(lambda *_: stop.set())
    return stop


def gunicorn_options(config: DistrictConfig) -> list[str]:
    several = config.web.workers > 1
    return [
        f"--bind={config.web.host}:{config.web.port}",
        f"--workers={config.web.workers}",
        "--worker-class=district.patient_worker.PatientWorker",
        f"--threads={config.web.threads}",
        # Kept connections would all go to the same one of several workers.
        f"--keep-alive={0 if several else 15}",
        "--graceful-timeout=8",
        "--no-control-socket",
    ]


def _own(command: str, config: DistrictConfig) -> list[str]:
    return [sys.executable, "-m", "district", command, "--dir", str(config.folder)]


def _platform(config: DistrictConfig) -> list[str]:
    """Return the command of a demonstration's simulated real-name platform."""
    port = urlsplit(config.realname.url).port
    codes = [site_code_of(number) for number in range(len(SITES))]
    result_s, calls = "0.5", str(config.realname.calls_per_minute)
    options = ["--port", str(port), "--result-after-s", result_s, "--calls-per-minute", calls]
    return [sys.executable, "-m", "district", "platform-sim", *codes, *options]


def _hq(config: DistrictConfig) -> list[str]:
    return [sys.executable, "-m", "hq", "run", "--with-broker", "--dir", str(config.path(config.hq.folder))]
