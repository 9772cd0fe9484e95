"""Collect what the processes of this gate wrote, and ask the screen process whether it answers."""

import json
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType

from prometheus_client.parser import text_string_to_metric_families

from contract.messages import AnyEvent, ListKind
from edge.app.state_folders import JOURNAL, REPLICA, metrics_files
from edge.core.config import Config, ScreenConfig
from edge.core.domain import LiveState
from edge.replica.summary import ReplicaSummary, SummaryReader
from edge.storage.journal import JournalReader
from edge.system.clock import SystemClock
from edge.system.host import cpu_temperature_c
from edge.system.metrics import fresh

ANSWER_S = 2.0
"""How long the screen process may take for an answer."""
HEALTH_BYTES_MAX = 4096
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""An address that means all addresses of this machine, and one to call it by."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known of this gate at `now` (UTC).

    `sync_runs`: the sync process updates its numbers. `screen_answers`: None if its port is not fixed. `turn_ms`: the
    mean turn of the gate's loop since its start. `names_refused`: the screen process does not use a list of names
    that is here. `trouble`: a file that cannot be read, and why.
    """

    now: datetime
    live: LiveState | None = None
    summary: ReplicaSummary = field(default_factory=ReplicaSummary)
    epoch: str = ""
    head: int = 0
    base: int = 0
    newest: tuple[AnyEvent, ...] = ()
    sync_runs: bool = False
    screen_answers: bool | None = None
    cpu_c: float | None = None
    turn_ms: float | None = None
    names_refused: bool = False
    trouble: tuple[str, ...] = ()

    @property
    def unsent(self) -> int:
        """Count the events of the present epoch that HQ has not acknowledged."""
        ack = self.summary.ack
        acked = ack.seq if ack is not None and ack.epoch == self.epoch else 0
        return max(0, self.head - max(acked, self.base))


class FactsReader:
    """Reads the facts on request. `events`: how many of the newest events. Use it as a context manager."""

    def __init__(self, config: Config, events: int = 1) -> None:
        self._config, self._events = config, events
        state = config.paths.state_dir
        self._journal, self._summary = JournalReader(state / JOURNAL), SummaryReader(state / REPLICA)
        self._clock = SystemClock()

    def __enter__(self) -> "FactsReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close()
        self._summary.close()

    def read(self) -> GateFacts:
        """Read everything. Never raises for a missing or damaged file."""
        self._journal.changed()
        trouble: list[str] = []
        live = None
        try:
            live = self._journal.live()
        except ValueError:
            trouble.append(f"{JOURNAL}: the live state cannot be read: it is of another version, or damaged")
        summary = self._summary.read()
        trouble += [text for text in (self._journal.trouble, self._summary.trouble) if text]
        numbers = metrics(metrics_files(self._config))
        return GateFacts(
            now=self._clock.utc(),
            live=live,
            summary=summary,
            epoch=self._journal.epoch,
            head=self._journal.head(),
            base=self._journal.base()[0],
            newest=tuple(self._journal.latest(self._events)),
            sync_runs=any(name.startswith("sitegate_sync_") for name in numbers),
            screen_answers=answers(self._config.screen),
            cpu_c=cpu_temperature_c(),
            names_refused=ListKind.DIRECTORY in summary.lists and names_refused(self._config.screen),
            turn_ms=_mean_ms(numbers, "sitegate_gate_step_seconds"),
            trouble=tuple(trouble),
        )


def metrics(paths: Iterable[Path]) -> Mapping[str, float]:
    """Return the numbers without labels of the processes that run. A process's text that is none is left out."""
    found: dict[str, float] = {}
    for path in paths:
        text = fresh([path], time.time()).decode("utf-8", "replace")
        try:
            for family in text_string_to_metric_families(text):
                found |= {sample.name: sample.value for sample in family.samples if not sample.labels}
        except (ValueError, KeyError, IndexError):
            continue
    return found


def answers(screen: ScreenConfig) -> bool | None:
    """Ask the screen process whether it runs. None if its port is not fixed.

    Only the first bytes are read: a process that answers byte by byte must not hold this command up.
    """
    if not screen.port:
        return None
    try:
        with _asked(screen) as connection:
            return connection.recv(64).startswith(b"HTTP/1.")
    except OSError:
        return False


def names_refused(screen: ScreenConfig) -> bool:
    """Ask the screen process whether it does not use a list of names that is here. Only that process can open one."""
    if not screen.port:
        return False
    until_s, answer = time.monotonic() + ANSWER_S, b""
    try:
        with _asked(screen) as connection:
            while (left_s := until_s - time.monotonic()) > 0 and len(answer) < HEALTH_BYTES_MAX:
                connection.settimeout(left_s)
                if not (more := connection.recv(HEALTH_BYTES_MAX)):
                    break
                answer += more
        found = json.loads(answer.partition(b"\r\n\r\n")[2])
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("names_refused") is True


def _asked(screen: ScreenConfig) -> socket.socket:
    """Ask for the health answer. Raises OSError."""
    connection = socket.create_connection((EVERYWHERE.get(screen.host, screen.host), screen.port), ANSWER_S)
    asked = f"GET /healthz HTTP/1.1\r\nHost: localhost:{screen.port}\r\nConnection: close\r\n\r\n"
    try:
        connection.sendall(asked.encode())
    except OSError:
        connection.close()
        raise
    return connection


def _mean_ms(numbers: Mapping[str, float], name: str) -> float | None:
    count = numbers.get(f"{name}_count", 0)
    return 1000 * numbers.get(f"{name}_sum", 0) / count if count else None
