"""The matcher's answer about the person in front of the camera."""

from dataclasses import dataclass
from enum import StrEnum

from contract.messages import Advice, LivenessVerdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible identity with its comparison score, a cosine from -1 to 1."""

    worker_id: str
    score: float


class Sight(StrEnum):
    """What the matcher sees in the lane, apart from a face that cannot be compared (`QualityFault`)."""

    NOBODY = "nobody"
    MULTIPLE_FACES = "multiple_faces"
    LOOKING = "looking"
    """A usable face; the vote is not finished."""
    UNKNOWN = "unknown"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class QualityFault:
    """Why a face cannot be compared. `edge.matcher.engine.quality` defines and measures each kind.

    `value`: its name in findings and stories. `advice`: the next step in the lane, one of `QUALITY_ADVICE`. `photo`:
    the fault of a photo to enrol from, and what to do. `prompt`: what to do in front of the camera during enrolment.
    """

    value: str
    advice: Advice
    photo: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Identification:
    """The matcher's answer to one frame.

    `approach`: number of the person in front of the gate. It changes after an empty lane, or when another face takes
    over. `frames`: the votes behind the answer. `candidate`: the best one, also below `threshold`.

    `usable_since_s`: monotonic time of the approach's first usable frame. `look_alike`: a worker too similar for the
    face alone to decide, if any. `runner_up`: the best score of any other worker beside a KNOWN one; None if there is
    none.

    `challenge`: the movement that the person is asked for. Nothing is decided meanwhile.
    """

    sight: Sight | QualityFault
    approach: int = 0
    candidate: Candidate | None = None
    threshold: float | None = None
    frames: int = 0
    usable_since_s: float | None = None
    look_alike: str | None = None
    runner_up: float | None = None
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    challenge: Advice | None = None
