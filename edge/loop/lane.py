"""The person in the lane: advised, decided on once, and let through."""

from dataclasses import dataclass, replace

from contract.messages import Advice, Reason
from edge.config import Config
from edge.decision import advice_for
from edge.domain import Claim, Decision, Frame, Identification, Sight, Tone
from edge.loop.board import Board
from edge.loop.book import Book
from edge.loop.evidence import Evidence, Shown
from edge.loop.judgement import Judgement
from edge.loop.ports import Ports
from edge.loop.turnstile import Turnstile

NOBODY = Identification(Sight.NOBODY)
NOTHING_SHOWN = Claim()
SEEN_FOR_S = 1.0
"""What was seen longer ago says nothing of who shows a card now."""
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
        passed = gate.passed > visit.passed_before
        if visit.decided is None:
            return passed and gate.opened > visit.opened_before
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
        claim = self._evidence.claim(self._p.clock.monotonic())
        decision = self._decision(seen, claim)
        if claim.worker_id is not None and decision.advice in MORE_TO_COME:
            self._begun = decision
            self._board.show(Tone.ADJUST, decision.advice)
            return
        event = self._book.decision(decision, ref=(claim.ref or None) if decision.granted else None)
        now = self._p.clock.monotonic()
        self._visit = replace(self._visit, decided=decision, decided_at=now, unusable_since=None)
        self._drop_claim()
        if decision.granted:
            self._turnstile.release(event, slow=decision.slow)
            if shown is not None:
                self._admitted = decision.worker_id, now
                _keep(self.shown_to_pulse_s, self._p.clock.monotonic() - shown.at_s)
            else:
                self._note_latency(seen)
        self._board.show(decision.tone, decision.advice)

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

    def _decision(self, seen: Identification, claim: Claim = NOTHING_SHOWN) -> Decision:
        locked_down = self._turnstile.refuses(self._config.site.direction)
        return self._judgement.decide(seen, claim, locked_down)

    def _note_latency(self, seen: Identification) -> None:
        if seen.usable_since_s is not None:
            _keep(self.usable_to_pulse_s, self._p.clock.monotonic() - seen.usable_since_s)


def _keep(durations: list[float], newest: float, most: int = 1000) -> None:
    durations.append(newest)
    del durations[:-most]
