"""Take what HQ and the desk sent: use lists, record incidents, execute orders and requests once."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from common.token_bucket import TokenBuckets
from contract.messages import (
    Advice,
    Command,
    CommandAction,
    NoticeCode,
    NoticeEvent,
    Origin,
    Reason,
)
from edge.core.config import Config
from edge.core.decision import look_alikes_in_words
from edge.core.domain import Decision, DeskRequest, Incident, RosterState, Template
from edge.core.templates import TemplateStore
from edge.loop.adapters import Adapters
from edge.loop.clock_watch import ClockWatch
from edge.loop.desk_requests import DeskRequests
from edge.loop.disk_watch import DiskWatch
from edge.loop.display import Display
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.loop.reboot import Reboot
from edge.loop.replay_guard import ReplayGuard
from edge.loop.training_proofs import TrainingProofs
from edge.loop.visitors import Visitors


class RateLimit(NamedTuple):
    """Allow `burst` at once, then one more every `refill_s`. A flood must not delay the lane or fill the disk."""

    burst: float
    refill_s: float


INCIDENTS = RateLimit(burst=50, refill_s=10.0)
REQUESTS = RateLimit(burst=30, refill_s=1.0)
"""More than people at a gate and an honest sync process need."""
WAITING_MAX = 100
"""Number of requests that are read ahead."""


class HqInbox:
    def __init__(
        self,
        config: Config,
        adapters: Adapters,
        writer: JournalWriter,
        passage_control: PassageControl,
        display: Display,
        disk_watch: DiskWatch,
        proofs: TrainingProofs,
        visitors: Visitors,
    ) -> None:
        self._config, self._adapters = config, adapters
        self._writer, self._passage_control, self._display = writer, passage_control, display
        self._commands: deque[Command] = deque()
        self._requests: deque[DeskRequest] = deque()
        self._loaded: Sequence[tuple[str, Template]] = ()
        self._disk_watch = disk_watch
        self._replay_guard, self._clock_watch = ReplayGuard(adapters), ClockWatch(adapters, writer)
        self._desk_requests = DeskRequests(
            config, adapters, writer, passage_control, display, self._clock_watch, proofs, visitors
        )
        self._visitors = visitors
        self._last_request = 0
        self._surveyed_version = 0
        self._known_refs: set[str] = set()
        self._more_requests = False
        self._incident_bucket = TokenBuckets(INCIDENTS.burst, INCIDENTS.refill_s)
        self._request_bucket = TokenBuckets(REQUESTS.burst, REQUESTS.refill_s)
        self._reboot = Reboot(config, adapters, passage_control)
        self.rebooting = False
        """True after a reboot began: the gate admits nobody any more."""

    def process(self) -> None:
        """Process everything new since the last call. Raises JournalError."""
        self._clock_watch.check()
        self._take_lists()
        self._note_look_alikes()
        self._take_incidents()
        # After an exception the rest stays in the queue for the next call.
        self._commands.extend(self._adapters.roster.commands(self._adapters.clock.utc()))
        while self._commands and not self.rebooting:  # the rest is executed after the start, if it is still valid
            self._execute(self._commands[0])
            self._commands.popleft()
        self._disk_watch.run_due()
        if self.rebooting:
            return
        self._read_requests()
        if (
            self._adapters.technician_requests is not None
            and (asked := self._adapters.technician_requests.waiting()) is not None
        ):
            self._desk_requests.execute_technician(asked)
            self._adapters.technician_requests.done()
        while self._requests and self._may_run(self._requests[0]):
            self._desk_requests.execute(self._requests[0])
            self._requests.popleft()

    def _may_run(self, request: DeskRequest) -> bool:
        """After a start all requests are read again. Known ones do not count against the rate limit."""
        return self._writer.knows(request.ref) or self._request_bucket.take("", self._adapters.clock.monotonic())

    def _read_requests(self) -> None:
        if self._adapters.desk_requests.changed():
            self._more_requests = True
            self._visitors.take(self._adapters.desk_requests.visitor_passes())
        if not self._more_requests or len(self._requests) >= WAITING_MAX:
            return
        found = self._adapters.desk_requests.requests(self._last_request)
        self._more_requests = bool(found)  # one reading is limited, and there may be more
        for request in found:
            self._last_request = request.id
            self._requests.append(request)

    def _take_lists(self) -> None:
        before = self._adapters.roster.state
        fresh, state = self._adapters.roster.refresh(), self._adapters.roster.state
        if state.templates is not self._loaded:  # also if loading failed the last time
            self._adapters.matcher.load(state.templates)
            if isinstance(self._loaded, TemplateStore) and isinstance(state.templates, TemplateStore):
                self._loaded.overwrite(but=state.templates)
            self._loaded = state.templates
        if fresh:
            self._note_versions(before, state)

    def _note_versions(self, before: RosterState, now: RosterState) -> None:
        lists = (("roster", before.roster, now.roster), ("risk", before.risk, now.risk))
        for name, old, new in (*lists, ("policy", before.policy_age, now.policy_age)):
            if new.version != old.version:
                self._adapters.journal.append(
                    NoticeEvent, code=NoticeCode.LIST_APPLIED, detail=f"{name} version {new.version}"
                )

    def _note_look_alikes(self) -> None:
        """Report to HQ once per roster which workers look too much alike. Ids only."""
        version = self._adapters.roster.state.roster.version
        if version == self._surveyed_version or (found := self._adapters.matcher.survey()) is None:
            return
        ref = f"look-alikes-roster-{version}"
        if found and not self._adapters.journal.seen(ref):
            detail = look_alikes_in_words({worker_id: other.worker_id for worker_id, other in found.items()})
            self._writer.write_notice(ref, NoticeCode.LOOK_ALIKE, detail)
        self._surveyed_version = version

    def _take_incidents(self) -> None:
        """Record the matcher's notices, and what sync refused as far as the rate limit allows. The rest stays for
        later."""
        told, refused = self._adapters.matcher.notices(), self._adapters.roster.incidents()
        self._known_refs.intersection_update(incident.ref for incident in (*told, *refused))
        for incident in told:
            self._record(incident)
        for incident in refused:
            if incident.ref in self._known_refs or self._adapters.journal.seen(incident.ref):
                self._known_refs.add(incident.ref)
            elif self._incident_bucket.take("", self._adapters.clock.monotonic()):
                self._record(incident)
            else:
                break

    def _record(self, incident: Incident) -> None:
        if incident.ref not in self._known_refs and not self._adapters.journal.seen(incident.ref):
            self._writer.write_notice(incident.ref, incident.code, incident.detail)
        self._known_refs.add(incident.ref)

    def _execute(self, command: Command) -> None:
        """Execute an order once. Its id is journalled before the effect (a lock-down's id after it)."""
        if self._writer.knows(command.command_id):
            return
        if self._adapters.clock.utc() > command.expires_utc:
            self._writer.write_notice(
                command.command_id, NoticeCode.COMMAND_REFUSED, f"{command.command_id}: expired meanwhile"
            )
            return
        if objection := self._replay_guard.objection(command):
            self._writer.write_notice(
                command.command_id, NoticeCode.COMMAND_REFUSED, f"{command.command_id}: {objection}"
            )
            return
        self._replay_guard.remember(command)
        match command.action:
            case CommandAction.OPEN_ONCE:
                self._open(command)
            case CommandAction.LOCK_DOWN | CommandAction.RELEASE_LOCK_DOWN:
                self._lock_down(command)
            case CommandAction.REBOOT if objection := self._reboot.objection():
                self._writer.write_notice(
                    command.command_id, NoticeCode.COMMAND_REFUSED, f"{command.command_id}: {objection}"
                )
            case CommandAction.REBOOT:
                self._done(command)
                self._reboot.begin()
                self.rebooting = (
                    True  # not earlier: if the relay refuses, the gate must not wait for a reboot that never comes
                )
            case CommandAction.RESYNC:  # the sync process executes it, after checking the same signature
                self._done(command)

    def _done(self, command: Command) -> None:
        self._writer.write_deferred()  # earlier events come first
        self._writer.write_notice(
            command.command_id, NoticeCode.COMMAND_DONE, _command_text(command), command.issued_by, Origin.HQ
        )

    def _open(self, command: Command) -> None:
        if not self._passage_control.admits(Reason.REMOTE_OPEN, self._config.site.direction):
            detail = f"{command.command_id}: the gate is {self._passage_control.state}"
            self._writer.write_notice(command.command_id, NoticeCode.COMMAND_REFUSED, detail)
            return
        detail = f"by {command.issued_by}: {command.why}"[:500]
        decision = Decision(
            Reason.REMOTE_OPEN, Advice.WALK_THROUGH, by=command.issued_by, origin=Origin.HQ, detail=detail
        )
        released = self._passage_control.release(self._writer.write_decision(decision, ref=command.command_id))
        self._display.show_release(released)

    def _lock_down(self, command: Command) -> None:
        """Lock first, then journal as done: the reverse of an opening. A repetition changes nothing."""
        if command.action is CommandAction.LOCK_DOWN:
            self._passage_control.lock_down(command.issued_by, command.why)
        else:
            self._passage_control.release_lock_down(command.issued_by, command.why)
        self._writer.defer(
            NoticeEvent,
            ref=command.command_id,
            code=NoticeCode.COMMAND_DONE,
            by=command.issued_by,
            origin=Origin.HQ,
            detail=_command_text(command),
        )


def _command_text(command: Command) -> str:
    return f"{command.command_id}: {command.action} by {command.issued_by}: {command.why}"[:500]
