"""The picture of the person who approaches: where it lies, who may read it, and when it goes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture.preview import WIDTH_PX, PreviewThread
from edge.core.domain import Frame
from edge.storage import preview_folder
from edge.storage.preview_folder import NAME, PreviewFolder, PreviewOff, PreviewReader, preview_path

FRAME = Frame(np.full((480, 640, 3), 128, np.uint8), 0.0, 1)


@pytest.fixture
def folder(tmp_path: Path) -> PreviewFolder:
    return PreviewFolder(tmp_path / "preview", None)


@pytest.fixture
def preview(folder: PreviewFolder) -> Iterator[PreviewThread]:
    made = PreviewThread(folder, 15)
    yield made
    made.close()


def until(said: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not said():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_ok__a_small_picture_is_there_while_somebody_approaches_and_goes_with_them(
    tmp_path: Path, preview: PreviewThread
) -> None:
    reader = PreviewReader([tmp_path / "nowhere", tmp_path / "preview"], os.geteuid())
    preview.show(FRAME)
    until(reader.newest)
    found = reader.newest()
    assert found is not None and reader.newest(found.stamp) is None
    picture = cv2.imdecode(np.frombuffer(found.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (240, WIDTH_PX, 3)
    preview.show(FRAME)
    until(lambda: reader.newest(found.stamp))
    preview.hide()
    until(lambda: not list((tmp_path / "preview").iterdir()))


def test_ok__the_end_of_the_process_removes_the_picture_and_a_start_removes_one_that_was_left(tmp_path: Path) -> None:
    folder = PreviewFolder(tmp_path / "preview", None)
    thread = PreviewThread(folder, 15)
    thread.show(FRAME)
    until((tmp_path / "preview" / NAME).exists)
    thread.close()
    thread.close()
    assert list((tmp_path / "preview").iterdir()) == []
    folder.put(b"left by kill -9")
    PreviewFolder(tmp_path / "preview", None)
    assert list((tmp_path / "preview").iterdir()) == []


def test_ok__only_the_gate_and_the_group_of_the_screen_may_enter(tmp_path: Path) -> None:
    PreviewFolder(tmp_path / "alone", None)
    PreviewFolder(tmp_path / "same", os.getegid())  # the group of all processes: it would let in the network process
    assert (tmp_path / "alone").stat().st_mode & 0o777 == (tmp_path / "same").stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        PreviewFolder(tmp_path / "shared", 64104)
        found = (tmp_path / "shared").stat()
        assert (found.st_gid, found.st_mode & 0o777) == (64104, 0o750)


def test_ok__without_systemd_the_picture_is_in_shared_memory(tmp_path: Path) -> None:
    path = preview_path(None, tmp_path, 7)
    assert path.parent == Path("/dev/shm") and path.name.startswith("sitegate-7-")
    assert path != preview_path(None, tmp_path / "other", 7)
    assert preview_path(Path("/run/sitegate-gate"), tmp_path, 7) == Path("/run/sitegate-gate/preview")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_fail__what_another_user_planted_is_not_written_into(tmp_path: Path) -> None:
    planted = tmp_path / "preview"
    planted.mkdir(mode=0o777)
    os.chown(planted, 64102, 64100)
    with pytest.raises(PreviewOff, match="another user"):
        PreviewFolder(planted, None)
    planted.rmdir()
    planted.symlink_to(tmp_path)
    with pytest.raises(PreviewOff, match="another user"):
        PreviewFolder(planted, None)
    assert tmp_path.stat().st_mode & 0o777 != 0o777


def test_fail__a_link_in_the_place_of_the_picture_is_not_followed(tmp_path: Path, folder: PreviewFolder) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "preview" / f".{NAME}.new").symlink_to(victim)
    with pytest.raises(OSError):
        folder.put(b"picture")
    assert victim.read_text() == "untouched"


def test_fail__the_screen_believes_no_old_foreign_large_or_other_file(
    tmp_path: Path, folder: PreviewFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, file = PreviewReader([tmp_path / "preview"], os.geteuid()), tmp_path / "preview" / NAME
    good = cv2.imencode(".jpg", FRAME.image)[1].tobytes()
    folder.put(good)
    assert reader.newest() is not None
    assert PreviewReader([tmp_path / "preview"], os.geteuid() + 1).newest() is None or os.geteuid() == 0
    for ahead_s in (-3600, -5, 5):  # a gate that hangs, and clocks that were set
        os.utime(file, (0, time.time() + ahead_s))
        assert reader.newest() is None
    folder.put(b"<svg onload=alert(1)>")
    assert reader.newest() is None
    folder.put(good + bytes(preview_folder.BYTES_MAX))
    assert reader.newest() is None
    file.unlink()
    os.mkfifo(file)
    assert reader.newest() is None


def test_fail__a_full_memory_stops_the_picture_and_not_the_gate(tmp_path: Path) -> None:
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
