"""What making a call may come to: ready, nothing to send, or no answer to a question."""

from dataclasses import dataclass

from district.realname.rules.answers import PlatformAnswer
from district.realname.rules.bodies import Body
from district.realname.rules.lacks import Lack


class Lacking(Exception):
    """Something is missing here, so nothing can be sent."""

    def __init__(self, lack: Lack) -> None:
        """Keep what is missing."""
        super().__init__(lack)
        self.lack = lack


class NotTaken(Exception):
    """The platform did not answer a question as one of its answers."""

    def __init__(self, answer: PlatformAnswer) -> None:
        """Keep the answer."""
        super().__init__(answer.text)
        self.answer = answer


@dataclass(frozen=True)
class Prepared:
    """A call that is ready. `digest`: of what it says."""

    method: str
    body: Body
    digest: str = ""
