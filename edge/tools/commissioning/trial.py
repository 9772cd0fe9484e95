"""What each commissioning step receives and returns: the opened gate, the technician, the result of a step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from contract.messages import CommissioningStep, StepState
from edge.core.config import Config
from edge.core.domain import Face, Frame, Identification, Image
from edge.core.ports import Camera, Clock, Gate, GateError, Indicator


class TechnicianDialog(Protocol):
    """The technician."""

    def say(self, text: str) -> None: ...

    def confirm(self, question: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class GateUnderTest:
    """The opened parts of the gate under test. `detect` finds faces in a picture, `sleep` waits seconds."""

    config: Config
    camera: Camera
    gate: Gate
    indicator: Indicator
    clock: Clock
    detect: Callable[[Image], list[Face]]
    sleep: Callable[[float], None]
    identify: Callable[[Frame], Identification] | None = None
    """The gate's own recognition and liveness check; None: no worker is enrolled yet."""


Step = Callable[[GateUnderTest, TechnicianDialog], CommissioningStep]


def run_steps(
    steps: dict[str, Step], tested: GateUnderTest, technician: TechnicianDialog
) -> Iterator[CommissioningStep]:
    """Run every step in order. A part that fails is a problem of its step and does not end the others."""
    for name, step in steps.items():
        try:
            yield step(tested, technician)
        except GateError as error:
            yield problem(name, str(error))


def problem(name: str, measured: str, seen: str = "") -> CommissioningStep:
    return CommissioningStep(name=name, state=StepState.PROBLEM, measured=measured[:500], seen=seen)


def step_result(name: str, good: bool, measured: str, seen: str = "") -> CommissioningStep:
    state = StepState.OK if good else StepState.PROBLEM
    return CommissioningStep(name=name, state=state, measured=measured[:500], seen=seen)


def not_fitted(name: str, key: str) -> CommissioningStep:
    return CommissioningStep(name=name, state=StepState.NOT_FITTED, measured=f"{key} is not set")


def yes_or_no(answer: bool) -> str:
    return "yes" if answer else "no"
