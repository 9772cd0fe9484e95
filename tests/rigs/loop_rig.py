"""The whole loop with a hand-set clock, a recording gate and a real journal, turn by turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.messages import (
    AccessEvent,
    Ack,
    AnyEvent,
    Command,
    CommandAction,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.config import Config, SiteConfig
from edge.core.domain import (
    CameraStatus,
    Candidate,
    Frame,
    Identification,
    Incident,
    ListAge,
    Recognition,
    RosterState,
    Sight,
    Template,
    Worker,
)
from edge.loop import Adapters, GateLoop
from edge.sim import ManualClock, RecordingGate, RecordingIndicator
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal, JournalReader

NOBODY = Identification(Sight.NOBODY)


class OneFrameEach:
    """A camera that always has a fresh frame, until a test lets it fail."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self.ok = clock, True

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        self._clock.advance(0.05)
        image = np.zeros((4, 4, 3), np.uint8)
        return Frame(image, self._clock.monotonic(), after + 1) if self.ok else None

    def status(self) -> CameraStatus:
        return CameraStatus(self.ok, "test camera" if self.ok else "unplugged", 20)

    def close(self) -> None: ...


class Says:
    """A scripted matcher; an exception in the script is raised."""

    model_id = "test/model"
    threshold = 0.45

    def __init__(self) -> None:
        self.now: Identification | Exception = NOBODY
        self.gallery_size = 0
        self.alike: dict[str, Candidate] | None = {}
        self.tells: list[Incident] = []

    def identify(self, frame: Frame) -> Identification:
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        self.gallery_size = len(templates)

    def survey(self) -> dict[str, Candidate] | None:
        return self.alike

    def notices(self) -> list[Incident]:
        return self.tells

    @property
    def recognition(self) -> Recognition:
        return Recognition(workers=self.gallery_size, fpir_target=0.003, tail="pack")


@dataclass
class Lists:
    """HQ's lists as they would have been verified."""

    state: RosterState
    fresh: bool = True
    refused: list[Incident] = field(default_factory=list)
    orders: list[Command] = field(default_factory=list)

    def refresh(self) -> bool:
        fresh, self.fresh = self.fresh, False
        return fresh

    def incidents(self) -> list[Incident]:
        return self.refused

    def commands(self, now: datetime) -> list[Command]:
        orders, self.orders = self.orders, []
        return orders

    def acks(self) -> list[Ack]:
        return []


class House:
    """The loop with its parts in hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        age = ListAge(1, self.clock.utc() - timedelta(hours=1))
        worker = Worker("w1", frozenset({"site-1"}), training_valid_until=date(2099, 1, 1))
        self.lists = Lists(RosterState(workers={"w1": worker}, roster=age, risk=age))
        self.camera, self.matcher = OneFrameEach(self.clock), Says()
        self.gate, self.indicator = RecordingGate(self.clock), RecordingIndicator(self.clock)
        self.journal = Journal(folder / "journal.db", SiteConfig(), self.clock)
        self.reader = JournalReader(folder / "journal.db")
        self.loop = self.make_loop()

    def make_loop(self) -> GateLoop:
        return GateLoop(Config(), self.adapters())

    def adapters(self, **more: Any) -> Adapters:
        """Return the house's own adapters; those of a test are added, or take their place."""
        own: dict[str, Any] = {
            "camera": self.camera,
            "matcher": self.matcher,
            "gate": self.gate,
            "indicator": self.indicator,
            "roster": self.lists,
            "journal": self.journal,
            "desk_requests": DeskReader(self.folder / "desk.db"),
            "clock": self.clock,
        }
        return Adapters(**(own | more))

    def sees(self, now: Identification | Exception, seconds: float = 0.2) -> None:
        self.matcher.now = now
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self.loop.step()

    @property
    def events(self) -> list[AnyEvent]:
        return self.reader.latest(10_000)[::-1]

    @property
    def decisions(self) -> list[Reason]:
        return [e.reason for e in self.events if isinstance(e, AccessEvent)]

    @property
    def passages(self) -> list[PassageOutcome]:
        return [e.outcome for e in self.events if isinstance(e, PassageEvent)]

    @property
    def notices(self) -> list[NoticeCode]:
        return [e.code for e in self.events if isinstance(e, NoticeEvent)]

    @property
    def acts(self) -> list[str]:
        return [a.act for a in self.gate.history]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.loop.close()


def known(approach: int = 1, worker_id: str = "w1") -> Identification:
    return Identification(Sight.KNOWN, approach, Candidate(worker_id, 0.7), 0.45, 3, usable_since_s=1000.0)


def unknown(approach: int = 1) -> Identification:
    return Identification(Sight.UNKNOWN, approach, Candidate("w1", 0.2), 0.45, 5)


def order(house: House, command_id: str = "c1") -> Command:
    now = house.clock.utc()
    return Command(
        command_id=command_id,
        gate_id="gate-1",
        action=CommandAction.OPEN_ONCE,
        issued_utc=now,
        expires_utc=now + timedelta(seconds=30),
        issued_by="manager-7",
        why="delivery",
    )
