"""Handle the person in the lane: advise, decide once, and release."""

from dataclasses import dataclass, replace

from contract.messages import AccessEvent, Advice, Direction, NoticeCode, PassageEvent, PassageOutcome, Reason
from edge.core.config import Config
from edge.core.decision import advice_for
from edge.core.domain import Claim, Decision, Frame, Identification, Sight, Tone, TrainingClaim
from edge.core.once_per_approach import AWAY_S, Admission, OncePerApproach
from edge.loop.adapters import Adapters
from edge.loop.credentials import Credentials, ShownCredential
from edge.loop.decider import Decider
from edge.loop.display import Display
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.loop.visitors import Visitors

NOBODY = Identification(Sight.NOBODY)
NOTHING_SHOWN = Claim()
SEEN_FOR_S = 1.0
"""An older identification does not count for a card shown now."""
STAYS_S = 30.0
"""An admitted person who stays this long, or a picture of one, is reported to the manager."""
RECALLED_EVENTS = 200
"""At the start this many of the newest events are searched for recent admissions."""
MORE_TO_COME = frozenset({Advice.ENTER_PIN, Advice.LOOK_TOO})
"""Next steps of an incomplete claim. The gate waits for them, and records the decision only if they do not follow."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person's visit. `number`: the matcher's approach. Times are monotonic seconds.

    `passed_before`, `opened_before`: passages, and openings by guard or HQ, before this person came.
    """

    number: int = 0
    passed_before: int = 0
    opened_before: int = 0
    decided: Decision | None = None
    decided_at: float = 0.0
    unusable_since: float | None = None
    advised: bool = False


class Visits:
    def __init__(
        self,
        config: Config,
        adapters: Adapters,
        writer: JournalWriter,
        passage_control: PassageControl,
        display: Display,
        visitors: Visitors,
    ) -> None:
        self._config, self._adapters = config, adapters
        self._writer, self._passage_control, self._display = writer, passage_control, display
        self._credentials = Credentials(config, adapters, writer, visitors)
        self._decider = Decider(config, adapters, writer)
        self._visit = Visit()
        self._once = OncePerApproach(config.decision.left_after_ms / 1000)
        self._reported_seq = 0
        """The newest decision after which the staying person was reported."""
        self._recall_admissions()
        self._seen, self._seen_at = NOBODY, float("-inf")
        self._waiting: ShownCredential | None = None
        self._incomplete: Decision | None = None
        """The decision on an incomplete claim, recorded if nothing follows."""
        self._admitted: tuple[str | None, float] = (None, float("-inf"))
        self.usable_to_pulse_s: list[float] = []
        """Seconds from the first usable frame to the relay's pulse, one entry per granted visit (newest 1000)."""
        self.shown_to_pulse_s: list[float] = []
        """Seconds from the code's frame, or the last key of card or PIN, to the relay's pulse (newest 1000)."""

    def take_credentials(self, frame: Frame | None) -> None:
        """Take codes, cards and PINs. Works without a camera, and with an empty lane."""
        self._decider.check_thermometer()
        if self._passage_control.fire:
            self._credentials.discard_input()
            self._incomplete = self._waiting = None
            return
        now = self._adapters.clock.monotonic()
        for shown in self._credentials.take(frame):
            if shown.claim.worker_id is None or self._config.gate.is_terminal:
                self._refuse(shown)
            else:
                self._waiting = shown
        if self._incomplete and self._credentials.claim(now).worker_id is None:
            self._give_up(self._incomplete)
        if self._waiting and self._passage_control.ready:
            shown, self._waiting = self._waiting, None
            if self._credentials.claim(now).worker_id is not None:
                seen = self._seen if now - self._seen_at <= SEEN_FOR_S else NOBODY
                self._decide(seen, shown)

    def take_training(self) -> list[TrainingClaim]:
        """Return the codes of training sessions shown since the last call."""
        return self._credentials.take_training()

    def take_identification(self, seen: Identification) -> None:
        """Take the newest frame's identification."""
        now = self._adapters.clock.monotonic()
        self._seen, self._seen_at = seen, now
        self._track_lane(seen, now)
        if seen.approach != self._visit.number or (seen.sight is Sight.NOBODY and self._decision_is_old(now)):
            self._visit = Visit(seen.approach, self._passage_control.passed, self._passage_control.opened)
        if seen.sight is Sight.NOBODY:
            if self._incomplete is None:
                self._display.show_idle()
        elif self._passage_control.fire:
            self._display.show(Tone.GO, Advice.WALK_THROUGH)
        elif self._passage_control.ready and not self._decision_stands(now):
            if seen.challenge is not None:
                self._display.show(Tone.ADJUST, seen.challenge)
            elif seen.sight in (Sight.KNOWN, Sight.UNKNOWN):
                if not self._just_admitted(seen, now):
                    self._decide(seen)
            elif self._incomplete is None or self._incomplete.advice is Advice.LOOK_TOO:
                self._advise(seen, now)

    def camera_lost(self) -> None:
        """Show what to do without a camera: a card if a reader is fitted, otherwise the desk."""
        if self._passage_control.fire:
            self._display.show(Tone.GO, Advice.WALK_THROUGH)
        elif self._incomplete is None:
            self._display.show_idle(
                Tone.STOP, Advice.SHOW_CODE_OR_CARD if self._adapters.card_reader else Advice.SEE_DESK
            )

    def no_decision(self, error: Exception) -> None:
        """Record a failure of the pipeline once per visit, and stay locked. Raises JournalError."""
        if not self._passage_control.fire:
            self._display.show(Tone.DESK, Advice.SEE_DESK)
        if self._visit.decided is None:
            decision = Decision(Reason.NO_DECISION, Advice.SEE_DESK, detail=type(error).__name__)
            self._visit = replace(self._visit, decided=decision, decided_at=self._adapters.clock.monotonic())
            self._writer.write_decision(decision)

    def _decision_stands(self, now: float) -> bool:
        """Return True while the last decision on this person holds, or a guard or HQ has admitted them."""
        visit, gate = self._visit, self._passage_control
        opened = gate.opened > visit.opened_before
        passed = gate.passed > visit.passed_before or (opened and not gate.reports_passing)
        if visit.decided is None:
            return passed and opened
        return passed or not self._decision_is_old(now)

    def _decision_is_old(self, now: float) -> bool:
        """Return True if the last decision is old enough to decide again."""
        return self._visit.decided is not None and (
            now - self._visit.decided_at >= self._config.decision.repeat_after_ms / 1000
        )

    def _advise(self, seen: Identification, now: float) -> None:
        """Show the next step at once. If it lasts, record it once per visit."""
        advice = advice_for(seen.sight)
        if advice is None:
            self._visit = replace(self._visit, unusable_since=None)
            return
        self._display.show(Tone.ADJUST, advice)
        since = self._visit.unusable_since
        if since is None:
            self._visit = replace(self._visit, unusable_since=now)
        elif not self._visit.advised and now - since >= self._config.decision.advice_after_ms / 1000:
            self._writer.write_decision(self._decision(seen))
            self._visit = replace(self._visit, advised=True)

    def _decide(self, seen: Identification, shown: ShownCredential | None = None) -> None:
        """Decide on the identification and the claim. `shown`: the credential that caused the decision, if any."""
        now = self._adapters.clock.monotonic()
        claim = self._credentials.claim(now)
        admission = self._blocking_release(seen) if shown is None else None
        decision = self._decision(seen, claim, barred=admission is not None)
        if claim.worker_id is not None and decision.advice in MORE_TO_COME:
            self._incomplete = decision
            self._display.show(Tone.ADJUST, decision.advice)
            return
        if admission is not None and decision.granted:
            self._visit = replace(self._visit, decided=decision, decided_at=now, unusable_since=None)
            self._ask_to_leave(decision, admission, now)
            return
        event = self._writer.write_decision(decision, ref=(claim.ref or None) if decision.granted else None)
        now = self._adapters.clock.monotonic()
        self._visit = replace(self._visit, decided=decision, decided_at=now, unusable_since=None)
        self._credentials.claim_decided(decision.granted)
        self._incomplete = self._waiting = None
        if decision.granted:
            if not self._passage_control.release(event, slow=decision.slow):
                self._release_refused()
                return
            if shown is not None:
                self._admitted = decision.worker_id, now
                _keep(self.shown_to_pulse_s, self._adapters.clock.monotonic() - shown.at_s)
            else:
                self._note_latency(seen)
        self._display.show(decision.tone, decision.advice, self._decider.greets(decision))

    def _release_refused(self) -> None:
        """The exit button or a fire came during the write. Decide again as soon as the gate is free."""
        self._visit = replace(self._visit, decided=None)
        self._display.show_release(False)

    def _refuse(self, shown: ShownCredential) -> None:
        """Refuse a credential that is not genuine, or (without a reason) is paused. Record it once and show the
        desk."""
        if self._config.gate.is_terminal:
            self._credentials.forget()  # a terminal admits nobody
        if shown.claim.refusal:
            decision = self._decision(NOBODY, shown.claim)
            self._writer.write_decision(replace(decision, worker_id=shown.about))
        self._incomplete = None
        if self._passage_control.ready:
            self._display.show(Tone.DESK, Advice.SEE_DESK)

    def _give_up(self, incomplete: Decision) -> None:
        """Record the incomplete claim: nothing followed in time."""
        self._drop_claim()
        self._writer.write_decision(incomplete)

    def _drop_claim(self) -> None:
        self._credentials.forget()
        self._incomplete = self._waiting = None

    def _just_admitted(self, seen: Identification, now: float) -> bool:
        """Return True for a person admitted by code or card just now, who walks through."""
        worker_id, at = self._admitted
        candidate = seen.candidate
        recent = now - at < self._config.decision.repeat_after_ms / 1000
        return recent and seen.sight is Sight.KNOWN and candidate is not None and candidate.worker_id == worker_id

    def _track_lane(self, seen: Identification, now: float) -> None:
        """Track who was released, and who is in the lane."""
        for event in self._passage_control.take_released():
            if event.worker_id is not None:
                self._once = self._once.released(event.worker_id, event.seq, now)
        if seen.sight is Sight.NOBODY:
            self._once = self._once.lane_empty(now)
        else:
            self._once = self._once.face_seen(now, _named(seen))

    def _blocking_release(self, seen: Identification) -> Admission | None:
        """Return the release after which this worker has not left the lane. Never on the way out: the gate keeps
        nobody in, and a picture gains nothing there."""
        worker_id = _named(seen)
        if worker_id is None or self._config.site.direction is Direction.OUT:
            return None
        return self._once.blocking_release(worker_id, self._passage_control.not_taken)

    def _ask_to_leave(self, decision: Decision, last: Admission, now: float) -> None:
        """Do not release again: ask the person to step back. If they stay, report it once to the manager."""
        self._display.show(Tone.ADJUST, Advice.STEP_BACK)
        if now - last.at_s >= STAYS_S and last.seq > self._reported_seq:
            self._reported_seq = last.seq
            ago = f"admitted {now - last.at_s:.0f} s ago and still in front of the camera"
            detail = f"{decision.worker_id}: {ago} ({decision.liveness.value})"
            self._writer.defer_notice(NoticeCode.STILL_THERE, detail)

    def _recall_admissions(self) -> None:
        """Restore the admissions just before a restart: those people must have left too."""
        newest = self._adapters.journal.latest(RECALLED_EVENTS)
        taken = {e.access_seq for e in newest if isinstance(e, PassageEvent) and e.outcome is PassageOutcome.PASSED}
        utc, now = self._adapters.clock.utc(), self._adapters.clock.monotonic()
        for event in reversed(newest):
            if not isinstance(event, AccessEvent) or not event.granted or event.worker_id is None:
                continue
            recent = abs((utc - event.utc).total_seconds()) < AWAY_S
            if recent and (event.seq in taken or not self._passage_control.reports_passing):
                self._once = self._once.released(event.worker_id, event.seq, now)

    def _decision(self, seen: Identification, claim: Claim = NOTHING_SHOWN, barred: bool = False) -> Decision:
        locked_down = self._passage_control.refuses(self._config.site.direction)
        return self._decider.decide(seen, claim, locked_down, barred)

    def _note_latency(self, seen: Identification) -> None:
        if seen.usable_since_s is not None:
            _keep(self.usable_to_pulse_s, self._adapters.clock.monotonic() - seen.usable_since_s)


def _named(seen: Identification) -> str | None:
    return seen.candidate.worker_id if seen.candidate and seen.sight is Sight.KNOWN else None


def _keep(durations: list[float], newest: float, most: int = 1000) -> None:
    durations.append(newest)
    del durations[:-most]
