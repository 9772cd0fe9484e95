"""One suite for every camera that needs no device: the walk-up film, a video, a folder, a scripted live source."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera import CaptureThread, Source, source_for
from edge.core.config import CameraConfig
from edge.core.domain import CameraStatus, Frame, Image
from edge.core.ports import Camera
from edge.sim import FilmPerson, Scene, SourceSequence, WalkUpScript, WalkUpSource
from edge.system.clock import SystemClock

KINDS = ("walkup", "file", "folder", "scripted")
WAIT_S = 20.0


def picture(number: int, rows: int = 240, columns: int = 320) -> Image:
    return np.random.default_rng(number).integers(0, 255, (rows, columns, 3), np.uint8)


def make(kind: str, folder: Path, repeat: bool) -> tuple[Callable[[], Source], CameraConfig]:
    """A maker of the source, short when it does not repeat, and its configuration."""
    fields: dict[str, object] = {"width_px": 320, "height_px": 240, "rate_hz": 30, "repeat": repeat}
    if kind == "scripted":
        pictures = [picture(i) for i in range(8)]
        return SourceSequence(lambda: itertools.cycle(pictures) if repeat else pictures), CameraConfig.model_validate(
            fields
        )
    if kind == "walkup":
        cv2.imwrite(str(folder / "a.png"), picture(1, 300, 200))
        scene = Scene(
            name="one",
            people=(FilmPerson(photo_path=folder / "a.png", face=(60, 50, 80, 100)),),
            gap_s=0, approach_s=0.2, stay_s=0.1, leave_s=0.1,
        )  # fmt: skip
        script = WalkUpScript(width_px=320, height_px=240, rate_hz=30, tail_s=0.1, scenes=(scene,))
        return lambda: WalkUpSource(script, repeat, SystemClock()), CameraConfig.model_validate(fields)
    if kind == "folder":
        path = folder / "photos"
        path.mkdir(exist_ok=True)
        cv2.imwrite(str(path / "1.png"), picture(1, 400, 300))
        fields["rate_hz"] = 100
    else:
        path = folder / "video.avi"
        video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (320, 240))
        for i in range(10):
            video.write(picture(i))
        video.release()
    config = CameraConfig.model_validate({**fields, "source": kind, "path": path})
    return source_for(config), config


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def endless(kind: str, tmp_path: Path) -> Iterator[Camera]:
    camera = CaptureThread(*make(kind, tmp_path, repeat=True), SystemClock())
    yield camera
    camera.close()


@pytest.fixture
def short(kind: str, tmp_path: Path) -> Iterator[Camera]:
    camera = CaptureThread(*make(kind, tmp_path, repeat=False), SystemClock())
    yield camera
    camera.close()


def some(camera: Camera, after: int = 0) -> Frame:
    frame = camera.wait(after, WAIT_S)
    assert frame is not None
    return frame


def settled(camera: Camera, wanted: Callable[[CameraStatus], bool]) -> CameraStatus:
    """The status once it is as wanted; pauses by waiting for frames that never come."""
    for _ in range(int(WAIT_S / 0.02)):
        if wanted(camera.status()):
            break
        camera.wait(10**9, 0.02)
    return camera.status()


def test_ok__frames_are_numbered_timed_and_of_the_configured_size(endless: Camera) -> None:
    endless.start()
    frames = [some(endless)]
    while len(frames) < 5:
        frames.append(some(endless, frames[-1].number))
    assert [f.image.shape for f in frames] == [(240, 320, 3)] * 5
    assert all(f.image.dtype == np.uint8 for f in frames)
    assert all(a.number < b.number and a.monotonic_s < b.monotonic_s for a, b in itertools.pairwise(frames))
    assert frames[-1].monotonic_s <= SystemClock().monotonic()


def test_ok__only_the_newest_frame_is_kept(endless: Camera) -> None:
    endless.start()
    first = some(endless)
    endless.wait(10**9, 0.5)  # meanwhile more frames come
    assert some(endless, first.number).number > first.number + 1


def test_ok__no_frame_before_start(endless: Camera) -> None:
    assert endless.wait(0, 0.01) is None
    assert endless.status() == CameraStatus(False, "not started")


def test_ok__status_names_the_source_and_its_rate(endless: Camera) -> None:
    endless.start()
    some(endless, 3)
    status = settled(endless, lambda s: s.ok and s.frames_per_s > 0)
    assert status.ok and status.frames_per_s > 0 and status.reopened == 0
    assert status.detail


def test_ok__the_end_is_said(short: Camera) -> None:
    short.start()
    some(short)
    status = settled(short, lambda s: s.detail.endswith("ended"))
    assert not status.ok and status.detail.endswith("ended")
    assert short.wait(0, 0.01) is None
    assert status.reopened == 0


def test_ok__close_twice_and_without_start(endless: Camera, short: Camera) -> None:
    endless.start()
    some(endless)
    for camera in (endless, short):
        camera.close()
        camera.close()
        assert camera.wait(0, 0.01) is None
        assert camera.status().detail == "closed"


def test_ok__close_wakes_whoever_waits(endless: Camera) -> None:
    from concurrent.futures import ThreadPoolExecutor

    endless.start()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(endless.wait, 10**9, 250.0)
        endless.close()
        assert waiting.result(timeout=30) is None
