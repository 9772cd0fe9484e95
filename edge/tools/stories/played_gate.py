"""The protocols of what a story's lines do to the gate and to HQ.

The lines do not import what they are played on. `edge.tools.stories.stage` and `edge.tools.stories.hq` implement both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from contract.messages import CommandAction
from edge.sim.staged_recognition import View

Turns = Literal["on", "off", "on and off"]
Breakable = Literal["camera", "disk", "recognition", "relay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A QR code that is held to the camera. Equal `code_id`s are the same code.

    Times in seconds; `made_at_s` after the story's beginning. `site_id` None: this gate's site. `signed` False: by
    another key than HQ's.
    """

    code_id: str
    worker_id: str
    site_id: str | None
    made_at_s: float
    valid_s: float
    signed: bool
    shown_for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCommand:
    """A command of HQ's. `gate_id` None: this gate."""

    command_id: str
    gate_id: str | None
    action: CommandAction
    issued_utc: datetime
    valid_s: float
    issued_by: str
    why: str
    signed: bool
    kept_at_broker: bool


class PlayedHq(Protocol):
    """`risks` and `policy` are what the next publication holds."""

    risks: dict[str, str]
    policy: dict[str, Any]

    def command(self, command: SentCommand) -> None: ...

    def change_worker(self, worker_id: str, becomes: dict[str, Any]) -> None:
        """Raises StoryError for a worker that is not there or cannot be so."""

    def publish_roster(self, *, signed: bool, version: int | None) -> None: ...

    def publish_risk(self, *, signed: bool, version: int | None) -> None: ...

    def publish_policy(self, *, signed: bool, version: int | None) -> None: ...


class PlayedGate(Protocol):
    """Raises StoryError for what this gate or this story cannot do."""

    @property
    def hq(self) -> PlayedHq: ...

    def utc_at(self, seconds: float) -> datetime:
        """The time of the wall clock so many seconds into the story."""

    def set_clock(self, utc: datetime) -> None: ...

    def show(self, view: View) -> None: ...

    def sensor(self, name: str, turns: Turns, times: int = 1) -> None: ...

    def hold_code(self, code: ShownCode) -> None: ...

    def type_at_reader(self, text: str) -> None: ...

    def set_temperature(self, celsius: float | None) -> None:
        """None: the thermometer is unplugged."""

    def admit(self, worker_id: str, by: str, why: str) -> None: ...

    def lock_down(self, by: str, *, release: bool) -> None: ...

    def enrol(self, worker_id: str, consent_ref: str) -> None: ...

    def broken(self, what: Breakable, broken: bool) -> None: ...

    def restart(self, *, orderly: bool, off_s: float) -> None: ...
