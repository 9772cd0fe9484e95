"""What must come of a story: one class per kind of expected line.

Only the keys that are written are compared. Decisions, passages, notices and enrolments must come in this order, and no
others. Releases of the relay must be exactly these. What the lane shows is compared if any such line is written.
"""

from typing import Any

from pydantic import Field

from contract.messages import Advice, DataTier, Direction, LivenessVerdict, NoticeCode, PassageOutcome, Reason
from contract.policy import Factor
from edge.core.domain import Tone
from edge.tools.stories.line import StoryLine

EVENT, RELAY, LANE = "event", "relay", "lane"


class ExpectedLine(StoryLine):
    """`at` seconds after the beginning, plus or minus `within_s`; without it only the order counts."""

    at: float | None = Field(default=None, ge=0, le=3600)
    within_s: float = Field(default=0.3, ge=0, le=60)

    @property
    def row(self) -> str:
        """The history that the line belongs to."""
        return EVENT

    @property
    def headline(self) -> str:
        """The kind and its value: they identify a line."""
        return f"{self.kind()} {getattr(self, self.kind())}"

    @property
    def details(self) -> dict[str, Any]:
        """All other keys that were written and must match."""
        return self.model_dump(mode="json", exclude={"at", "within_s", self.kind()}, exclude_unset=True)


class ExpectedDecision(ExpectedLine):
    decision: Reason
    worker: str | None = None
    advice: Advice | None = None
    detail: str = ""
    """Must be part of the event's detail."""
    score: float | None = None
    direction: Direction | None = None
    liveness: LivenessVerdict | None = None
    roster_tier: DataTier | None = None
    risk_tier: DataTier | None = None
    factors: tuple[Factor, ...] = ()
    alerts: tuple[str, ...] = ()
    temperature_c: float | None = None
    clock_trusted: bool | None = None


class ExpectedPassage(ExpectedLine):
    passage: PassageOutcome
    worker: str | None = None
    direction: Direction | None = None


class ExpectedNotice(ExpectedLine):
    notice: NoticeCode
    detail: str = ""


class ExpectedEnrolment(ExpectedLine):
    enrolled: str


class ExpectedRelease(ExpectedLine):
    """The relay is energised from `released` until `until` (seconds); without it, until the story's end."""

    released: float = Field(ge=0, le=3600)
    until: float | None = Field(default=None, ge=0, le=3600)
    relay: str = "relay"
    """By the name of its pin: "relay_out" is gate.relay_out_pin."""

    @property
    def row(self) -> str:
        return RELAY

    @property
    def headline(self) -> str:
        return f"{self.relay} released"

    @property
    def details(self) -> dict[str, Any]:
        return {}


class ExpectedLane(ExpectedLine):
    """The colour, and the instruction in the lane ("none": nothing)."""

    lane: Tone
    says: Advice | None = None

    @property
    def row(self) -> str:
        return LANE

    @property
    def headline(self) -> str:
        return f"lane {self.lane}" + (f": {self.says}" if self.says else "")

    @property
    def details(self) -> dict[str, Any]:
        return {}


KINDS: tuple[type[ExpectedLine], ...] = (
    ExpectedDecision,
    ExpectedPassage,
    ExpectedNotice,
    ExpectedEnrolment,
    ExpectedRelease,
    ExpectedLane,
)
