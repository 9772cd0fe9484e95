"""The person in the lane: advised, decided on once, and let through."""

from dataclasses import dataclass, replace

from contract.messages import AccessEvent, Advice, Direction, NoticeCode, PassageEvent, PassageOutcome, Reason
from edge.core.config import Config
from edge.core.decision import advice_for
from edge.core.domain import Claim, Decision, Frame, Identification, Sight, Tone
from edge.core.once_per_approach import AWAY_S, Admission, Once
from edge.loop.adapters import Ports
from edge.loop.credentials import Evidence, Shown
from edge.loop.decider import Judgement
from edge.loop.display import Board
from edge.loop.journal_writer import Book
from edge.loop.passage_control import Turnstile

NOBODY = Identification(Sight.NOBODY)
NOTHING_SHOWN = Claim()
SEEN_FOR_S = 1.0
"""What was seen longer ago says nothing of who shows a card now."""
STAYS_S = 30.0
"""Somebody who was let in and stays for so long, or a picture of somebody, is told to the manager."""
RECALLED_EVENTS = 200
"""So many of the newest events tell at the start who was let in just before."""
MORE_TO_COME = frozenset({Advice.ENTER_PIN, Advice.LOOK_TOO})
"""Next steps of a person who has begun to show who they are: awaited, and recorded only if they do not follow."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in front of the gate, from coming to leaving. `number` is the matcher's approach; times are monotonic
    seconds; `passed_before` is how many people had passed when this one came, `opened_before` how often guard or HQ had
    opened."""

    number: int = 0
    passed_before: int = 0
    opened_before: int = 0
    decided: Decision | None = None
    decided_at: float = 0.0
    unusable_since: float | None = None
    advised: bool = False


class Lane:
    def __init__(self, config: Config, ports: Ports, book: Book, turnstile: Turnstile, board: Board) -> None:
        self._config, self._p = config, ports
        self._book, self._turnstile, self._board = book, turnstile, board
        self._evidence = Evidence(config, ports, book)
        self._judgement = Judgement(config, ports, book)
        self._visit = Visit()
        self._once = Once(config.decision.left_after_ms / 1000)
        self._told = 0
        """The newest decision after which it was told that the person stays."""
        self._recall()
        self._seen, self._seen_at = NOBODY, float("-inf")
        self._waiting: Shown | None = None
        self._begun: Decision | None = None
        """Something was shown and more is needed: the decision if nothing follows."""
        self._admitted: tuple[str | None, float] = (None, float("-inf"))
        self.usable_to_pulse_s: list[float] = []
        """Time from the first usable frame to the relay's pulse, one entry per granted visit (newest 1000)."""
        self.shown_to_pulse_s: list[float] = []
        """Time from the code's frame, or the last key of card or PIN, to the relay's pulse (newest 1000)."""

    def listen(self, frame: Frame | None) -> None:
        """What somebody shows beside the face. Works without a camera, and without anybody in view."""
        self._judgement.watch_thermometer()
        if self._turnstile.fire:
            self._evidence.ignore()
            self._begun = self._waiting = None
            return
        now = self._p.clock.monotonic()
        for shown in self._evidence.take(frame):
            if shown.claim.worker_id is None:
                self._refuse(shown)
            else:
                self._waiting = shown
        if self._begun and self._evidence.claim(now).worker_id is None:
            self._give_up(self._begun)
        if self._waiting and self._turnstile.ready:
            shown, self._waiting = self._waiting, None
            if self._evidence.claim(now).worker_id is not None:
                seen = self._seen if now - self._seen_at <= SEEN_FOR_S else NOBODY
                self._judge(seen, shown)

    def meet(self, seen: Identification) -> None:
        """What the newest frame says of whoever is there."""
        now = self._p.clock.monotonic()
        self._seen, self._seen_at = seen, now
        self._remember(seen, now)
        if seen.approach != self._visit.number or (seen.sight is Sight.NOBODY and self._is_over(now)):
            self._visit = Visit(seen.approach, self._turnstile.passed, self._turnstile.opened)
        if seen.sight is Sight.NOBODY:
            if self._begun is None:
                self._board.rest()
        elif self._turnstile.fire:
            self._board.show(Tone.GO, Advice.WALK_THROUGH)
        elif self._turnstile.ready and not self._settled(now):
            if seen.challenge is not None:
                self._board.show(Tone.ADJUST, seen.challenge)
            elif seen.sight in (Sight.KNOWN, Sight.UNKNOWN):
                if not self._just_admitted(seen, now):
                    self._judge(seen)
            elif self._begun is None or self._begun.advice is Advice.LOOK_TOO:
                self._advise(seen, now)

    def unseen(self) -> None:
        """The camera is lost: a card if a reader is there, or the desk."""
        if self._turnstile.fire:
            self._board.show(Tone.GO, Advice.WALK_THROUGH)
        elif self._begun is None:
            self._board.rest(Tone.STOP, Advice.SHOW_CODE_OR_CARD if self._p.reader else Advice.SEE_DESK)

    def no_decision(self, error: Exception) -> None:
        """The pipeline failed on this frame: say so, once per visit, and stay shut. Raises JournalError."""
        if not self._turnstile.fire:
            self._board.show(Tone.DESK, Advice.SEE_DESK)
        if self._visit.decided is None:
            decision = Decision(Reason.NO_DECISION, Advice.SEE_DESK, detail=type(error).__name__)
            self._visit = replace(self._visit, decided=decision, decided_at=self._p.clock.monotonic())
            self._book.decision(decision)

    def _settled(self, now: float) -> bool:
        """True while the last decision on this person still stands, and for whoever a guard or HQ let in meanwhile."""
        visit, gate = self._visit, self._turnstile
        opened = gate.opened > visit.opened_before
        passed = gate.passed > visit.passed_before or (opened and not gate.tells)
        if visit.decided is None:
            return passed and opened
        return passed or not self._is_over(now)

    def _is_over(self, now: float) -> bool:
        """True if the last decision is so old that it is asked anew."""
        return self._visit.decided is not None and (
            now - self._visit.decided_at >= self._config.decision.repeat_after_ms / 1000
        )

    def _advise(self, seen: Identification, now: float) -> None:
        """Say the next step at once; if it lasts, record it once per visit."""
        advice = advice_for(seen.sight)
        if advice is None:
            self._visit = replace(self._visit, unusable_since=None)
            return
        self._board.show(Tone.ADJUST, advice)
        since = self._visit.unusable_since
        if since is None:
            self._visit = replace(self._visit, unusable_since=now)
        elif not self._visit.advised and now - since >= self._config.decision.advice_after_ms / 1000:
            self._book.decision(self._decision(seen))
            self._visit = replace(self._visit, advised=True)

    def _judge(self, seen: Identification, shown: Shown | None = None) -> None:
        """Decide on what is seen and what has been shown by now; `shown` if that is what brought the question up."""
        now = self._p.clock.monotonic()
        claim = self._evidence.claim(now)
        stays = self._has_not_left(seen) if shown is None else None
        decision = self._decision(seen, claim, barred=stays is not None)
        if claim.worker_id is not None and decision.advice in MORE_TO_COME:
            self._begun = decision
            self._board.show(Tone.ADJUST, decision.advice)
            return
        if stays is not None and decision.granted:
            self._visit = replace(self._visit, decided=decision, decided_at=now, unusable_since=None)
            self._ask_to_leave(decision, stays, now)
            return
        event = self._book.decision(decision, ref=(claim.ref or None) if decision.granted else None)
        now = self._p.clock.monotonic()
        self._visit = replace(self._visit, decided=decision, decided_at=now, unusable_since=None)
        self._evidence.serve(decision.granted)
        self._begun = self._waiting = None
        if decision.granted:
            if not self._turnstile.release(event, slow=decision.slow):
                self._overtaken()
                return
            if shown is not None:
                self._admitted = decision.worker_id, now
                _keep(self.shown_to_pulse_s, self._p.clock.monotonic() - shown.at_s)
            else:
                self._note_latency(seen)
        self._board.show(decision.tone, decision.advice)

    def _overtaken(self) -> None:
        """The exit button or a fire came while the decision was written: asked again as soon as the gate is free."""
        self._visit = replace(self._visit, decided=None)
        self._board.show_release(False)

    def _refuse(self, shown: Shown) -> None:
        """What was shown is not genuine, or (without a reason) may not be looked at now: recorded once, and the desk."""
        if shown.claim.refusal:
            decision = self._decision(NOBODY, shown.claim)
            self._book.decision(replace(decision, worker_id=shown.about))
        self._begun = None
        if self._turnstile.ready:
            self._board.show(Tone.DESK, Advice.SEE_DESK)

    def _give_up(self, begun: Decision) -> None:
        """Nothing more was shown in time."""
        self._drop_claim()
        self._book.decision(begun)

    def _drop_claim(self) -> None:
        self._evidence.forget()
        self._begun = self._waiting = None

    def _just_admitted(self, seen: Identification, now: float) -> bool:
        """True for somebody who came in by code or card a moment ago and is now seen walking through."""
        worker_id, at = self._admitted
        candidate = seen.candidate
        recent = now - at < self._config.decision.repeat_after_ms / 1000
        return recent and seen.sight is Sight.KNOWN and candidate is not None and candidate.worker_id == worker_id

    def _remember(self, seen: Identification, now: float) -> None:
        """Who was let in, and who is there now."""
        for event in self._turnstile.take_released():
            if event.worker_id is not None:
                self._once = self._once.let_in(event.worker_id, event.seq, now)
        if seen.sight is Sight.NOBODY:
            self._once = self._once.nobody(now)
        else:
            self._once = self._once.somebody(now, _named(seen))

    def _has_not_left(self, seen: Identification) -> Admission | None:
        """The release after which this worker has not left the lane. Not asked on the way out: nobody is kept in, and a
        picture gains nothing there."""
        worker_id = _named(seen)
        if worker_id is None or self._config.site.direction is Direction.OUT:
            return None
        return self._once.bars(worker_id, self._turnstile.not_taken)

    def _ask_to_leave(self, decision: Decision, last: Admission, now: float) -> None:
        """Not let in a second time: told to step back, and to the manager once if it lasts."""
        self._board.show(Tone.ADJUST, Advice.STEP_BACK)
        if now - last.at_s >= STAYS_S and last.seq > self._told:
            self._told = last.seq
            detail = f"{decision.worker_id}: let in {now - last.at_s:.0f} s ago and still before the camera ({decision.liveness.value})"
            self._book.notice(NoticeCode.STILL_THERE, detail)

    def _recall(self) -> None:
        """Recall who was let in just before a restart: they must have left as well."""
        newest = self._p.journal.latest(RECALLED_EVENTS)
        taken = {e.access_seq for e in newest if isinstance(e, PassageEvent) and e.outcome is PassageOutcome.PASSED}
        utc, now = self._p.clock.utc(), self._p.clock.monotonic()
        for event in reversed(newest):
            if not isinstance(event, AccessEvent) or not event.granted or event.worker_id is None:
                continue
            recent = abs((utc - event.utc).total_seconds()) < AWAY_S
            if recent and (event.seq in taken or not self._turnstile.tells):
                self._once = self._once.let_in(event.worker_id, event.seq, now)

    def _decision(self, seen: Identification, claim: Claim = NOTHING_SHOWN, barred: bool = False) -> Decision:
        locked_down = self._turnstile.refuses(self._config.site.direction)
        return self._judgement.decide(seen, claim, locked_down, barred)

    def _note_latency(self, seen: Identification) -> None:
        if seen.usable_since_s is not None:
            _keep(self.usable_to_pulse_s, self._p.clock.monotonic() - seen.usable_since_s)


def _named(seen: Identification) -> str | None:
    return seen.candidate.worker_id if seen.candidate and seen.sight is Sight.KNOWN else None


def _keep(durations: list[float], newest: float, most: int = 1000) -> None:
    durations.append(newest)
    del durations[:-most]
