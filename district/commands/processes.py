"""`sitegate-district web` and `worker`: the two processes; `run` starts both."""

import os
import subprocess
import sys
from pathlib import Path

import typer

from district.commands.context import Folder, opened, out
from district.config import DistrictConfig


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(web)
    app.command()(worker)


def run(folder: Folder = Path()) -> None:
    """Run web and worker until one of them ends.

    Example: sitegate-district run --dir district
    """
    config = opened(folder)
    children = [subprocess.Popen(_own("web", config)), subprocess.Popen(_own("worker", config))]
    try:
        while all(child.poll() is None for child in children):
            try:
                children[0].wait(1)
            except subprocess.TimeoutExpired:
                continue
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(15)
    raise typer.Exit(1)


def web(folder: Folder = Path()) -> None:
    """Serve the pages.

    Example: sitegate-district web --dir district
    """
    config = opened(folder)
    out.print(f"pages: http://{config.web.host}:{config.web.port}/", highlight=False)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *_gunicorn_options(config), "district.wsgi"])


def worker(folder: Folder = Path()) -> None:
    """Hand changes to HQ, read its feed, and do what pages queue.

    Example: sitegate-district worker --dir district
    """
    opened(folder)
    from district.exchange.worker import work

    work()


def _gunicorn_options(config: DistrictConfig) -> list[str]:
    return [
        f"--bind={config.web.host}:{config.web.port}",
        f"--workers={config.web.workers}",
        "--worker-class=gthread",
        f"--threads={config.web.threads}",
    ]


def _own(command: str, config: DistrictConfig) -> list[str]:
    return [sys.executable, "-m", "district", command, "--dir", str(config.folder)]
