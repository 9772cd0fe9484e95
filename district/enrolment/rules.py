"""What a photo needs, which page comes next, and how long a code is good. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

TEXT_VERSION = "2026-1"
"""The version of the consent texts. A changed text needs a new one, and new consents."""
PHOTO_BYTES_MAX = 8 * 1024 * 1024
PLATFORM_BYTES_MAX = 50 * 1024
PHOTO_KEPT = timedelta(hours=48)
"""A photo that nobody could judge for so long is dropped."""
CODE_VALID = timedelta(hours=2)
"""A new code is shown while the phone has a network. Without one, it is good for the way to the gate and back. A whole
day would let somebody gather codes for others."""
CODE_SAME_S = 45
"""Within this time the same code is shown again: two looks at the phone are no two codes."""
CODES_A_DAY = 60
PICTURES_A_DAY = 20


class PhotoAdvice(StrEnum):
    """What to do before the next photo."""

    ONE_FACE = "one_face"
    NO_FACE = "no_face"
    UPRIGHT = "upright"
    LOOK = "look"
    CLOSER = "closer"
    LIGHT = "light"
    GLARE = "glare"
    STILL = "still"
    STRAIGHT = "straight"
    UNCOVER = "uncover"
    AGAIN = "again"


_SIGNS: tuple[tuple[str, PhotoAdvice], ...] = (
    ("no face", PhotoAdvice.NO_FACE),
    ("faces were found", PhotoAdvice.ONE_FACE),
    ("not upright", PhotoAdvice.UPRIGHT),
    ("turned away", PhotoAdvice.LOOK),
    ("looks up", PhotoAdvice.STRAIGHT),
    ("looks down", PhotoAdvice.STRAIGHT),
    ("too small", PhotoAdvice.CLOSER),
    ("too dark", PhotoAdvice.LIGHT),
    ("too bright", PhotoAdvice.GLARE),
    ("blurred", PhotoAdvice.STILL),
    ("covered", PhotoAdvice.UNCOVER),
)


def advice_of(problem: str) -> PhotoAdvice:
    """Return the advice for what the matcher says about a photo."""
    return next((advice for sign, advice in _SIGNS if sign in problem), PhotoAdvice.AGAIN)


def seems_photo(data: bytes) -> bool:
    """Say whether a file begins as a JPEG, PNG or WebP. What it really is, the matcher's process finds out."""
    return data[:3] == b"\xff\xd8\xff" or data[:8] == b"\x89PNG\r\n\x1a\n" or data[8:12] == b"WEBP"


class NextStep(StrEnum):
    """What the worker does next."""

    CHOOSE = "choose"
    AGREE = "agree"
    TAKE = "take"
    WAIT = "wait"
    ASK = "ask"
    """At the site office: the face looks like another person's."""
    FACE = "face"
    CODE = "code"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a worker wants to pass, and how far that is. `photo`: state of the newest photo of the present consent."""

    way: str
    agreed: bool
    photo: str = ""

    @property
    def step(self) -> NextStep:
        """Return what comes next."""
        if self.way == "":
            return NextStep.CHOOSE
        if self.way != "face":
            return NextStep.CARD if self.way == "card" else NextStep.CODE
        if not self.agreed:
            return NextStep.AGREE
        states = {"waiting": NextStep.WAIT, "enrolled": NextStep.FACE, "another": NextStep.ASK}
        return states.get(self.photo, NextStep.TAKE)


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """A site on which the worker works now or will work."""

    site: str
    employer: str
    team: str
    starts: date
    ends: date | None

    def now(self, today: date) -> bool:
        """Say whether the worker works there today."""
        return self.starts <= today and (self.ends is None or self.ends >= today)


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """One gate's answer to a withdrawal."""

    place: str
    gate: str
    gone: bool
    when: datetime | None
    online: bool


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How far a withdrawal is. `sent`: HQ destroyed the template."""

    since: datetime
    sent: bool
    answers: tuple[GateAnswer, ...] = ()

    @property
    def confirmed(self) -> int:
        return sum(one.gone for one in self.answers)

    @property
    def complete(self) -> bool:
        return self.sent and self.confirmed == len(self.answers)
