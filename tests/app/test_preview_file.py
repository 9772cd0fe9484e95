"""The picture of the person who approaches: where it lies, who may read it, and when it goes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app import preview_file
from edge.app.memory_folder import memory_files
from edge.app.preview_file import NAME, PreviewFile, PreviewReader
from edge.capture.preview import WIDTH_PX, PreviewThread
from edge.core.config import Config, PathsConfig
from edge.core.domain import Frame

FRAME = Frame(np.full((480, 640, 3), 128, np.uint8), 0.0, 1)
JPEG = cv2.imencode(".jpg", FRAME.image)[1].tobytes()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "gate").mkdir()
    return Config(paths=PathsConfig(state_dir=tmp_path))


@pytest.fixture
def file(config: Config) -> Iterator[Path]:
    """Where the picture lies without systemd."""
    path = memory_files(config, NAME)[-1]
    yield path
    PreviewFile(config)
    assert not path.parent.exists()


def until(said: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not said():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_ok__a_small_picture_is_in_memory_while_somebody_approaches_and_goes_with_them(
    config: Config, file: Path
) -> None:
    assert file.is_relative_to("/dev/shm")
    reader, preview = PreviewReader(config), PreviewThread(PreviewFile(config), 15)
    preview.show(FRAME)
    until(reader.newest)
    found = reader.newest()
    assert found is not None and reader.newest(found.stamp) is None
    picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (240, WIDTH_PX, 3)
    preview.show(FRAME)
    until(lambda: reader.newest(found.stamp))
    preview.hide()
    until(lambda: not file.exists())
    preview.show(FRAME)
    until(file.exists)
    preview.close()
    preview.close()
    assert not file.exists() and reader.newest() is None


def test_ok__a_start_removes_a_picture_that_a_killed_process_left(config: Config, file: Path) -> None:
    PreviewFile(config).put(JPEG)
    file.with_name(f".{NAME}.new").write_bytes(JPEG)  # killed while it wrote the next one
    PreviewFile(config)
    assert not file.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_fail__only_the_gate_and_the_group_of_the_desk_read_it(config: Config, file: Path) -> None:
    PreviewFile(config).put(JPEG)
    assert file.stat().st_mode & 0o777 == 0o600
    (config.paths.state_dir / "desk").mkdir()
    os.chown(config.paths.state_dir / "desk", 64103, 64104)
    PreviewFile(config).put(JPEG)
    assert (file.stat().st_gid, file.stat().st_mode & 0o777) == (64104, 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_fail__what_another_user_planted_is_neither_used_nor_shown(config: Config, file: Path) -> None:
    file.parent.mkdir()
    os.chown(file.parent, 64102, 64100)
    writer = PreviewFile(config)
    with pytest.raises(OSError):
        writer.put(JPEG)
    file.write_bytes(JPEG)
    os.chown(file, 64102, 64100)
    assert PreviewReader(config).newest() is None
    file.unlink()
    os.chown(file.parent, 0, 0)
    file.parent.rmdir()


def test_fail__the_screen_believes_no_old_large_or_other_file(config: Config, file: Path) -> None:
    writer, reader = PreviewFile(config), PreviewReader(config)
    writer.put(JPEG)
    assert reader.newest() is not None
    for ahead_s in (-3600, -5, 5):  # a gate that hangs, and clocks that were set
        os.utime(file, (0, time.time() + ahead_s))
        assert reader.newest() is None
    writer.put(b"<svg onload=alert(1)>")
    assert reader.newest() is None
    writer.put(JPEG + bytes(preview_file.BYTES_MAX))
    assert reader.newest() is None
    file.unlink()
    os.mkfifo(file)
    assert reader.newest() is None


def test_fail__a_full_memory_stops_the_picture_and_not_the_gate() -> None:
    class Full:
        tries = 0

        def put(self, jpeg: bytes) -> None:
            self.tries += 1
            raise OSError(28, "No space left on device")

        def remove(self) -> None: ...

    full = Full()
    thread = PreviewThread(full, 15)
    for wanted in (1, 2):
        thread.show(FRAME)
        until(lambda wanted=wanted: full.tries >= wanted)
    thread.close()
