"""What the loop hands to the lane's display beside tone and advice: a picture, a short name, an opening camera."""

from dataclasses import replace
from pathlib import Path

import pytest
from loop_rig import NOBODY, House, known, unknown
from loop_rig import house as house

from contract.messages import NoticeCode, PolicySnapshot
from edge.core.config import Config
from edge.core.domain import Frame, GateSignal, Identification, LiveState, Sight, Tone
from edge.loop import GateLoop

LOOKING = Identification(Sight.LOOKING, 1)


class RecordingPreview:
    def __init__(self) -> None:
        self.shown = self.closed = False

    def show(self, frame: Frame) -> None:
        self.shown = True

    def hide(self) -> None:
        self.shown = False

    def close(self) -> None:
        self.shown, self.closed = False, True


class Filmed(House):
    """The house with a preview."""

    def make_loop(self) -> GateLoop:
        self.preview = RecordingPreview()
        return GateLoop(Config(), self.adapters(preview=self.preview))


@pytest.fixture
def filmed(tmp_path: Path) -> Filmed:
    return Filmed(tmp_path)


def live(house: House) -> LiveState:
    found = house.reader.live()
    assert found is not None
    return found


def test_ok__the_picture_is_shown_while_somebody_approaches_and_ends_with_the_decision(filmed: Filmed) -> None:
    filmed.sees(NOBODY)
    assert not filmed.preview.shown
    filmed.sees(LOOKING)
    assert filmed.preview.shown
    filmed.sees(NOBODY, 0.3)  # a face missed in a few frames
    assert filmed.preview.shown
    filmed.sees(NOBODY, 1.0)
    assert not filmed.preview.shown
    filmed.sees(LOOKING)
    filmed.sees(unknown())
    assert live(filmed).tone is Tone.DESK and not filmed.preview.shown
    filmed.loop.close()
    assert filmed.preview.closed


def test_fail__no_picture_stays_when_the_camera_is_lost_or_a_fire_breaks_out(filmed: Filmed) -> None:
    filmed.sees(LOOKING)
    filmed.camera.ok = False
    filmed.sees(LOOKING, 3.5)
    assert NoticeCode.CAMERA_LOST in filmed.notices and not filmed.preview.shown
    filmed.camera.ok = True
    filmed.sees(NOBODY, 2.0)
    filmed.sees(LOOKING)
    assert filmed.preview.shown
    filmed.gate.report(GateSignal.FIRE_ON)
    filmed.sees(LOOKING)
    assert not filmed.preview.shown
    filmed.loop.close()


def test_ok__the_admitted_worker_is_greeted_only_if_the_policy_allows(house: House) -> None:
    house.sees(known())
    assert live(house).tone is Tone.GO and live(house).greets is None
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 6.0)
    house.lists.state = replace(house.lists.state, policy=_greeting_policy(house))
    house.sees(known(2))
    assert (live(house).tone, live(house).greets) == (Tone.GO, "w1")
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 6.0)
    assert (live(house).tone, live(house).greets) == (Tone.IDLE, None)


def test_fail__nobody_is_greeted_who_is_refused_or_comes_on_anothers_release(house: House) -> None:
    house.lists.state = replace(house.lists.state, policy=_greeting_policy(house))
    house.sees(unknown())
    assert live(house).tone is Tone.DESK and live(house).greets is None
    house.sees(NOBODY, 6.0)
    house.sees(known(2))
    assert live(house).greets == "w1"
    house.gate.report(GateSignal.PASSED)
    house.sees(NOBODY, 0.1)
    house.gate.report(GateSignal.FIRE_ON)  # the light stays green, and it is for everybody
    house.sees(NOBODY)
    assert (live(house).tone, live(house).greets) == (Tone.GO, None)


def test_ok__a_camera_that_is_still_opening_is_not_lost(house: House) -> None:
    house.camera.ok = False
    house.sees(NOBODY, 1.0)
    assert live(house).camera_opening and not live(house).camera_ok
    house.sees(NOBODY, 4.0)
    assert not live(house).camera_opening and NoticeCode.CAMERA_LOST in house.notices


def _greeting_policy(house: House) -> PolicySnapshot:
    return PolicySnapshot(site_id="site-1", list_version=1, issued_utc=house.clock.utc(), lane_names=True)
