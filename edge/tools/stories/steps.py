"""What can happen in a story: one class per kind of line. A new kind is one class here, and its name in `KINDS`; HQ's
are in `edge.tools.stories.hq_steps`.

The first key of a class names its kind; `play` does it to the gate.
"""

from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from contract.messages import Advice, LivenessVerdict
from edge.core.domain import Sight
from edge.matcher.engine.quality import FAULTS
from edge.sim.staged_recognition import View
from edge.tools.stories.hq_steps import CommandStep, PolicyStep, RiskStep, RosterStep
from edge.tools.stories.line import Step
from edge.tools.stories.played_gate import Breakable, PlayedGate, ShownCode, Turns

NOBODY, STRANGER = "nobody", "stranger"


# --- Who is in front of the camera ------------------------------------------------------------------------


class PersonStep(Step):
    """A worker by id, a "stranger", or "nobody"; until the next line of this kind."""

    person: str
    sight: Literal["too_far", "too_dark", "blurred", "turned_away"] | None = None
    """Why the face is not usable at the moment."""
    score: float | None = Field(default=None, ge=-1, le=1)
    look_alike: str | None = None
    """The worker whom they resemble too much."""
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    asked: Advice | None = None
    """What the liveness check asks them to do."""

    def play(self, gate: PlayedGate) -> None:
        gate.show(
            View(
                person=None if self.person == NOBODY else self.person,
                known=self.person not in (NOBODY, STRANGER),
                sight=None if self.sight is None else FAULTS[self.sight],
                score=self.score,
                look_alike=self.look_alike,
                liveness=self.liveness,
                challenge=self.asked,
            )
        )


class PeopleStep(Step):
    """Several at once."""

    people: tuple[str, ...] = Field(min_length=2, max_length=8)

    def play(self, gate: PlayedGate) -> None:
        gate.show(View(person=self.people[0], known=False, sight=Sight.MULTIPLE_FACES))


class WalksUpStep(Step):
    """A person in a real photo walks up, through the real camera picture, detector and matcher.

    Several names come together. Names are those of the demonstration's cast.
    """

    walks_up: tuple[str, ...] = Field(min_length=1, max_length=2)
    stay_s: float = Field(default=1.0, ge=0, le=30)
    far_px: float = Field(default=55, ge=4, le=400)
    near_px: float = Field(default=150, ge=4, le=800)
    gain: float = Field(default=1.0, ge=0, le=1.5)
    """Brightness of the light."""

    def play(self, gate: PlayedGate) -> None:
        """Nothing to do: the film was made before the story began (`edge.tools.stories.film`)."""


# --- The gate's inputs ------------------------------------------------------------------------------------


class SensorStep(Step):
    """An input by the name of its pin in the configuration: "passage" is gate.passage_pin."""

    sensor: str
    turns: Turns = "on and off"
    times: int = Field(default=1, ge=1, le=100_000)

    def play(self, gate: PlayedGate) -> None:
        gate.sensor(self.sensor, self.turns, self.times)


class DoorStep(Step):
    """The door (or swing gate) is opened or falls shut; it is closed when a story begins."""

    door: Literal["opens", "closes"]

    def play(self, gate: PlayedGate) -> None:
        gate.sensor("door", "off" if self.door == "opens" else "on")


class ArmStep(Step):
    """The turnstile's arm turns, seen by two overlapping contacts: in, out, or half way in and back."""

    arm: Literal["in", "out", "half and back"]

    def play(self, gate: PlayedGate) -> None:
        first, second = ("rotation", "rotation_out") if self.arm != "out" else ("rotation_out", "rotation")
        gate.sensor(first, "on")
        gate.sensor(second, "on")
        for name in (first, second) if self.arm != "half and back" else (second, first):
            gate.sensor(name, "off")


class CodeStep(Step):
    """A QR code of HQ's for a worker is held to the camera for a moment. The same `id` is the same code again."""

    code: str
    id: str = "q1"
    made_s_ago: float = Field(default=1, ge=-1e8, le=1e8)
    valid_s: float = Field(default=60, gt=0, le=1e8)
    signed: bool = True
    """By HQ; otherwise by another key."""
    site: str | None = None
    """For another site."""
    for_s: float = Field(default=1, gt=0, le=60)

    def play(self, gate: PlayedGate) -> None:
        gate.hold_code(
            ShownCode(
                code_id=self.id,
                worker_id=self.code,
                site_id=self.site,
                made_at_s=self.at - self.made_s_ago,
                valid_s=self.valid_s,
                signed=self.signed,
                shown_for_s=self.for_s,
            )
        )


class CardStep(Step):
    """A card is held to the reader."""

    card: str

    def play(self, gate: PlayedGate) -> None:
        gate.type_at_reader(self.card)


class PinStep(Step):
    """A PIN is typed at the reader."""

    pin: str
    times: int = Field(default=1, ge=1, le=100_000)

    def play(self, gate: PlayedGate) -> None:
        for _ in range(self.times):
            gate.type_at_reader(self.pin)


class TemperatureStep(Step):
    """The thermometer's reading of the present person, °C; none: it is unplugged."""

    temperature: float | Literal["none"]

    def play(self, gate: PlayedGate) -> None:
        gate.set_temperature(None if self.temperature == "none" else self.temperature)


# --- The office -------------------------------------------------------------------------------------------


class AdmitStep(Step):
    """A guard who knows the person lets them in by hand."""

    admit: str
    by: str = "guard-1"
    why: str = Field(default="known to me", min_length=1)

    def play(self, gate: PlayedGate) -> None:
        gate.admit(self.admit, self.by, self.why)


class DeskStep(Step):
    """The manager's own button."""

    desk: Literal["lock_down", "release_lock_down"]
    by: str = "manager-1"

    def play(self, gate: PlayedGate) -> None:
        gate.lock_down(self.by, release=self.desk == "release_lock_down")


class EnrolStep(Step):
    """A worker was enrolled at this gate; the record goes to HQ."""

    enrol: str
    consent_ref: str = "consent-1"

    def play(self, gate: PlayedGate) -> None:
        gate.enrol(self.enrol, self.consent_ref)


# --- Time and trouble -------------------------------------------------------------------------------------


class ClockStep(Step):
    """The wall clock is set to another time."""

    clock: AwareDatetime = Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))

    def play(self, gate: PlayedGate) -> None:
        gate.set_clock(self.clock)


class BreaksStep(Step):
    breaks: Breakable

    def play(self, gate: PlayedGate) -> None:
        gate.broken(self.breaks, True)


class WorksStep(Step):
    """What was broken works again."""

    works: Breakable

    def play(self, gate: PlayedGate) -> None:
        gate.broken(self.works, False)


class RestartStep(Step):
    """The gate process ends and starts again. A power cut loses everything that is not on disk, and drops the relay."""

    restart: Literal["orderly", "power_cut"]
    off_s: float = Field(default=2, ge=0, le=600)

    def play(self, gate: PlayedGate) -> None:
        gate.restart(orderly=self.restart == "orderly", off_s=self.off_s)


KINDS: tuple[type[Step], ...] = (
    PersonStep, PeopleStep, WalksUpStep, SensorStep, DoorStep, ArmStep, CodeStep, CardStep, PinStep, TemperatureStep,
    AdmitStep, DeskStep, EnrolStep, CommandStep, RosterStep, RiskStep, PolicyStep, ClockStep, BreaksStep, WorksStep,
    RestartStep,
)  # fmt: skip
