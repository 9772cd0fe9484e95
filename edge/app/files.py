"""The files by which the three processes meet, and where they lie."""

import os
from pathlib import Path

from edge.config import Config
from edge.ports import JournalError

JOURNAL, REPLICA, PINS = "journal.db", "replica.db", "pins.jsonl"
DESK = "desk/desk.db"
"""In a folder of its own, which the process with the network does not see: who writes there can ask the gate to open."""
PULSE_CUTS = "pulse-cuts.jsonl"
"""What the second pulse guard did, for the gate process to journal at its next start."""
SCORES = "scores.db"
METRICS = "metrics"
"""Folder of the processes' own numbers, where systemd gives them no folder in memory."""
RESERVE = "journal.reserve"
"""Room on the disk that only the journal may use."""


def state_dir(config: Config) -> Path:
    """The folder, made if it is missing. Raises JournalError if this user cannot write there."""
    path = config.paths.state_dir
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"{path} cannot be made ({error.strerror}): create it, or set paths.state_dir") from error
    if not os.access(path, os.W_OK):
        raise JournalError(f"{path} cannot be written by this user: correct its owner, or set paths.state_dir")
    return path


def metrics_file(config: Config, process: str) -> Path:
    """Where a process writes its numbers: in memory under systemd, which spares the card."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return (Path(folder) if folder else config.paths.state_dir / METRICS) / f"{process}.prom"


def metrics_files(config: Config) -> list[Path]:
    """Where the numbers of the processes without a page of their own may lie."""
    return [
        folder / f"{process}.prom"
        for process in ("gate", "sync")
        for folder in (Path(f"/run/sitegate-{process}"), config.paths.state_dir / METRICS)
    ]
