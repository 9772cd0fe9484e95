"""Decide whether a code of a training session is proven by the face before the gate. Pure. It opens nothing."""

from dataclasses import dataclass
from datetime import timedelta

from contract.messages import LivenessVerdict
from edge.core.domain import Identification, RosterState, Sight, TrainingClaim

CONFIRM_WITHIN = timedelta(minutes=5)
"""A guard confirms a person who still stands there."""


@dataclass(frozen=True, slots=True)
class ProofFinding:
    """What a code and a face say together. `why`: what is missing. `may_confirm`: a guard may confirm the worker."""

    proven: bool
    worker_id: str | None
    why: str = ""
    may_confirm: bool = False


def objection(claim: TrainingClaim, state: RosterState, clock_trusted: bool) -> str:
    """Say why a code cannot be taken at all; "" if it can."""
    if not clock_trusted:
        return "the clock of this gate is not set, so the code's time cannot be judged"
    if claim.worker_id and claim.worker_id not in state.workers:
        return f"{claim.worker_id} is not on the roster of this gate"
    return ""


def prove(claim: TrainingClaim, seen: Identification, must_be_live: bool) -> ProofFinding | None:
    """Compare a code with the face before the gate. None: no face that counts yet, so wait."""
    candidate = seen.candidate
    if seen.sight is not Sight.KNOWN or candidate is None or seen.challenge is not None:
        return None
    if claim.worker_id and candidate.worker_id != claim.worker_id:
        return ProofFinding(False, claim.worker_id, f"the face is that of {candidate.worker_id}")
    live = seen.liveness is LivenessVerdict.LIVE
    if seen.liveness is LivenessVerdict.DOUBTFUL or (must_be_live and not live):
        return ProofFinding(False, candidate.worker_id, "the face was not shown to be live", bool(claim.worker_id))
    if seen.look_alike is not None and not claim.worker_id:
        why = f"looks like {seen.look_alike}: show the code of the own phone"
        return ProofFinding(False, candidate.worker_id, why)
    return ProofFinding(True, candidate.worker_id)


def without_face(claim: TrainingClaim) -> ProofFinding:
    """Return the finding if no face came in time."""
    if not claim.worker_id:
        return ProofFinding(False, None, "no face was recognised")
    return ProofFinding(False, claim.worker_id, "no face was recognised: a guard may confirm", True)
