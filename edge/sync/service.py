"""The sync process: journal up, lists and commands down, presence and health. One thread besides the connection's."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.messages import Command, CommandAction, HqState
from contract.topics import Channel
from edge.core.config import Config
from edge.core.layout import REPLICA
from edge.core.ports import Clock, JournalReader
from edge.replica.writer import ReplicaError, ReplicaWriter
from edge.sync.jobs import Job
from edge.sync.metrics import SyncMeters
from edge.sync.parts import Parts, make

log = structlog.get_logger()

POLL_S = 0.05
"""How often the journal is looked at. A message from HQ is handled at once."""
_RECEIVE_MAX = 32
_COMPLAIN_EVERY_S = 60.0


class SyncService:
    """Composed with `SyncService.open`. `run` until `stop` is set, or `step` in a test.

    Raises:
        BadKey, LinkError, ReplicaError: from `open`. Each says what to do.
    """

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self._parts, self._clock = parts, clock
        self._connection = 0
        self._complaint_due_s = 0.0
        self._closed = False

    @classmethod
    def open(
        cls,
        config: Config,
        journal: JournalReader,
        clock: Clock,
        *,
        software: str,
        open_reader: Callable[[Path], JournalReader],
        key: Ed25519PrivateKey | None = None,
    ) -> "SyncService":
        """Make the service with its real parts.

        `software`: this program's version, for the birth message. `open_reader`: reads a journal's file. `key`: the
        link key.
        """
        replica = ReplicaWriter(config.paths.state_dir / REPLICA)
        try:
            parts = make(config, journal, clock, software=software, replica=replica, open_reader=open_reader, key=key)
            return cls(parts, clock)
        except Exception:
            replica.close()
            raise

    @property
    def meters(self) -> SyncMeters:
        return self._parts.meters

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then say goodbye."""
        self.start()
        try:
            while not stop.is_set():
                self.step(POLL_S)
        finally:
            self.close()

    def start(self) -> None:
        self._parts.link.start()

    def step(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for a message, then run the jobs that are due.

        A disk that refuses stops lists, commands and the screen's view from being kept, never the events from being
        sent: the gate may remove what HQ has to make room.
        """
        try:
            self._receive(timeout_s)
        except ReplicaError as error:
            self._complain(error)
        for job in self._parts.always:
            self._run_if_due(job)
        if self._parts.link.state.connected:
            self._follow_connection()
            for job in self._parts.online:
                self._run_if_due(job)
        self._run_if_due(self._parts.display)

    def close(self) -> None:
        """Publish the planned end and close everything. May be called twice."""
        if self._closed:
            return
        self._closed = True
        parts = self._parts
        parts.link.close(parts.sender.signed(Channel.STATUS, parts.status.message(online=False, planned=True)))
        self._run(parts.display)
        parts.uplink.close()
        parts.replica.close()

    def _receive(self, timeout_s: float) -> None:
        for _ in range(_RECEIVE_MAX):
            received = self._parts.link.receive(timeout_s)
            if received is None:
                return
            timeout_s = 0
            self.meters.received_bytes.inc(len(received.payload))
            answer, uplink = self._parts.downlink.handle(received), self._parts.uplink
            if isinstance(answer, HqState):
                uplink.note_hq(online=answer.online)
            elif isinstance(answer, Command):
                if answer.action is CommandAction.RESYNC:
                    self._resync(answer)
            elif answer is not None:
                uplink.acknowledged(*answer, self._clock.monotonic(), retained=received.retained)

    def _resync(self, command: Command) -> None:
        """Ask for everything again. HQ answers with how far it holds the journal. The gate process journals the
        command."""
        log.warning("resync", command_id=command.command_id)
        self._parts.lists.resync()
        self._parts.uplink.resync(self._clock.monotonic())

    def _follow_connection(self) -> None:
        """Let the jobs begin again with each new connection."""
        state = self._parts.link.state
        if state.connection != self._connection:
            self._connection = state.connection
            self.meters.connections.inc()
            for job in self._parts.online:
                job.connected(self._clock.monotonic())

    def _run_if_due(self, job: Job) -> None:
        if self._clock.monotonic() >= job.due():
            self._run(job)

    def _run(self, job: Job) -> None:
        try:
            job.run(self._clock.monotonic())
        except ReplicaError as error:
            self._complain(error)

    def _complain(self, error: ReplicaError) -> None:
        if self._clock.monotonic() >= self._complaint_due_s:
            self._complaint_due_s = self._clock.monotonic() + _COMPLAIN_EVERY_S
            log.error("replica_not_written", detail=str(error))
