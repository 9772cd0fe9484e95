"""Take proofs of training: a code and a face make an event, and open nothing.

On a gate the code waits for one face. On a terminal the code of a class stays until it expires. Each participant who
looks into the camera is recorded once.
"""

from contract.messages import Advice, TrainingEvent
from contract.policy import Factor
from edge.core.config import Config
from edge.core.decision.training_proof import CONFIRM_WITHIN, ProofFinding, objection, prove, without_face
from edge.core.domain import Identification, Sight, Tone, TrainingClaim
from edge.loop.adapters import Adapters
from edge.loop.display import Display
from edge.loop.journal_writer import JournalWriter

RECENT = 200
"""A guard confirms one of so many newest events."""
AGAIN_S = 10.0
"""The same failure of the same code is recorded again only after this time."""


class TrainingProofs:
    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter, display: Display) -> None:
        self._config, self._adapters, self._writer, self._display = config, adapters, writer, display
        self._claim: TrainingClaim | None = None
        self._since_s = 0.0
        self._held_back: int | None = None
        """The approach of a person whose proof was taken: the gate decides nothing on them before they leave."""
        self._failed: dict[tuple[str, str | None], float] = {}

    @property
    def waiting(self) -> bool:
        """True while a code waits for a face."""
        return self._claim is not None

    def forget(self) -> None:
        """Forget a code that waits: in a fire."""
        self._claim = self._held_back = None

    def show(self, claim: TrainingClaim) -> None:
        """Take a code that has just come into view. Raises JournalError."""
        now = self._adapters.clock.monotonic()
        why = objection(claim, self._adapters.roster.state, self._adapters.clock.trusted())
        if why:
            self._record(claim, ProofFinding(False, claim.worker_id or None, why), None)
            self._display.show(Tone.DESK, Advice.SEE_DESK)
            return
        if self._writer.knows(claim.ref):
            self._display.show(Tone.ADJUST, Advice.TRAINING_NOTED)
            return
        self._claim, self._since_s = claim, now
        self._display.show(Tone.ADJUST, Advice.LOOK_TOO)

    def check_time(self) -> None:
        """Give up a code that no face followed, or that expired. Raises JournalError."""
        claim, clock = self._claim, self._adapters.clock
        if claim is None:
            return
        if self._is_class(claim):
            if clock.utc() >= claim.expires_utc:
                self._claim = None
            return
        if clock.monotonic() - self._since_s > self._config.reader.together_within_ms / 1000:
            self._claim = None
            self._record(claim, without_face(claim), None)
            self._display.show(Tone.DESK, Advice.SEE_DESK)

    def take_identification(self, seen: Identification) -> bool:
        """Take the newest frame's identification. Return True if it belongs to a proof, so that nothing else is
        decided on it. Raises JournalError."""
        if self._claim is None:
            return self._stays(seen)
        found = prove(self._claim, seen, self._config.liveness.must_be_live)
        if found is None:
            if not self._is_class(self._claim) or seen.sight is not Sight.NOBODY:
                self._display.show(Tone.ADJUST, Advice.LOOK_TOO)
            else:
                self._display.show_idle(Tone.ADJUST, Advice.LOOK_AT_CAMERA)
            return True
        self._decide(self._claim, found, seen)
        return True

    def confirm(self, by: str, seq: int, epoch: str) -> str:
        """Record that a guard confirms the worker of an unproven code. Return what is wrong, or "". Raises
        JournalError."""
        newest = self._adapters.journal.latest(RECENT)
        event = next((e for e in newest if isinstance(e, TrainingEvent) and (e.seq, e.epoch) == (seq, epoch)), None)
        if event is None or event.proven or not event.may_confirm or event.worker_id is None:
            return "there is no code of training to confirm"
        if self._adapters.clock.utc() - event.utc > CONFIRM_WITHIN:
            return "the code was shown too long ago: let the worker show it again"
        if self._writer.knows(event.code_ref):
            return "the code was confirmed already"
        kept = event.model_dump(
            include={"session_id", "step", "code_ref", "worker_id", "model_id", "gallery_size", "roster_version"}
        )
        factors = tuple(sorted({Factor.CODE, Factor.GUARD}))
        self._adapters.journal.append(TrainingEvent, ref=event.code_ref, proven=True, factors=factors, by=by, **kept)
        self._display.show(Tone.ADJUST, Advice.TRAINING_NOTED)
        return ""

    def _decide(self, claim: TrainingClaim, found: ProofFinding, seen: Identification) -> None:
        if found.proven and self._writer.knows(self._ref(claim, found)):
            self._display.show(Tone.ADJUST, Advice.TRAINING_NOTED)
            return
        self._record(claim, found, seen)
        if found.proven:
            self._display.show(Tone.ADJUST, Advice.TRAINING_NOTED)
        else:
            self._display.show(Tone.DESK, Advice.SEE_DESK)
        if not self._is_class(claim):
            self._claim, self._held_back = None, seen.approach

    def _stays(self, seen: Identification) -> bool:
        """Return True while the person whose proof was taken is still before the gate."""
        if self._held_back is None:
            return False
        if seen.sight is Sight.NOBODY or seen.approach != self._held_back:
            self._held_back = None
            return False
        return True

    def _is_class(self, claim: TrainingClaim) -> bool:
        """Return True for a code that stays: that of a class, at a terminal."""
        return not claim.worker_id and self._config.gate.is_terminal

    def _ref(self, claim: TrainingClaim, found: ProofFinding) -> str:
        """Return the journal's single-use key of a proof: one for each code, and each participant of a class."""
        return claim.ref if claim.worker_id else f"{claim.ref}-{found.worker_id}"

    def _record(self, claim: TrainingClaim, found: ProofFinding, seen: Identification | None) -> None:
        now, key = self._adapters.clock.monotonic(), (claim.ref, found.worker_id)
        if not found.proven:
            if now - self._failed.get(key, float("-inf")) < AGAIN_S:
                return
            self._failed = {one: at for one, at in self._failed.items() if now - at < AGAIN_S} | {key: now}
        factors = {Factor.CODE} | ({Factor.FACE} if found.proven else set())
        fields: dict[str, object] = {}
        if seen is not None:
            fields = {"threshold": seen.threshold, "frames": seen.frames, "liveness": seen.liveness}
            fields["score"] = seen.candidate.score if seen.candidate else None
        self._writer.write_deferred()  # earlier events come first
        self._adapters.journal.append(
            TrainingEvent,
            ref=self._ref(claim, found) if found.proven else None,
            session_id=claim.session_id,
            step=claim.step,
            proven=found.proven,
            code_ref=claim.ref,
            worker_id=found.worker_id,
            model_id=self._adapters.matcher.model_id,
            gallery_size=self._adapters.matcher.gallery_size,
            roster_version=self._adapters.roster.state.roster.version,
            factors=tuple(sorted(factors)),
            may_confirm=found.may_confirm,
            detail=found.why[:500],
            **fields,
        )
