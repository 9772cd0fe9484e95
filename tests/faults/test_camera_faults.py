"""A camera that hangs, dies, freezes or lies never reaches a decision, and never stops the gate."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.camera import CameraFault, CaptureThread, Source, source_for
from edge.capture.thread import STUCK_MAX
from edge.core.config import CameraConfig
from edge.core.domain import CameraStatus, Image
from edge.sim import SourceSequence, SourceStep
from edge.system.clock import SystemClock

WAIT_S = 30.0
FAST = {"width_px": 160, "height_px": 120, "hang_timeout_ms": 500, "reopen_min_ms": 50, "reopen_max_ms": 400}


def picture(number: int) -> Image:
    """A picture that carries its number, over noise that no other picture has."""
    image: Image = np.random.default_rng(number).integers(0, 255, (120, 160, 3), np.uint8)
    image[0, 0] = (number % 256, number // 256, 0)
    return image


def number_of(image: Image) -> int:
    return int(image[0, 0, 0]) + 256 * int(image[0, 0, 1])


def alive(start: int = 0) -> Iterator[Image]:
    return (picture(i) for i in itertools.count(start))


@pytest.fixture
def opened() -> Iterator[Callable[..., CaptureThread]]:
    """Starts cameras, and closes them after any outcome."""
    cameras: list[CaptureThread] = []

    def start(make_source: Callable[[], Source], **changes: object) -> CaptureThread:
        cameras.append(CaptureThread(make_source, CameraConfig.model_validate({**FAST, **changes}), SystemClock()))
        cameras[-1].start()
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.close()


Start = Callable[..., CaptureThread]


def settled(camera: CaptureThread, wanted: Callable[[CameraStatus], bool]) -> CameraStatus:
    """The status once it is as wanted."""
    for _ in range(int(WAIT_S / 0.02)):
        status = camera.status()
        if wanted(status):
            return status
        camera.wait(10**9, 0.02)
    raise AssertionError(f"never as wanted, last {camera.status()}")


def test_fail__a_source_that_hangs_for_ever_is_replaced(opened: Start) -> None:
    never = threading.Event()
    lives = SourceSequence(lambda: [picture(1), never], lambda: alive(100))
    camera = opened(lives)
    assert camera.wait(0, WAIT_S) is not None
    lost = settled(camera, lambda s: "hangs" in s.detail)
    assert not lost.ok
    back = settled(camera, lambda s: s.ok and s.reopened == 1)
    frame = camera.wait(1, WAIT_S)
    assert back.detail == "scripted camera"
    assert frame is not None and number_of(frame.image) >= 100
    assert lives.made[0].closed == 0  # it hangs still: only abandoned
    never.set()


def test_fail__an_abandoned_reader_never_reaches_the_slot(opened: Start) -> None:
    wakes = threading.Event()
    lives = SourceSequence(lambda: [picture(1), wakes, *(picture(i) for i in range(2, 50))], lambda: alive(100))
    camera = opened(lives)
    settled(camera, lambda s: s.ok and s.reopened == 1)
    wakes.set()
    seen: list[int] = []
    after = 1
    while len(seen) < 40:
        frame = camera.wait(after, WAIT_S)
        assert frame is not None
        after = frame.number
        seen.append(number_of(frame.image))
    assert min(seen) >= 100
    settled(camera, lambda s: lives.made[0].closed == 1)  # once awake it closes its own source


def test_fail__a_source_that_dies_every_five_frames_goes_on(opened: Start) -> None:
    lives = SourceSequence(lambda: [*itertools.islice(alive(), 5), RuntimeError("cable")])
    camera = opened(lives)
    numbers: list[int] = []
    after = 0
    while len(numbers) < 12:
        frame = camera.wait(after, WAIT_S)
        assert frame is not None
        after = frame.number
        numbers.append(after)
    assert numbers == sorted(set(numbers))  # numbers grow across lives
    assert camera.status().reopened >= 2
    assert all(source.closed == 1 for source in lives.made[:-1])


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (None, "delivered no picture"),
        (RuntimeError("cable"), "RuntimeError: cable"),
        (CameraFault("plug it in"), "plug it in"),
        (np.zeros((120, 160), np.uint8), "not 8-bit colour pictures"),
        (np.zeros((120, 160, 3), np.float32), "delivers float32"),
        (np.zeros((0, 160, 3), np.uint8), "not 8-bit colour"),
    ],
)
def test_fail__what_a_source_may_not_deliver(opened: Start, step: SourceStep, says: str) -> None:
    camera = opened(SourceSequence(lambda: [step]))
    assert says in settled(camera, lambda s: s.reopened > 0).detail
    assert camera.wait(0, 0.01) is None


def test_ok__a_picture_of_another_size_is_letterboxed(opened: Start) -> None:
    camera = opened(
        SourceSequence(lambda: (np.roll(np.full((400, 200, 3), 255, np.uint8), i) - i % 7 for i in itertools.count()))
    )
    frame = camera.wait(0, WAIT_S)
    assert frame is not None and frame.image.shape == (120, 160, 3)
    assert (frame.image[:, :45] == 0).all() and frame.image[:, 60:100].min() > 200


def test_fail__a_frozen_picture_is_a_hang_and_stays_one_after_reopening(opened: Start) -> None:
    lives = SourceSequence(
        lambda: [picture(1), picture(2), *itertools.repeat(picture(3), 1000)],
        lambda: itertools.repeat(picture(3), 1000),
        lambda: alive(100),
    )
    camera = opened(lives, stale_after_ms=10_000)
    lost = settled(camera, lambda s: "frozen" in s.detail)
    assert not lost.ok
    seen: list[int] = []
    after = 0
    while not seen or seen[-1] < 100:
        frame = camera.wait(after, WAIT_S)
        assert frame is not None
        after = frame.number
        seen.append(number_of(frame.image))
    assert seen[0] >= 100  # the second life's frozen picture was never handed out
    assert len(lives.made) == 3


def with_a_clock(number: int) -> Image:
    """Always the same picture, with other digits in a corner."""
    image = picture(3)
    cv2.rectangle(image, (0, 0), (80, 16), (0, 0, 0), -1)
    cv2.putText(image, f"{number:06d}", (2, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255))
    return image


def with_one_byte(number: int) -> Image:
    image = picture(3)
    image[60, 80, 1] = number % 256
    return image


@pytest.mark.parametrize("frozen", [with_a_clock, with_one_byte])
def test_fail__a_frozen_picture_with_a_running_clock_or_a_changing_byte_is_a_hang(
    opened: Start, frozen: Callable[[int], Image]
) -> None:
    lives = SourceSequence(
        lambda: itertools.chain([picture(1), picture(2)], (frozen(i) for i in itertools.count())),
        lambda: (frozen(i) for i in itertools.count(7)),
        lambda: alive(100),
    )
    camera = opened(lives, frozen_after_ms=1_000)
    lost = settled(camera, lambda s: "frozen" in s.detail)
    assert not lost.ok and "clock" in lost.detail
    after = camera.wait(0, 0.01)
    seen: list[int] = []
    number = after.number if after else 0
    while not seen or seen[-1] < 100:
        frame = camera.wait(number, WAIT_S)
        if frame is None or len(lives.made) < 2:
            continue
        number = frame.number
        seen += [number_of(frame.image)] if camera.status().reopened else []
    assert seen[0] >= 100  # the second life's frozen picture was never handed out
    assert len(lives.made) == 3


def test_fail__pauses_double_up_to_the_most(opened: Start) -> None:
    with capture_logs() as logs:
        camera = opened(SourceSequence(lambda: [CameraFault("unplugged")]))
        settled(camera, lambda s: s.reopened >= 6)
        camera.close()
    pauses = [entry["next_try_s"] for entry in logs if entry["event"] == "camera_lost"]
    wanted = [0.05, 0.1, 0.2, 0.4, 0.4, 0.4]
    assert all(0.74 * most <= pause <= most + 0.01 for pause, most in zip(pauses, wanted, strict=False))
    assert len(pauses) >= 6


def test_fail__sources_that_hang_again_and_again_are_not_piled_up(opened: Start) -> None:
    never = threading.Event()
    lives = SourceSequence(lambda: [never])
    camera = opened(lives)
    assert "restart the gate service" in settled(camera, lambda s: "did not release" in s.detail).detail
    camera.wait(0, 1.5)
    assert len(lives.made) == STUCK_MAX
    never.set()  # the device lets go after all
    settled(camera, lambda s: len(lives.made) > STUCK_MAX)


def test_fail__close_is_bounded_while_the_source_hangs(opened: Start) -> None:
    never = threading.Event()
    lives = SourceSequence(lambda: [picture(1), never])
    camera = opened(lives, hang_timeout_ms=60_000)
    settled(camera, lambda s: "no picture for" in s.detail)
    with capture_logs() as logs:
        camera.close()
    assert "camera_abandoned" in [entry["event"] for entry in logs]
    assert camera.status() == CameraStatus(False, "closed", camera.status().frames_per_s, 0)
    never.set()


def test_fail__a_stale_frame_is_never_handed_out(opened: Start) -> None:
    wakes = threading.Event()
    camera = opened(
        SourceSequence(lambda: itertools.chain([picture(1), wakes], alive(100))),
        hang_timeout_ms=60_000,
        stale_after_ms=100,
    )
    settled(camera, lambda s: "no picture for" in s.detail)
    assert camera.wait(0, 0.05) is None
    wakes.set()


@pytest.mark.parametrize("kind", ["picamera2", "v4l2", "file", "folder", "rtsp"])
def test_fail__a_camera_that_is_not_there_says_so_and_is_tried_again(opened: Start, kind: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    fields = {
        "source": kind,
        "device": "63",
        "path": tmp_path / "none",
        "url": f"rtsp://user:pa55word@127.0.0.1:{port}/x",
    }
    config = CameraConfig.model_validate({**FAST, **fields})
    with capture_logs() as logs:
        camera = opened(source_for(config), **fields)
        status = settled(camera, lambda s: s.reopened >= 2)
        camera.close()
    assert not status.ok
    assert status.detail and "pa55word" not in str(logs) + status.detail
    assert {entry["event"] for entry in logs} == {"camera_lost"}


def test_fail__a_mute_rtsp_camera_does_not_hold_up_close(opened: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"rtsp://user:pa55word@127.0.0.1:{mute.getsockname()[1]}/x"
        fields = {"source": "rtsp", "url": url}
        camera = opened(source_for(CameraConfig.model_validate({**FAST, **fields})), **fields)
        assert not settled(camera, lambda s: "opening" in s.detail).ok
        camera.close()
        assert camera.status().detail == "closed"


def test_ok__a_folder_that_gets_its_first_photo_comes_alive(opened: Start, tmp_path: Path) -> None:
    fields = {"source": "folder", "path": tmp_path, "repeat": True}
    camera = opened(source_for(CameraConfig.model_validate({**FAST, **fields})), **fields)
    settled(camera, lambda s: "holds no photo" in s.detail)
    cv2.imwrite(str(tmp_path / "new.png"), picture(5))
    assert camera.wait(0, WAIT_S) is not None
    assert settled(camera, lambda s: s.ok).ok
