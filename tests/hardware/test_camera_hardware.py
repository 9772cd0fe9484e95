"""A real camera, as the gate's own configuration names it: SITEGATE_CONFIG=/etc/sitegate/gate.toml pytest -m
hardware."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.camera import CaptureThread, source_for
from edge.core.config import CameraConfig, load
from edge.system.clock import SystemClock

pytestmark = pytest.mark.hardware


@pytest.fixture
def config() -> CameraConfig:
    path = os.environ.get("SITEGATE_CONFIG")
    return load(Path(path)).camera if path else CameraConfig()


@pytest.fixture
def camera(config: CameraConfig) -> Iterator[CaptureThread]:
    made = CaptureThread(source_for(config), config, SystemClock())
    made.start()
    yield made
    made.close()


def test_ok__a_hundred_different_pictures(camera: CaptureThread, config: CameraConfig) -> None:
    frames, after = [], 0
    for _ in range(100):
        frame = camera.wait(after, 15.0)
        assert frame is not None, camera.status().detail
        after = frame.number
        frames.append(frame)
    assert {f.image.shape for f in frames} == {(config.height_px, config.width_px, 3)}
    assert any((a.image != b.image).any() for a, b in itertools.pairwise(frames))
    assert frames[-1].image.std() > 1, "the picture is one flat colour: is the lens covered?"
    status = camera.status()
    assert status.ok and status.reopened == 0


def test_ok__the_device_can_be_opened_again_after_close(config: CameraConfig) -> None:
    for _ in range(3):
        camera = CaptureThread(source_for(config), config, SystemClock())
        camera.start()
        frame = camera.wait(0, 15.0)
        detail = camera.status().detail
        camera.close()
        assert frame is not None, detail
