"""The person in the lane: advised, decided on once, and let through."""

from dataclasses import dataclass, replace

from contract.messages import Advice, Reason
from edge.config import Config
from edge.decision import advice_for, decide
from edge.domain import Circumstances, Claim, Decision, Identification, Sight, Tone
from edge.loop.board import Board
from edge.loop.book import Book
from edge.loop.ports import Ports
from edge.loop.turnstile import Turnstile
from edge.passage import PassageState


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in front of the gate, from coming to leaving. `number` is the matcher's approach; times are monotonic
    seconds; `passed_before` is how many people had passed when this one came."""

    number: int = 0
    passed_before: int = 0
    decided: Decision | None = None
    decided_at: float = 0.0
    unusable_since: float | None = None
    advised: bool = False


class Lane:
    def __init__(self, config: Config, ports: Ports, book: Book, turnstile: Turnstile, board: Board) -> None:
        self._config, self._p = config, ports
        self._book, self._turnstile, self._board = book, turnstile, board
        self._visit = Visit()
        self.usable_to_pulse_s: list[float] = []
        """Time from the first usable frame to the relay's pulse, one entry per granted visit (newest 1000)."""

    def meet(self, seen: Identification) -> None:
        """What the newest frame says of whoever is there."""
        now = self._p.clock.monotonic()
        if seen.approach != self._visit.number:
            self._visit = Visit(number=seen.approach, passed_before=self._turnstile.passed)
        if seen.sight is Sight.NOBODY:
            self._board.rest()
        elif self._turnstile.state is PassageState.FIRE:
            self._board.show(Tone.GO, Advice.WALK_THROUGH)
        elif self._turnstile.ready and not self._settled(now):
            if seen.challenge is not None:
                self._board.show(Tone.ADJUST, seen.challenge)
            elif seen.sight in (Sight.KNOWN, Sight.UNKNOWN):
                self._judge(seen)
            else:
                self._advise(seen, now)

    def no_decision(self, error: Exception) -> None:
        """The pipeline failed on this frame: say so, once per visit, and stay shut. Raises JournalError."""
        self._board.show(Tone.DESK, Advice.SEE_DESK)
        if self._visit.decided is None:
            decision = Decision(Reason.NO_DECISION, Advice.SEE_DESK, detail=type(error).__name__)
            self._visit = replace(self._visit, decided=decision, decided_at=self._p.clock.monotonic())
            self._book.decision(decision)

    def _settled(self, now: float) -> bool:
        """True while the last decision on this person still stands."""
        visit = self._visit
        if visit.decided is None:
            return False
        passed = self._turnstile.passed > visit.passed_before
        return passed or now - visit.decided_at < self._config.decision.repeat_after_ms / 1000

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

    def _judge(self, seen: Identification) -> None:
        decision = self._decision(seen)
        event = self._book.decision(decision)
        self._visit = replace(self._visit, decided=decision, decided_at=self._p.clock.monotonic(), unusable_since=None)
        if decision.granted:
            self._turnstile.release(event)
            self._note_latency(seen)
        tone = Tone.GO if decision.granted else Tone.DESK if decision.advice is Advice.SEE_DESK else Tone.ADJUST
        self._board.show(tone, decision.advice)

    def _decision(self, seen: Identification) -> Decision:
        clock = self._p.clock
        at = Circumstances(
            site_id=self._config.site.site_id,
            direction=self._config.site.direction,
            now=clock.utc(),
            clock_trusted=clock.trusted(),
            must_be_live=self._config.liveness.must_be_live,
        )
        return decide(seen, Claim(), self._p.roster.state, at)

    def _note_latency(self, seen: Identification) -> None:
        if seen.usable_since_s is not None:
            self.usable_to_pulse_s.append(self._p.clock.monotonic() - seen.usable_since_s)
            del self.usable_to_pulse_s[:-1000]
