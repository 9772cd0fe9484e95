"""The walk-up simulator with files: the script as TOML, the film, and its source in real time."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.domain import Image
from edge.sim import Film, ManualClock, ScriptError, WalkUpSource, load_script

SCRIPT = """
width_px = 320
height_px = 240
rate_hz = 20
start_when_path = "go"
[[scenes]]
name = "one"
noise = 2
[[scenes.people]]
photo_path = "a.png"
face = [60, 50, 80, 100]
near_px = 60
[[scenes]]
name = "two in the dark"
light = { gain = 0.2 }
light_end = { gain = 0.1, gamma = 2 }
[[scenes.people]]
photo_path = "a.png"
face = [60, 50, 80, 100]
near_px = 50
x = 0.3
[[scenes.people]]
photo_path = "a.png"
face = [60, 50, 80, 100]
near_px = 40
x = 0.7
leave = "back"
"""


@pytest.fixture
def script_path(tmp_path: Path) -> Path:
    photo: Image = np.full((300, 200, 3), (90, 120, 200), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    path = tmp_path / "walkup.toml"
    path.write_text(SCRIPT)
    return path


def test_ok__a_frame_depends_on_script_and_time_alone(script_path: Path) -> None:
    script = load_script(script_path)
    one, other = Film(script), Film(script)
    other.frame_at(9.0)
    for t_s in (0.5, 2.6, 4.0, 9.3):
        assert np.array_equal(one.frame_at(t_s), other.frame_at(t_s))
    assert one.frame_at(3.0).shape == (240, 320, 3)


def test_ok__the_camera_has_noise_even_over_an_empty_lane(script_path: Path) -> None:
    film = Film(load_script(script_path))
    assert not np.array_equal(film.frame_at(0.1), film.frame_at(0.2))


def test_ok__people_show_and_the_light_falls(script_path: Path) -> None:
    script = load_script(script_path)
    film, (_, (_, start_s, end_s)) = Film(script), script.timetable()
    bright, empty = film.frame_at(3.5), film.frame_at(0.5)
    assert cv2.absdiff(bright, empty).mean() > 5
    dusk, night = film.frame_at(start_s + 2.0), film.frame_at(end_s - 0.01)
    assert empty.mean() > 3 * dusk.mean() > 3 * night.mean()


def test_ok__nobody_comes_before_the_start_file_exists(script_path: Path) -> None:
    clock = ManualClock()
    source = WalkUpSource(load_script(script_path), False, clock)
    source.open()
    lanes = []
    for _ in range(40):
        image = source.read()
        assert image is not None
        lanes.append(image.astype(np.int16))
        clock.advance(0.5)
    assert max(np.abs(one - lanes[0]).max() for one in lanes) < 40  # noise only
    (script_path.parent / "go").touch()
    source.read()
    clock.advance(4.0)
    image = source.read()
    assert image is not None
    assert np.abs(image.astype(np.int16) - lanes[0]).max() > 60
    clock.advance(1000)
    with pytest.raises(EOFError):
        source.read()


def test_ok__a_slow_computer_misses_nobody_where_the_script_says_so(script_path: Path) -> None:
    script = load_script(script_path).model_copy(update={"start_when_path": None, "step_max_s": 0.2})
    clock = ManualClock()
    source, film = WalkUpSource(script, False, clock), Film(script)
    source.open()
    source.read()
    for number in range(1, 20):
        clock.advance(1.0)
        seen = source.read()
        assert seen is not None
        assert cv2.absdiff(seen, film.frame_at(number * 0.2)).mean() < 3, number


def test_ok__the_film_stands_still_until_a_busy_gate_took_a_picture(script_path: Path) -> None:
    script = load_script(script_path).model_copy(update={"start_when_path": None, "step_max_s": 0.2})
    clock, taken = ManualClock(), [0]
    source, film = WalkUpSource(script, False, clock, lambda: taken[0]), Film(script)
    source.open()
    source.read()
    for number in range(1, 20):
        for taken[0] in (number, number, number):
            clock.advance(1.0)
            seen = source.read()
        assert seen is not None
        assert cv2.absdiff(seen, film.frame_at(number * 0.2)).mean() < 3, number


def test_ok__a_repeating_film_begins_again(script_path: Path) -> None:
    script = load_script(script_path).model_copy(update={"start_when_path": None})
    clock = ManualClock()
    source = WalkUpSource(script, True, clock)
    source.open()
    source.read()
    clock.advance(script.duration_s * 3 + 3.5)
    seen = source.read()
    assert seen is not None
    assert cv2.absdiff(seen, Film(script).frame_at(0.5)).mean() > 5
    source.close()


def test_ok__each_repetition_waits_for_its_file(script_path: Path) -> None:
    script, clock, go = load_script(script_path), ManualClock(), script_path.parent / "go"
    source, empty = WalkUpSource(script, True, clock), Film(script).empty_at(0.0)
    source.open()
    go.touch()
    source.read()
    go.unlink()
    for _ in range(3):
        clock.advance(script.duration_s)
        seen = source.read()
        assert seen is not None
        assert cv2.absdiff(seen, empty).mean() < 5, "somebody walks up without the file"
    go.touch()
    source.read()
    clock.advance(3.5)
    seen = source.read()
    assert seen is not None
    assert cv2.absdiff(seen, empty).mean() > 5
    source.close()


def test_fail__every_problem_of_a_script_at_once(script_path: Path) -> None:
    script_path.write_text(SCRIPT.replace("width_px = 320", "width_px = 3").replace("near_px = 60", "nearpx = 60"))
    with pytest.raises(ScriptError, match=r"2 problem\(s\)") as caught:
        load_script(script_path)
    assert "width_px" in str(caught.value) and "scenes.0.people.0.nearpx" in str(caught.value)


def test_fail__a_photo_that_is_not_there(script_path: Path) -> None:
    (script_path.parent / "a.png").unlink()
    with pytest.raises(ScriptError, match=r"no such photo: .*a\.png"):
        load_script(script_path)


def test_fail__a_photo_that_is_none(script_path: Path) -> None:
    (script_path.parent / "a.png").write_text("not a picture")
    with pytest.raises(ScriptError, match=r"a\.png: cannot be read as a photo"):
        Film(load_script(script_path))


def test_fail__no_script_and_broken_toml(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"cannot be read .* camera\.path"):
        load_script(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("[[scenes")
    with pytest.raises(ScriptError, match="not valid TOML"):
        load_script(tmp_path / "broken.toml")


def test_ok__a_scene_waits_for_its_own_file_and_shows_the_code_of_another(script_path: Path) -> None:
    waiting = (
        script_path.read_text()
        .replace('name = "two in the dark"', 'name = "later"\nstart_when_path = "go-2"')
        .replace("light = { gain = 0.2 }\nlight_end = { gain = 0.1, gamma = 2 }\n", "")
    )
    script_path.write_text(waiting.replace('leave = "back"', 'leave = "back"\ncode_path = "code.txt"'))
    script, clock = load_script(script_path), ManualClock()
    (script_path.parent / "go").touch()
    source, empty = WalkUpSource(script, False, clock), Film(script).empty_at(0.0)
    source.open()
    source.read()
    for _ in range(20):
        clock.advance(script.scenes[0].duration_s)
        seen = source.read()
        assert seen is not None
        assert cv2.absdiff(seen, empty).mean() < 5, "somebody walks up without the file"
    (script_path.parent / "code.txt").write_text("SG1.a-code\n")
    (script_path.parent / "go-2").touch()
    source.read()
    clock.advance(script.scenes[1].gap_s + script.scenes[1].approach_s + 0.5)
    seen = source.read()
    assert seen is not None
    assert cv2.absdiff(seen, empty).mean() > 5
    (script_path.parent / "code.txt").unlink()
    bare = Film(script).frame_at(script.timetable()[1][1] + script.scenes[1].gap_s + script.scenes[1].approach_s + 0.5)
    assert cv2.absdiff(seen, bare).max() > 60, "no card in the hand"
    source.close()
