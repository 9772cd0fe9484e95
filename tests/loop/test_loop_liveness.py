"""Heads and photos before the whole loop: simulated landmarks, the real matcher's turn of events, a real journal."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from loop_rig import Lists, OneFrameEach

from contract.messages import AccessEvent, Advice, LivenessVerdict, Reason
from edge.core.config import Config, SiteConfig
from edge.core.domain import Face, Image, ListAge, RosterState, Template, Vector, Worker
from edge.loop import Adapters, GateLoop
from edge.matcher import FaceMatcher, load_manifest
from edge.matcher.engine.engine import Effort
from edge.matcher.liveness.combined import open_liveness
from edge.sim import ManualClock, RecordingGate, RecordingIndicator, heads
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal, JournalReader

VECTOR: Vector = np.eye(1, 8, dtype=np.float32)[0]
CRISP: Image = np.random.default_rng(0).integers(0, 255, (112, 112, 3)).astype(np.uint8)


class Seen:
    """An engine that finds one face, w1's, where the actor has it; the actor reads the lane's sign."""

    model_id = "test/model"
    pack = SimpleNamespace(
        embedder=SimpleNamespace(dimension=8), impostor_tail=load_manifest().pack("opencv-zoo").impostor_tail
    )

    def __init__(self, actor: heads.Actor, clock: ManualClock, indicator: RecordingIndicator) -> None:
        self._actor, self._clock, self._indicator = actor, clock, indicator
        self._since_s = clock.monotonic()

    def detect(self, image: Image) -> list[Face]:
        said = self._indicator.history[-1].advice if self._indicator.history else None
        points = self._actor(self._clock.monotonic() - self._since_s, said)
        low, high = points.min(axis=0), points.max(axis=0)
        return [Face((*(low - 40), *(high - low + 80)), points, 0.9)]

    def detect_large(self, frame: Image, least_px: float) -> list[Face]:
        return self.detect(frame)

    def refine(self, image: Image, face: Face, effort: Effort) -> Face:
        return face

    def align_refined(self, image: Image, refined: Face) -> Image:
        return CRISP

    def embed(self, aligned: Image, effort: Effort) -> Vector:
        return VECTOR

    def vector_is_rotated(self, vector: Vector) -> bool:
        return False

    def image_is_rotated(self, image: Image, refined: Face) -> bool:
        return False


class Gatehouse:
    """The loop under one liveness mode, with one actor before it."""

    def __init__(self, folder: Path, mode: str, actor: heads.Actor) -> None:
        config = Config.model_validate(
            {
                "liveness": {"mode": mode, "challenge_limit_ms": 12_000},
                "matcher": {"threshold": 0.45},
                "gate": {"passage_pin": 22},  # tells that nobody passed, so a person who stays is judged again
            }
        )
        self.clock = ManualClock()
        age = ListAge(1, self.clock.utc() - timedelta(hours=1))
        worker = Worker("w1", frozenset({"site-1"}), training_valid_until=date(2099, 1, 1))
        lists = Lists(
            RosterState({"w1": worker}, templates=(("w1", Template(VECTOR, "test/model")),), roster=age, risk=age)
        )
        self.gate, self.indicator = RecordingGate(self.clock), RecordingIndicator(self.clock)
        self.journal = Journal(folder / "journal.db", SiteConfig(), self.clock)
        engine = Seen(actor, self.clock, self.indicator)
        matcher = FaceMatcher(engine, config.matcher, open_liveness(config.liveness, config.matcher, folder))  # type: ignore[arg-type]
        matcher.load(lists.state.templates)
        requests = DeskReader(folder / "desk.db")
        adapters = Adapters(
            camera=OneFrameEach(self.clock),
            matcher=matcher,
            gate=self.gate,
            indicator=self.indicator,
            roster=lists,
            journal=self.journal,
            desk_requests=requests,
            clock=self.clock,
        )
        self.loop, self.folder = GateLoop(config, adapters), folder

    def first_decision(self) -> AccessEvent:
        """Runs until something is decided of a usable face, 20 s at most."""
        reader = JournalReader(self.folder / "journal.db")
        for _ in range(400):
            self.loop.step()
            for event in reader.latest(5):
                if isinstance(event, AccessEvent) and event.reason is not Reason.LOW_QUALITY:
                    return event
        raise AssertionError("nothing was decided in 20 s")

    @property
    def opened(self) -> bool:
        return any(act.act == "pulse" for act in self.gate.history)

    @property
    def said(self) -> set[Advice | None]:
        return {shown.advice for shown in self.indicator.history}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[object]:
    open_ones: list[Gatehouse] = []

    def build(mode: str, actor: heads.Actor) -> Gatehouse:
        open_ones.append(Gatehouse(tmp_path, mode, actor))
        return open_ones[-1]

    yield build
    for each in open_ones:
        each.loop.close()


def live(seed: int = 1) -> heads.Actor:
    """A person of mean measures without tremor or detector noise, so that no run depends on the draw of the
    challenge."""
    return heads.person(np.random.default_rng(seed), 0.002)


def picture(seed: int = 1) -> heads.Actor:
    return heads.photo(np.random.default_rng(seed), 0.002)


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_ok__a_live_head_that_turns_as_asked_is_granted(stage, mode: str) -> None:
    house = stage(mode, live())
    event = house.first_decision()
    assert (event.reason, event.liveness, event.worker_id) == (Reason.GRANTED, LivenessVerdict.LIVE, "w1")
    assert house.opened
    assert house.said & {Advice.TURN_LEFT, Advice.TURN_RIGHT}


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_fail__a_photo_is_refused_and_sent_to_the_desk(stage, mode: str) -> None:
    house = stage(mode, picture())
    event = house.first_decision()
    assert (event.reason, event.liveness) == (Reason.LIVENESS_DOUBT, LivenessVerdict.DOUBTFUL)
    assert (event.advice, event.granted, event.detail) == (Advice.SEE_DESK, False, "doubtful")
    assert not house.opened


def test_fail__nothing_is_decided_while_the_person_is_being_asked(stage) -> None:
    house = stage("required", picture())
    for _ in range(100):
        house.loop.step()
    assert Advice.LOOK_AT_CAMERA in house.said and not house.opened
    assert not [e for e in JournalReader(house.folder / "journal.db").latest(50) if isinstance(e, AccessEvent)]


def test_ok__advisory_grants_and_records_its_doubt(stage) -> None:
    house = stage("advisory", picture(5))
    assert house.first_decision().reason is Reason.GRANTED
    for _ in range(300):  # the photo goes on waving; the person is looked at again after 6 s
        house.loop.step()
    events = [e for e in JournalReader(house.folder / "journal.db").latest(50) if isinstance(e, AccessEvent)]
    assert {e.reason for e in events} == {Reason.GRANTED}
    assert LivenessVerdict.DOUBTFUL in {e.liveness for e in events}
    assert not house.said & {Advice.TURN_LEFT, Advice.TURN_RIGHT}


def test_ok__off_asks_nothing_and_says_that_nothing_was_checked(stage) -> None:
    house = stage("off", picture())
    event = house.first_decision()
    assert (event.reason, event.liveness) == (Reason.GRANTED, LivenessVerdict.NOT_CHECKED)
    assert house.opened
