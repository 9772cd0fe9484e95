"""The walk-up film without files: poses, light, cut-outs, and what a script may say."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from edge.core.domain import Image
from edge.sim import FilmPerson, Light, Scene, WalkUpScript
from edge.sim.film import Pose, pose
from edge.sim.lane_picture import draw_lane
from edge.sim.person_cutout import Cutout

FACE = (60.0, 50.0, 80.0, 100.0)


def person(**changes: object) -> FilmPerson:
    return FilmPerson.model_validate({"photo_path": Path("a.jpg"), "face": FACE, **changes})


def scene(*people: FilmPerson, **changes: object) -> Scene:
    return Scene.model_validate({"name": "one", "people": people or (person(),), **changes})


def at(one: Scene, into_s: float) -> Pose | None:
    return pose(one.people[0], one, into_s, 640, 480)


def test_ok__the_face_grows_stays_and_leaves() -> None:
    one = scene(person(far_px=20, near_px=120, sway_px=0))
    assert at(one, one.gap_s - 0.01) is None
    came = [at(one, one.gap_s + t) for t in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)]
    widths = [p.face_px for p in came if p]
    assert len(widths) == 6
    assert widths == sorted(widths)
    assert widths[0] == pytest.approx(20) and widths[-1] == pytest.approx(120)
    assert at(one, one.duration_s + 0.01) is None


def test_ok__leaving_past_the_gate_ends_outside_of_the_picture() -> None:
    for x in (0.2, 0.5, 0.8):
        one = scene(person(x=x))
        gone = at(one, one.duration_s - 1e-6)
        assert gone is not None
        assert gone.x < -gone.face_px or gone.x > 640 + gone.face_px


def test_ok__leaving_back_shrinks_and_fades() -> None:
    one = scene(person(leave="back"))
    gone = at(one, one.duration_s - 1e-6)
    assert gone is not None
    assert gone.face_px == pytest.approx(20, rel=0.01)
    assert gone.opacity == pytest.approx(0, abs=0.01)


def test_ok__somebody_who_stays_too_far_never_grows() -> None:
    one = scene(person(near_px=36))
    seen = [at(one, t) for t in np.arange(0, one.gap_s + one.approach_s + one.stay_s, 0.1)]
    assert max(p.face_px for p in seen if p) <= 36 + 1e-9


def test_ok__blur_belongs_to_motion() -> None:
    one = scene(blur_px=8, stay_blur_px=0)
    walking, standing = at(one, one.gap_s + 0.2), at(one, one.gap_s + one.approach_s + 0.5)
    assert walking is not None and standing is not None
    assert walking.blur_px > 7 and standing.blur_px == pytest.approx(0)


def test_ok__light_changes_evenly() -> None:
    half = Light(gain=1.0).towards(Light(gain=0.2, gamma=3.0), 0.5)
    assert half.gain == pytest.approx(0.6) and half.gamma == pytest.approx(2.0)


def test_ok__a_cutout_is_drawn_where_and_as_large_as_asked() -> None:
    photo: Image = np.zeros((300, 200, 3), np.uint8)
    photo[50:150, 60:140] = (255, 255, 255)
    for face_px in (20.0, 47.0, 80.0):
        frame: Image = np.full((480, 640, 3), 100, np.uint8)
        Cutout.from_photo(photo, FACE, 80).draw(frame, 320.5, 200.25, face_px, 1.0, 0.0)
        rows, columns = np.nonzero(frame.min(axis=2) > 225)
        face = rows < 200.25 + 0.7 * face_px  # not the reflective bands of the jacket
        assert columns[face].mean() == pytest.approx(320.5, abs=1.5)
        assert np.ptp(columns[face]) == pytest.approx(face_px, abs=4)


def test_ok__outside_of_the_person_nothing_changes() -> None:
    frame: Image = np.full((480, 640, 3), 100, np.uint8)
    Cutout.from_photo(np.full((300, 200, 3), 200, np.uint8), FACE, 80).draw(frame, 320, 200, 60, 1.0, 3.0)
    assert (frame[:, :150] == 100).all() and (frame[:, -150:] == 100).all()


def test_ok__somebody_outside_of_the_frame_draws_nothing() -> None:
    frame: Image = np.full((480, 640, 3), 100, np.uint8)
    Cutout.from_photo(np.full((300, 200, 3), 200, np.uint8), FACE, 80).draw(frame, -400, 200, 60, 1.0, 0.0)
    assert (frame == 100).all()


def test_fail__a_face_outside_of_its_photo() -> None:
    with pytest.raises(ValueError, match="outside of the photo, which is 200 x 300"):
        Cutout.from_photo(np.zeros((300, 200, 3), np.uint8), (500, 0, 50, 50), 80)


def test_ok__the_lane_depends_on_its_seed_alone() -> None:
    assert np.array_equal(draw_lane(320, 240, 150, 1), draw_lane(320, 240, 150, 1))
    assert not np.array_equal(draw_lane(320, 240, 150, 1), draw_lane(320, 240, 150, 2))


def test_ok__the_timetable_covers_the_film() -> None:
    script = WalkUpScript(scenes=(scene(name="a"), scene(name="b", stay_s=5)))
    (_, start_a, end_a), (name, start_b, end_b) = script.timetable()
    assert (start_a, end_a, name) == (0, start_b, "b")
    assert script.duration_s == pytest.approx(end_b + script.tail_s)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"far_px": 90, "near_px": 40}, "far_px is larger than near_px"),
        ({"face": (0, 0, 3, 3)}, "at least 8 x 8"),
        ({"nearpx": 3}, "Extra inputs are not permitted"),
        ({"leave": "flying"}, "'past' or 'back'"),
    ],
)
def test_fail__what_a_person_may_not_be(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        person(**changes)
