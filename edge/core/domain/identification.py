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
    """What the matcher sees in the lane at this moment, other than a face that cannot be compared (`QualityFault`)."""

    NOBODY = "nobody"
    MULTIPLE_FACES = "multiple_faces"
    LOOKING = "looking"
    """A usable face, the vote not yet finished."""
    UNKNOWN = "unknown"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class QualityFault:
    """Why a face cannot be compared. Each kind is defined where it is measured, in `edge.matcher.engine.quality`.

    `value`: its name, in findings and stories. `advice`: the next step in the lane, one of `QUALITY_ADVICE`. `photo`: what is wrong
    with a photo to enrol from, and what to do. `prompt`: what to do in front of the camera, to be enrolled.
    """

    value: str
    advice: Advice
    photo: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Identification:
    """The matcher's answer to one frame.

    `approach` numbers the person in front of the gate: it changes when the lane was empty or another face took over.
    `frames` counts the votes behind the answer. `candidate` is the best one, also when it is below `threshold`.
    `usable_since_s` is the monotonic time of the first usable frame of this approach. `look_alike` is the worker whom
    the candidate resembles too much for the face alone to decide, if there is one; `runner_up` is the best score of any
    other worker than a KNOWN one, None if there is none. While `challenge` is set the person
    is being asked to do it, and nothing is decided yet.
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
