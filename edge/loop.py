"""One frame through the whole picture: lists, inputs, look, decide, journal, pulse. Imports no SDK.

`GateLoop.step()` is called for ever by the gate process. Nothing in it waits longer than one frame.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pydantic import ValidationError

from contract.messages import (
    AccessEvent,
    Advice,
    Command,
    EnrolmentEvent,
    Event,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    Reason,
)
from edge.config import Config
from edge.decision import advice_for, decide, pairs_in_words, tiers
from edge.domain import (
    Decision,
    EnrolmentRequest,
    GateSignal,
    Identification,
    LiveState,
    RosterState,
    Sight,
    Tone,
)
from edge.passage import OUTCOMES, Action, Passage, PassageInput, PassageState, step
from edge.ports import Camera, Clock, Gate, Indicator, Journal, JournalError, Matcher, Requests, Roster

log = structlog.get_logger()

LISTS_EVERY_S = 0.2
LIVE_EVERY_S = 1.0
PRUNE_EVERY_S = 600.0
JOURNAL_ERROR_EVERY_S = 10.0
FRAME_WAIT_S = 0.1
SHOW_AT_LEAST_S = 1.5
FAILURES_MAX = 20
"""So many failed steps in a row end the process: a restart is the better cure."""

_SIGNALS: dict[GateSignal, PassageInput] = {
    GateSignal.PASSED: PassageInput.PASSED,
    GateSignal.FIRE_ON: PassageInput.FIRE_ON,
    GateSignal.FIRE_OFF: PassageInput.FIRE_OFF,
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the loop touches."""

    camera: Camera
    matcher: Matcher
    gate: Gate
    indicator: Indicator
    roster: Roster
    journal: Journal
    requests: Requests
    clock: Clock


@dataclass(frozen=True, slots=True)
class Approach:
    """One person in front of the gate, from coming to leaving. Times are monotonic seconds."""

    number: int = 0
    decided: Decision | None = None
    decided_at: float = 0.0
    unusable_since: float | None = None
    advised: bool = False
    passed: bool = False


class GateLoop:
    """Holds the gate's present state; all judgement is in `decision` and `passage`."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self._config, self._p = config, ports
        self._passage = Passage()
        self._approach = Approach()
        self._shown: tuple[Tone, Advice | None] = (Tone.IDLE, None)
        self._shown_until = 0.0
        self._frame_number = 0
        self._camera_ok: bool | None = None
        self._opening_until = ports.clock.monotonic() + config.camera.hang_timeout_ms / 1000
        self._last_request = 0
        self._surveyed_version = 0
        self._known_refs: set[str] = set()
        self._unwritten: deque[tuple[type[Event], dict[str, Any]]] = deque()
        self._failures = 0
        self._due = {"lists": 0.0, "live": 0.0, "prune": 0.0, "journal_error": 0.0}
        self.usable_to_pulse_s: list[float] = []
        """Time from the first usable frame to the relay's pulse, one entry per granted approach (newest 1000)."""

    def step(self) -> bool:
        """One turn; True if it was healthy (then, and only then, the watchdog is fed).

        Raises:
            Exception: after FAILURES_MAX failed turns in a row.
        """
        try:
            self._turn()
        except JournalError as error:
            # No record, no opening. The person is told to see the desk, and the next turn tries again. What the gate
            # is doing already stands: a fire release above all.
            if self._is_due("journal_error", JOURNAL_ERROR_EVERY_S):
                log.error("journal_failed", error=str(error), unwritten=len(self._unwritten))
            self._show(Tone.DESK, Advice.SEE_DESK)
            self._p.camera.wait(self._frame_number, FRAME_WAIT_S)
            return False
        except Exception as error:  # the promise: an error in the pipeline is a recorded "no decision"
            self._failures += 1
            log.exception("step_failed", failures=self._failures)
            if self._failures >= FAILURES_MAX:
                raise
            self._no_decision(error)
            return False
        self._failures = 0
        return True

    def close(self) -> None:
        """Locked, dark, and recorded."""
        self._p.gate.close()
        self._p.indicator.close()
        self._p.camera.close()
        try:
            self._note(NoticeEvent, code=NoticeCode.GATE_STOPPED)
            self._write_notes()
        except JournalError as error:
            log.error("journal_failed", error=str(error), unwritten=len(self._unwritten))
        self._p.journal.close()

    def _turn(self) -> None:
        self._take_signals(self._p.clock.monotonic())  # first of all, and whatever the disk does: fire is among them
        self._write_notes()
        if self._is_due("lists", LISTS_EVERY_S):
            self._take_lists()
            self._take_requests()
        frame = self._p.camera.wait(self._frame_number, FRAME_WAIT_S)
        self._watch_camera()
        if frame is not None:
            self._frame_number = frame.number
            self._meet(self._p.matcher.look(frame))
        elif self._camera_ok is False:
            self._show(Tone.STOP, Advice.SEE_DESK)
        if self._is_due("live", LIVE_EVERY_S):
            self._write_live()
        self._write_notes()

    # --- The person in the lane ---------------------------------------------------------------------

    def _meet(self, seen: Identification) -> None:
        now = self._p.clock.monotonic()
        if seen.approach != self._approach.number:
            self._approach = Approach(number=seen.approach)
        if seen.sight is Sight.NOBODY:
            if now >= self._shown_until:
                self._show(Tone.IDLE, None)
            return
        if self._passage.state is PassageState.FIRE:
            self._show(Tone.GO, Advice.WALK_THROUGH)
        elif self._passage.ready and not self._settled(now):
            if seen.challenge is not None:
                self._show(Tone.ADJUST, seen.challenge)
            elif seen.sight in (Sight.KNOWN, Sight.UNKNOWN):
                self._judge(seen)
            else:
                self._advise(seen, now)

    def _settled(self, now: float) -> bool:
        """True while the last decision on this person still stands."""
        last = self._approach.decided
        if last is None:
            return False
        return self._approach.passed or now - self._approach.decided_at < self._config.decision.repeat_after_ms / 1000

    def _advise(self, seen: Identification, now: float) -> None:
        """Say the next step at once; if it lasts, record it once per approach."""
        advice = advice_for(seen.sight)
        if advice is None:
            self._approach = replace(self._approach, unusable_since=None)
            return
        self._show(Tone.ADJUST, advice)
        since = self._approach.unusable_since
        if since is None:
            self._approach = replace(self._approach, unusable_since=now)
        elif not self._approach.advised and now - since >= self._config.decision.advice_after_ms / 1000:
            self._record(self._decision(seen))
            self._approach = replace(self._approach, advised=True)

    def _judge(self, seen: Identification) -> None:
        decision = self._decision(seen)
        event = self._record(decision)
        self._approach = replace(
            self._approach, decided=decision, decided_at=self._p.clock.monotonic(), unusable_since=None
        )
        if decision.granted:
            self._passage = replace(self._passage, access_seq=event.seq, worker_id=decision.worker_id)
            self._happened(PassageInput.GRANT)
            self._note_latency(seen)
        tone = Tone.GO if decision.granted else Tone.DESK if decision.advice is Advice.SEE_DESK else Tone.ADJUST
        self._show(tone, decision.advice)

    def _decision(self, seen: Identification) -> Decision:
        return decide(
            seen,
            seen.liveness,
            self._p.roster.state,
            self._config.site.site_id,
            self._p.clock.utc(),
            self._p.clock.trusted(),
            self._config.liveness.must_be_live,
        )

    def _record(self, decision: Decision, ref: str | None = None) -> AccessEvent:
        """The decision on disk. Whatever follows, follows after."""
        self._write_notes()  # what happened before stands before it
        state, matcher = self._p.roster.state, self._p.matcher
        return self._p.journal.append(
            AccessEvent,
            ref=ref,
            reason=decision.reason,
            granted=decision.granted,
            advice=decision.advice,
            direction=self._config.site.direction,
            worker_id=decision.worker_id,
            score=decision.score,
            threshold=decision.threshold,
            frames=decision.frames,
            liveness=decision.liveness,
            model_id=matcher.model_id,
            gallery_size=matcher.gallery_size,
            roster_version=state.roster.version,
            risk_version=state.risk.version,
            policy_version=state.policy_age.version,
            roster_tier=decision.roster_tier,
            risk_tier=decision.risk_tier,
            detail=decision.detail,
        )

    def _no_decision(self, error: Exception) -> None:
        """The pipeline failed on this frame: say so, once per approach, and stay shut."""
        self._show(Tone.DESK, Advice.SEE_DESK)
        if self._approach.decided is None:
            decision = Decision(Reason.NO_DECISION, Advice.SEE_DESK, detail=type(error).__name__)
            self._approach = replace(self._approach, decided=decision, decided_at=self._p.clock.monotonic())
            try:
                self._record(decision)
            except JournalError as journal_error:
                log.error("journal_failed", error=str(journal_error))

    def _note_latency(self, seen: Identification) -> None:
        if seen.usable_since_s is not None:
            self.usable_to_pulse_s.append(self._p.clock.monotonic() - seen.usable_since_s)
            del self.usable_to_pulse_s[:-1000]

    def _note(self, kind: type[Event], **fields: Any) -> None:
        """Record what has already happened. It is written this turn, or on a later one if the disk refuses."""
        self._unwritten.append((kind, fields))

    def _write_notes(self) -> None:
        while self._unwritten:
            kind, fields = self._unwritten[0]
            self._p.journal.append(kind, **fields)
            self._unwritten.popleft()

    # --- The gate -----------------------------------------------------------------------------------

    def _take_signals(self, now: float) -> None:
        for signal in self._p.gate.signals():
            if signal is GateSignal.TAMPER:
                self._note(NoticeEvent, code=NoticeCode.TAMPER)
            else:
                self._happened(_SIGNALS[signal])
        if self._passage.deadline_s is not None and now >= self._passage.deadline_s:
            self._happened(PassageInput.TIMEOUT)

    def _happened(self, what: PassageInput) -> None:
        before = self._passage
        self._passage, actions = step(before, what)
        for action in actions:  # the table lists what moves the gate before what is recorded
            if action is Action.PULSE:
                # The deadline first: a pulse that fails must not leave the passage waiting for ever.
                deadline = self._p.clock.monotonic() + self._config.gate.passage_timeout_ms / 1000
                self._passage = replace(self._passage, deadline_s=deadline)
                self._p.gate.pulse()
            elif action is Action.LOCK:
                self._p.gate.lock()
            elif action is Action.HOLD_OPEN:
                self._p.gate.hold_open()
            else:
                self._record_passage(action, before)
        if actions:
            self._write_live()

    def _record_passage(self, action: Action, before: Passage) -> None:
        if action in OUTCOMES:
            if action is Action.RECORD_PASSED:
                self._approach = replace(self._approach, passed=True)
            self._note(
                PassageEvent,
                outcome=OUTCOMES[action],
                direction=self._config.site.direction,
                access_seq=before.access_seq,
                worker_id=before.worker_id,
            )
        else:
            fire = NoticeCode.FIRE_ON if action is Action.RECORD_FIRE_ON else NoticeCode.FIRE_OFF
            self._note(NoticeEvent, code=fire)

    # --- What HQ and the desk say -------------------------------------------------------------------

    def _take_lists(self) -> None:
        """Believe the newest verified lists, journal what was refused, obey commands, prune what HQ holds."""
        before = self._p.roster.state
        if self._p.roster.refresh():
            state = self._p.roster.state
            if state.templates is not before.templates:
                self._p.matcher.load(state.templates)
            self._note_versions(before, state)
        self._note_look_alikes()
        for incident in (*self._p.roster.incidents(), *self._p.matcher.notices()):
            if incident.ref not in self._known_refs and not self._p.journal.seen(incident.ref):
                self._p.journal.append(NoticeEvent, ref=incident.ref, code=incident.code, detail=incident.detail)
            self._known_refs.add(incident.ref)
        for command in self._p.roster.commands(self._p.clock.utc()):
            self._obey(command)
        if self._is_due("prune", PRUNE_EVERY_S):
            for ack in self._p.roster.acks():
                if ack.epoch == self._p.journal.epoch:
                    self._p.journal.prune(ack.seq, self._config.journal.keep_days)

    def _note_versions(self, before: RosterState, now: RosterState) -> None:
        lists = (("roster", before.roster, now.roster), ("risk", before.risk, now.risk))
        for name, old, new in (*lists, ("policy", before.policy_age, now.policy_age)):
            if new.version != old.version:
                self._p.journal.append(
                    NoticeEvent, code=NoticeCode.LIST_APPLIED, detail=f"{name} version {new.version}"
                )

    def _note_look_alikes(self) -> None:
        """Tell HQ once per roster who looks too much alike; ids only."""
        version = self._p.roster.state.roster.version
        if version == self._surveyed_version or (found := self._p.matcher.survey()) is None:
            return
        ref = f"look-alikes-roster-{version}"
        if found and not self._p.journal.seen(ref):
            detail = pairs_in_words({worker_id: other.worker_id for worker_id, other in found.items()})
            self._p.journal.append(NoticeEvent, ref=ref, code=NoticeCode.LOOK_ALIKE, detail=detail)
        self._surveyed_version = version

    def _obey(self, command: Command) -> None:
        """Open once, exactly once: the command's id is journalled before the relay moves."""
        if self._p.journal.seen(command.command_id):
            return
        if not self._passage.ready:
            detail = f"{command.command_id}: the gate is {self._passage.state}"
            self._p.journal.append(NoticeEvent, ref=command.command_id, code=NoticeCode.COMMAND_REFUSED, detail=detail)
            return
        decision = Decision(
            Reason.REMOTE_OPEN, Advice.WALK_THROUGH, detail=f"by {command.issued_by}: {command.why}"[:500]
        )
        event = self._record(decision, ref=command.command_id)
        self._passage = replace(self._passage, access_seq=event.seq)
        self._happened(PassageInput.GRANT)
        self._show(Tone.GO, Advice.WALK_THROUGH)

    def _take_requests(self) -> None:
        if not self._p.requests.changed():
            return
        for request in self._p.requests.requests(self._last_request):
            self._last_request = request.id
            if self._p.journal.seen(request.ref):
                continue
            try:
                enrolment = EnrolmentRequest.model_validate_json(request.body)
                self._p.journal.append(EnrolmentEvent, ref=request.ref, **enrolment.model_dump())
            except ValidationError as error:
                detail = f"{request.kind}: {error.error_count()} problems"
                self._p.journal.append(NoticeEvent, ref=request.ref, code=NoticeCode.REQUEST_REFUSED, detail=detail)

    # --- What people see ----------------------------------------------------------------------------

    def _watch_camera(self) -> None:
        status = self._p.camera.status()
        if self._camera_ok is None and not status.ok and self._p.clock.monotonic() < self._opening_until:
            return  # still opening for the first time: neither lost nor back
        if self._camera_ok is None and status.ok:
            self._camera_ok = True
        elif status.ok != self._camera_ok:
            self._camera_ok = status.ok
            code = NoticeCode.CAMERA_BACK if status.ok else NoticeCode.CAMERA_LOST
            self._note(NoticeEvent, code=code, detail=status.detail[:500])
            self._write_live()

    def _show(self, tone: Tone, advice: Advice | None) -> None:
        if tone in (Tone.GO, Tone.DESK):
            self._shown_until = self._p.clock.monotonic() + SHOW_AT_LEAST_S
        if (tone, advice) == self._shown:
            return
        self._shown = (tone, advice)
        self._p.indicator.show(tone, advice)
        self._write_live()

    def _write_live(self) -> None:
        camera, now = self._p.camera.status(), self._p.clock.utc()
        roster_tier, risk_tier = tiers(self._p.roster.state, self._config.site.site_id, now)
        live = LiveState(
            utc=now,
            direction=self._config.site.direction,
            gate_state=self._passage.state.value,
            tone=self._shown[0],
            advice=self._shown[1],
            camera_ok=camera.ok,
            camera_detail=camera.detail,
            frames_per_s=round(camera.frames_per_s, 1),
            gallery_size=self._p.matcher.gallery_size,
            threshold=self._p.matcher.threshold,
            recognition=self._p.matcher.recognition,
            clock_trusted=self._p.clock.trusted(),
            roster_tier=roster_tier,
            risk_tier=risk_tier,
        )
        try:
            self._p.journal.set_live(live)
        except JournalError as error:  # the screen shows by its age that it is old; the gate itself goes on
            log.warning("live_state_failed", error=str(error))
        self._due["live"] = self._p.clock.monotonic() + LIVE_EVERY_S

    def _is_due(self, what: str, every_s: float) -> bool:
        now = self._p.clock.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + every_s
        return True
