"""Execute requests from desk.db. Each request is journalled once, as done or refused."""

from dataclasses import replace
from datetime import timedelta

from pydantic import BaseModel, ValidationError

from contract.messages import Advice, CommissioningEvent, EnrolmentEvent, NoticeCode, NoticeEvent, Origin, Reason
from edge.core.config import Config
from edge.core.decision import admit_by_guard
from edge.core.domain import (
    ADMIT,
    COMMISSION,
    CONFIRM_TRAINING,
    ENROL,
    LOCK_DOWN,
    RELEASE_LOCK_DOWN,
    VISITOR,
    VISITOR_LEFT,
    AdmitRequest,
    Circumstances,
    CommissioningRequest,
    ConfirmTrainingRequest,
    DeskRequest,
    EnrolmentRequest,
    LockDownRequest,
    TechnicianRequest,
    Tone,
    VisitorLeftRequest,
    VisitorRequest,
)
from edge.loop.adapters import Adapters
from edge.loop.clock_watch import ClockWatch
from edge.loop.display import Display
from edge.loop.journal_writer import JournalWriter, before_memory
from edge.loop.passage_control import PassageControl
from edge.loop.training_proofs import TrainingProofs
from edge.loop.visitors import Visitors

STALE_AFTER = timedelta(seconds=30)
"""A guard's admission is only for the person at the gate now."""
LOCK_DOWN_STALE_AFTER = timedelta(hours=12)
"""A damaged journal that was set aside brings old requests back. A lock-down that ended long ago must not lock the
gate."""
AHEAD_MAX = timedelta(seconds=5)
"""Both processes use one clock, but it may be set between request and execution."""

_BODIES: dict[str, type[BaseModel]] = {
    ENROL: EnrolmentRequest,
    COMMISSION: CommissioningRequest,
    ADMIT: AdmitRequest,
    LOCK_DOWN: LockDownRequest,
    RELEASE_LOCK_DOWN: LockDownRequest,
    CONFIRM_TRAINING: ConfirmTrainingRequest,
    VISITOR: VisitorRequest,
    VISITOR_LEFT: VisitorLeftRequest,
}


TimelyRequest = (
    AdmitRequest | LockDownRequest | ConfirmTrainingRequest | VisitorRequest | VisitorLeftRequest | TechnicianRequest
)
"""Requests that are executed soon after they were asked, or not at all."""


class DeskRequests:
    def __init__(
        self,
        config: Config,
        adapters: Adapters,
        writer: JournalWriter,
        passage_control: PassageControl,
        display: Display,
        clock_watch: ClockWatch,
        proofs: TrainingProofs,
        visitors: Visitors,
    ) -> None:
        self._config, self._clock_watch, self._proofs, self._visitors = config, clock_watch, proofs, visitors
        self._adapters, self._writer, self._passage_control, self._display = adapters, writer, passage_control, display

    def execute(self, request: DeskRequest) -> None:
        """Execute a request once: its `ref` goes into the journal. Raises JournalError."""
        if self._writer.knows(request.ref):
            return
        try:
            body = _BODIES[request.kind].model_validate_json(request.body)
        except KeyError:
            self._refuse(request, "an unknown kind of request")
        except ValidationError as error:
            self._refuse(request, f"{error.error_count()} problems")
        else:
            if isinstance(body, EnrolmentRequest):
                self._adapters.journal.append(EnrolmentEvent, ref=request.ref, **body.model_dump())
            elif isinstance(body, CommissioningRequest):
                self._adapters.journal.append(CommissioningEvent, ref=request.ref, **body.model_dump())
            elif isinstance(body, AdmitRequest):
                self._admit(request, body)
            elif isinstance(body, LockDownRequest):
                self._lock_down(request, body)
            elif isinstance(body, ConfirmTrainingRequest):
                self._confirm_training(request, body)
            elif isinstance(body, VisitorRequest | VisitorLeftRequest):
                self._take_visitor(request, body)

    def _lock_down(self, request: DeskRequest, wanted: LockDownRequest) -> None:
        """Start or end a lock-down. The start is refused only after hours, the end soon, like an admission. The
        record waits for the disk."""
        if request.kind == LOCK_DOWN:
            if self._adapters.clock.utc() - wanted.asked_utc > LOCK_DOWN_STALE_AFTER:
                self._refuse(request, f"by {wanted.by}: asked long ago; lock down again")
                return
            self._passage_control.lock_down(wanted.by, wanted.why, Origin.DESK)
        elif too_late := self._too_late(wanted):
            self._refuse(request, too_late)
            return
        elif not self._passage_control.release_lock_down(wanted.by, wanted.why, Origin.DESK, wanted.ends):
            self._refuse(request, f"by {wanted.by}: that lock-down is over; look again")
            return
        self._note_done(request, wanted.by)

    def execute_technician(self, wanted: TechnicianRequest) -> None:
        """Execute a technician's request about time or lists, once. Raises JournalError."""
        water, words = self._adapters.high_water, f"by {wanted.by}: {wanted.why}"
        if self._writer.knows(wanted.ref):
            return
        if too_late := self._too_late(wanted):
            self._writer.write_notice(
                wanted.ref,
                NoticeCode.REQUEST_REFUSED,
                f"{wanted.kind}: {too_late}",
                wanted.by,
                Origin.TECHNICIAN,
            )
        elif wanted.kind == "believe_clock":
            self._clock_watch.believe(
                f"{self._adapters.clock.utc():%Y-%m-%d %H:%M:%S} UTC is right, {words}"[:500], wanted.ref
            )
        elif water is not None:
            known = ", ".join(f"{kind.value} {version}" for kind, version in sorted(water.highest().items()))
            self._writer.write_notice(
                wanted.ref, NoticeCode.LISTS_FORGOTTEN, f"{words}; in force were {known or 'none'}"
            )
            water.take_older()

    def _too_late(self, wanted: TimelyRequest) -> str:
        if before_memory(self._adapters.journal, wanted.asked_utc):
            return (
                f"by {wanted.by}: asked before this gate's memory begins, so it may have been done already: ask again"
            )
        age = self._adapters.clock.utc() - wanted.asked_utc
        in_time = -AHEAD_MAX <= age <= STALE_AFTER
        return "" if in_time else f"by {wanted.by}: asked {age.total_seconds():.0f} s ago, too late"

    def _admit(self, request: DeskRequest, wanted: AdmitRequest) -> None:
        """Admit by a guard: first on disk with name and reason, then the relay."""
        if too_late := self._too_late(wanted):
            self._refuse(request, too_late)
        elif not self._passage_control.admits(Reason.MANUAL_ADMIT, wanted.direction):
            self._refuse(request, f"by {wanted.by}: the gate is {self._passage_control.state}")
        else:
            self._decide(request, wanted)

    def _decide(self, request: DeskRequest, wanted: AdmitRequest) -> None:
        clock = self._adapters.clock
        at = Circumstances(self._config.site.site_id, wanted.direction, clock.utc(), clock.trusted())
        words = f"by {wanted.by}: {wanted.reason}"
        visitor = self._visitors.holds(wanted.worker_id)
        decision = replace(
            admit_by_guard(wanted.worker_id, words, self._adapters.roster.state, at, wanted.despite, visitor=visitor),
            by=wanted.by,
            origin=Origin.DESK,
        )
        event = self._writer.write_decision(decision, ref=request.ref, direction=wanted.direction)
        if not decision.granted:
            self._display.show(Tone.DESK, Advice.SEE_DESK)
            return
        self._display.show_release(self._passage_control.release(event, slow=decision.slow))

    def _take_visitor(self, request: DeskRequest, wanted: VisitorRequest | VisitorLeftRequest) -> None:
        """Register a visitor, or record that one left. It opens nothing."""
        why = self._too_late(wanted)
        if not why and isinstance(wanted, VisitorRequest):
            why = self._visitors.register(request, wanted)
        elif not why and isinstance(wanted, VisitorLeftRequest):
            why = self._visitors.leave(request, wanted)
        if why:
            self._refuse(request, why)

    def _confirm_training(self, request: DeskRequest, wanted: ConfirmTrainingRequest) -> None:
        """Let a guard confirm the worker of a training code without a face. It opens nothing."""
        why = self._too_late(wanted) or self._proofs.confirm(wanted.by, wanted.seq, wanted.epoch)
        if why:
            self._refuse(request, why)
            return
        self._note_done(request, wanted.by)

    def _note_done(self, request: DeskRequest, by: str) -> None:
        """Record that a request was executed. The record waits for the disk."""
        self._writer.defer(
            NoticeEvent,
            ref=request.ref,
            code=NoticeCode.COMMAND_DONE,
            by=by,
            origin=Origin.DESK,
            detail=f"{request.kind} by {by} at the desk",
        )

    def _refuse(self, request: DeskRequest, why: str) -> None:
        self._writer.write_notice(request.ref, NoticeCode.REQUEST_REFUSED, f"{request.kind[:40]}: {why}")
