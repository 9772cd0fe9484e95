"""Presentation attack detection (ISO/IEC 30107): whether a person, or a picture of one, is in front of the gate."""

from typing import Protocol

from contract.messages import LivenessVerdict
from edge.domain import Face, Frame


class Liveness(Protocol):
    def judge(self, frame: Frame, face: Face) -> LivenessVerdict:
        """What this frame, and the ones before it of the same approach, say."""


class NotChecked:
    """Looks at nothing and says so: events then carry `not_checked`, never a pretended `live`."""

    def judge(self, frame: Frame, face: Face) -> LivenessVerdict:
        return LivenessVerdict.NOT_CHECKED
