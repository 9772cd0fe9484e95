"""Writes a process's metrics to a file in Prometheus' text format: the gate process has no network to serve them on.

The screen's `/metrics` includes the files of the other processes, so that one scrape shows the whole gate. The textfile
collector of node_exporter can read the same files.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, write_to_textfile

from edge.system.regular_file import read_regular

log = structlog.get_logger()

EVERY_S = 10.0
STALE_S = 60.0
"""An older file belongs to a process that has ended."""
_BYTES_MAX = 256 * 1024


def registry_of(process: str) -> CollectorRegistry:
    """Make a registry with the process's CPU time, memory and open files, named `sitegate_<process>_process_…`."""
    registry = CollectorRegistry()
    ProcessCollector(namespace=f"sitegate_{process}", registry=registry)
    return registry


class MetricsFile:
    """Writes a registry to a file every EVERY_S, whole or not at all. Never raises: metrics are not worth an outage."""

    def __init__(
        self, path: Path, registry: CollectorRegistry, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._registry, self._monotonic = path, registry, monotonic
        self._due_s = 0.0
        self._failed = False

    def write_if_due(self) -> None:
        """Write the file, if EVERY_S have passed."""
        now = self._monotonic()
        if now < self._due_s:
            return
        self._due_s = now + EVERY_S
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(self._path), self._registry)
            self._path.chmod(0o644)  # the scraper belongs to another group
        except OSError as error:
            if not self._failed:
                log.warning("metrics_not_written", path=str(self._path), error=error.strerror)
            self._failed = True
        else:
            self._failed = False

    def remove(self) -> None:
        """Remove the file: the process ends."""
        self._path.unlink(missing_ok=True)


def fresh(paths: Iterable[Path], now_s: float) -> bytes:
    """Return the content of those files that a running process keeps up to date. `now_s`: seconds since 1970."""
    found = b""
    for path in paths:
        try:
            if abs(now_s - path.stat().st_mtime) <= STALE_S:
                text = read_regular(path, _BYTES_MAX)
                found += text if text.endswith(b"\n") else b""  # a cut-off text would spoil the text that follows
        except OSError:
            continue
    return found
