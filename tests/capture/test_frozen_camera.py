"""Is the camera frozen? Simulated noise, clocks and codecs; nothing here is timed, the times are given."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.capture.freeze_detector import COMPARE_EVERY_S, FreezeDetector, PictureCells
from edge.capture.source import CameraFault
from edge.core.domain import Image
from edge.sim.lane_picture import draw_lane

HANG_S, FROZEN_S = 3.0, 15.0
HIGH, WIDE = 240, 320
SCENE = draw_lane(WIDE, HIGH, 110, 1).astype(np.float32)
GRAIN = np.random.default_rng(5).standard_normal((HIGH + 64, WIDE + 64, 3)).astype(np.float32)
NIGHT = SCENE * 0.06
Camera = Callable[[int], Image]


def sensor(scene: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", noise: float) -> Camera:
    """A still scene seen by a sensor with so many grey levels of noise."""

    def see(number: int) -> Image:
        top, left = np.random.default_rng(number).integers(0, 64, 2)
        grain = GRAIN[top : top + HIGH, left : left + WIDE]
        image: Image = np.clip(np.rint(scene + noise * grain), 0, 255).astype(np.uint8)
        return image

    return see


def jpeg(camera: Camera, quality: int) -> Camera:
    def see(number: int) -> Image:
        _, packed = cv2.imencode(".jpg", camera(number), [cv2.IMWRITE_JPEG_QUALITY, quality])
        image: Image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        return image

    return see


def frozen(number: int) -> Image:
    return sensor(SCENE, 2.0)(0)


def clock(camera: Camera, at: tuple[int, int] = (5, 15)) -> Camera:
    def see(number: int) -> Image:
        image = camera(number)
        text = f"2026-11-28 10:{number // 60 % 60:02d}:{number % 60:02d}"
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        return image

    return see


def key_frames(camera: Camera) -> Camera:
    """A codec fed with one picture: a round of ten, the first one coarse, each later one a little finer."""

    def see(number: int) -> Image:
        step = 12 - number % 10
        image: Image = (camera(number) // step * step).astype(np.uint8)
        return image

    return see


def one_byte(number: int) -> Image:
    image = frozen(number)
    image[number % HIGH, 7, 1] ^= 1
    return image


def frozen_after(camera: Camera, until_s: float = 40.0) -> float | None:
    """When it is given up, seconds; None: not by then."""
    still = FreezeDetector(HANG_S, FROZEN_S)
    for number in range(round(until_s / COMPARE_EVERY_S)):
        try:
            still.check(camera(number), number * COMPARE_EVERY_S)
        except CameraFault:
            assert still.frozen
            return number * COMPARE_EVERY_S
    return None


@pytest.mark.parametrize(
    "camera",
    [
        clock(frozen),
        clock(frozen, (5, 235)),
        clock(clock(frozen), (100, 235)),
        jpeg(clock(frozen), 50),
        jpeg(clock(frozen), 85),
        one_byte,
        key_frames(frozen),
        key_frames(clock(frozen)),
    ],
    ids=[
        "clock",
        "clock below",
        "two clocks",
        "clock jpeg 50",
        "clock jpeg 85",
        "one byte",
        "codec",
        "codec and clock",
    ],
)
def test_fail__a_frozen_picture_is_found_whatever_moves_on_it(camera: Camera) -> None:
    found = frozen_after(camera)
    assert found is not None and found <= FROZEN_S + 5


def test_fail__the_same_bytes_are_found_at_once() -> None:
    found = frozen_after(frozen)
    assert found is not None and found <= HANG_S + 2 * COMPARE_EVERY_S


@pytest.mark.parametrize("noise", [0.3, 2.0])
@pytest.mark.parametrize("scene", [SCENE, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize("quality", [None, 50, 90])
def test_ok__a_still_scene_is_alive_by_its_noise(scene: "np.ndarray", noise: float, quality: int | None) -> None:  # type: ignore[type-arg]
    camera = sensor(scene, noise)
    assert frozen_after(jpeg(camera, quality) if quality else camera, 20) is None


def test_ok__a_night_clipped_to_black_is_alive_by_a_single_lamp() -> None:
    scene = np.zeros_like(SCENE)
    scene[100:110, 150:165] = 60
    assert frozen_after(sensor(scene, 0.4), 20) is None


def test_ok__a_film_that_is_played_again_and_again_is_no_frozen_camera() -> None:
    def film(number: int) -> Image:
        image: Image = np.roll(frozen(0), 32 * (number % 10), axis=1)
        return image

    assert frozen_after(film) is None


def test_ok__what_lies_beside_the_lane_proves_nothing() -> None:
    """Leaves in the wind on the left third; the lane itself is frozen by a decoder that failed half-way."""

    def half(number: int) -> Image:
        image = frozen(0)
        image[:, :106] = sensor(SCENE, 4.0)(number)[:, :106]
        return image

    still = FreezeDetector(HANG_S, FROZEN_S, lane=(0.34, 1.0))
    with pytest.raises(CameraFault, match="nothing new"):
        for number in range(200):
            still.check(half(number), number * COMPARE_EVERY_S)


def test_ok__a_reopened_camera_must_first_show_something_new() -> None:
    scene = PictureCells(clock(frozen)(0))
    still = FreezeDetector(HANG_S, FROZEN_S, suspect=[scene])
    assert not still.check(clock(frozen)(7), 10.0)
    assert not still.check(clock(frozen)(8), 12.0)
    assert still.check(sensor(SCENE, 2.0)(5), 13.0)
    assert still.check(sensor(SCENE, 2.0)(6), 14.0)


def test_ok__stillness_counts_from_the_first_picture_of_a_life() -> None:
    one, other = (sensor(SCENE, 2.0)(number) for number in (1, 2))
    still = FreezeDetector(HANG_S, FROZEN_S, suspect=[PictureCells(one)])
    assert not still.check(one, 10.0)
    assert not still.check(one, 12.9)
    assert still.check(other, 13.5)
    assert still.check(other, 16.0)
    with pytest.raises(CameraFault, match="frozen"):
        still.check(other, 16.6)


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (17, 300), (120, 160), (1080, 1920)])
def test_ok__pictures_of_any_size_are_looked_at(shape: tuple[int, int]) -> None:
    image: Image = np.random.default_rng(1).integers(0, 255, (*shape, 3), np.uint8)
    assert not PictureCells(image).shows_change(PictureCells(image.copy()))
