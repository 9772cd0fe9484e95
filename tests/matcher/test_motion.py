"""The motion gate lets the detector rest, and misses nobody who walks up."""

import numpy as np
import pytest

from edge.core.config import MatcherConfig
from edge.core.domain import Frame
from edge.matcher import open_matcher
from edge.matcher.engine.motion import AWAKE_S, RECHECK_S, MotionDetector, changed, shrink
from edge.sim import Light, load_script
from edge.sim.film import Film
from edge.tools.demo.cast import portraits, walk_up_script

RATE_HZ = 30
NEAR_PX = MatcherConfig().eye_distance_min_px


@pytest.fixture(scope="module")
def matcher(models_dir):
    return open_matcher(MatcherConfig(), models_dir)


def film(matcher, photos_dir, tmp_path, changes, light=None):
    """The demo's people, each after an empty lane in which the gate falls asleep."""
    text = walk_up_script(portraits(photos_dir, matcher), tmp_path / "go", RATE_HZ)
    (tmp_path / "script.toml").write_text(text, encoding="utf-8")
    script = load_script(tmp_path / "script.toml")
    quiet = {"gap_s": AWAKE_S + 1, **changes} | ({"light": light} if light else {})
    return Film(script.model_copy(update={"scenes": tuple(s.model_copy(update=quiet) for s in script.scenes)}))


@pytest.mark.parametrize(
    ("changes", "light"),
    [
        ({"approach_s": 0.5, "stay_s": 0.4}, None),
        ({"approach_s": 2.0, "stay_s": 0.1, "noise": 8.0}, None),
        ({"approach_s": 0.5, "stay_s": 0.2, "noise": 0.5}, Light(gain=0.3)),
        ({"approach_s": 0.5, "stay_s": 0.2}, Light(gain=0.25, gamma=1.4)),
    ],
    ids=["as in the demo", "slowly, in noise", "dusk", "night"],
)
def test_ok__nobody_who_walks_up_is_seen_later(matcher, photos_dir, tmp_path, changes, light):
    """In no frame with a face near enough to count does the gate rest, but for one at the most in each scene."""
    show = film(matcher, photos_dir, tmp_path, changes, light)
    gate, rested, seen = MotionDetector(), 0, 0
    for name, start_s, end_s in show.script.timetable():
        missed = 0
        for number in range(int(start_s * RATE_HZ), int(end_s * RATE_HZ)):
            now_s = number / RATE_HZ
            image = show.frame_at(now_s)
            look = gate.should_search(image, now_s)
            anybody = now_s >= start_s + changes.get("gap_s", AWAKE_S + 1) - 0.05
            faces = matcher.engine.detect(image) if anybody else []
            near = any(face.box[3] >= NEAR_PX for face in faces)
            seen += near
            missed += near and not look
            rested += not look
            if look:
                gate.searched(not faces, now_s)
        assert missed <= 1, name
    assert rested > 100
    assert seen > 30


def test_ok__an_empty_lane_is_searched_twice_a_second():
    random = np.random.default_rng(0)
    lane = random.integers(60, 200, (480, 640, 3)).astype(np.int16)
    gate, looks = MotionDetector(), []
    for number in range(10 * RATE_HZ):
        now_s = 100 + number / RATE_HZ
        image = np.clip(lane + random.normal(0, 4, lane.shape), 0, 255).astype(np.uint8)
        if gate.should_search(image, now_s):
            looks.append(now_s)
            gate.searched(True, now_s)
    late = [now_s for now_s in looks if now_s > 100 + AWAKE_S + RECHECK_S]
    assert len(late) <= (10 - AWAKE_S) / RECHECK_S + 1
    assert max(np.diff(late)) <= RECHECK_S + 2 / RATE_HZ


def test_ok__a_lamp_that_comes_on_wakes_it_and_it_rests_again():
    gate = MotionDetector()

    def show(level, start_s, seconds):
        looks = 0
        for number in range(seconds * RATE_HZ):
            now_s = start_s + number / RATE_HZ
            if gate.should_search(np.full((480, 640, 3), level, np.uint8), now_s):
                looks += 1
                gate.searched(True, now_s)
        return looks

    show(40, 0, 5)
    assert show(40, 5, 1) <= 3
    assert show(120, 6, 1) == RATE_HZ
    show(120, 7, 3)
    assert show(120, 10, 1) <= 3


def test_ok__while_a_face_is_seen_every_frame_is_searched():
    gate, still = MotionDetector(), np.full((480, 640, 3), 90, np.uint8)
    for number in range(5 * RATE_HZ):
        assert gate.should_search(still, number / RATE_HZ)
        gate.searched(False, number / RATE_HZ)
    for number in range(RATE_HZ):  # the detector loses it for a moment
        assert gate.should_search(still, 5 + number / RATE_HZ)
        gate.searched(True, 5 + number / RATE_HZ)


def test_ok__the_smallest_person_that_counts_is_a_change_wherever_they_stand():
    lane = np.full((480, 640, 3), 100, np.uint8)
    head = int(NEAR_PX)
    for left in range(300, 340, 3):
        for top in range(200, 240, 3):
            person = lane.copy()
            person[top : top + head, left : left + head * 2 // 3] = 110
            person[top + head : top + 3 * head, left - head // 2 : left + head * 7 // 6] = 108
            assert changed(shrink(lane), shrink(person))
    assert not changed(shrink(lane), shrink(lane))


def test_ok__the_matcher_finds_who_appears_in_a_lane_at_rest(matcher, photos_dir, tmp_path):
    show = film(matcher, photos_dir, tmp_path, {"approach_s": 0.5})
    start_s = show.script.timetable()[0][1]
    sights = []
    for number in range(int((AWAKE_S + 2) * RATE_HZ)):
        now_s = start_s + number / RATE_HZ
        sights.append(matcher.identify(Frame(show.frame_at(now_s), now_s, number)).sight)
    assert sights[0] == "nobody"
    assert {"looking", "unknown"} & set(sights)
