"""Each source on its own: what it reads, and what it says when it cannot."""

import os
import socket
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from edge.camera import CameraFault, Picamera2Source, source_for
from edge.capture.folder import FolderSource
from edge.capture.opencv import FileSource, RtspSource, V4l2Source
from edge.capture.source import letterbox
from edge.core.config import CameraConfig
from edge.core.domain import Image

HUGE = b"\x89PNG\r\n\x1a\n" + b"".join(
    struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(100))),
        (b"IEND", b""),
    )
)
"""69 bytes that claim to be 40,000 pixels wide and high."""


def grey(rows: int, columns: int, value: int) -> Image:
    return np.full((rows, columns, 3), value, np.uint8)


def test_ok__letterbox_keeps_proportions() -> None:
    tall = letterbox(grey(1000, 500, 200), 640, 480)
    assert tall.shape == (480, 640, 3)
    assert (tall[:, 200:440] == 200).all() and (tall[:, :190] == 0).all() and (tall[:, 450:] == 0).all()
    assert letterbox(grey(960, 1280, 7), 640, 480).min() == 7
    assert letterbox(grey(48, 64, 7), 640, 480).min() == 7


def test_ok__a_folder_shows_each_photo_for_a_while_in_name_order(tmp_path: Path) -> None:
    for name, value in (("b.jpg", 150), ("a.PNG", 50), ("c.webp", 250)):
        cv2.imwrite(str(tmp_path / name), grey(40, 40, value))
    (tmp_path / "notes.txt").write_text("no photo")
    source = FolderSource(tmp_path, repeat=False, rate_hz=2, show_s=1)
    source.open()
    seen = []
    with pytest.raises(EOFError):
        while (image := source.read()) is not None:
            seen.append(round(float(image.mean()) / 50))
    assert seen == [1, 1, 3, 3, 5, 5]


def test_ok__an_unreadable_photo_is_left_out_and_said_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "1-secret-name.jpg").write_text("torn")
    cv2.imwrite(str(tmp_path / "2.png"), grey(40, 40, 50))
    source = FolderSource(tmp_path, repeat=True, rate_hz=1, show_s=1)
    source.open()
    with capture_logs() as logs:
        assert [float(i.mean()) for i in (source.read(), source.read()) if i is not None] == [50, 50]
    assert [(entry["event"], entry["position"]) for entry in logs] == [("photo_unreadable", 1)] * 2
    assert "secret-name" not in str(logs)


def test_ok__a_photo_that_is_a_trap_is_left_out_and_the_next_is_shown(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(HUGE)
    whole = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8))[1].tobytes()
    (tmp_path / "2.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "3.jpg").symlink_to(tmp_path / "3.jpg")
    os.mkfifo(tmp_path / "4.jpg")
    (tmp_path / "5.jpg").mkdir()
    (tmp_path / "6.jpg").touch()
    cv2.imwrite(str(tmp_path / "7.png"), grey(40, 40, 50))
    source = FolderSource(tmp_path, repeat=True, rate_hz=1, show_s=1)
    source.open()
    with capture_logs() as logs:
        assert [float(i.mean()) for i in (source.read(), source.read()) if i is not None] == [50, 50]
    said = [entry["why"] for entry in logs if entry["event"] == "photo_unreadable"]
    assert len(said) == 6 and all(": " in why for why in said)
    assert "claims 40000" in said[0] and "cut off" in said[1] and "empty" in said[2]


def test_fail__folders_without_photos(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match=r"holds no photo: .*\.bmp \.jpeg \.jpg \.png \.webp"):
        FolderSource(tmp_path, False, 10).open()
    with pytest.raises(CameraFault, match=r"no folder .*camera\.path"):
        FolderSource(tmp_path / "none", False, 10).open()
    (tmp_path / "torn.jpg").write_text("torn")
    for repeat in (False, True):
        source = FolderSource(tmp_path, repeat, 10)
        source.open()
        with pytest.raises(CameraFault, match=r"no photo in .* can be read"):
            source.read()


def test_ok__a_video_keeps_its_own_rate_and_can_repeat(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, (64, 48))
    for value in (20, 120, 220):
        video.write(grey(48, 64, value))
    video.release()
    source = FileSource(path, repeat=True, ask_hz=30)
    source.open()
    assert source.rate_hz == pytest.approx(12)
    images = [source.read() for _ in range(7)]
    assert [round(float(i.mean()) / 100) for i in images if i is not None] == [0, 1, 2, 0, 1, 2, 0]
    source.close()
    source.close()
    with pytest.raises(CameraFault, match="not open"):
        source.read()


def test_fail__videos_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match=r"no video file .*camera\.path"):
        FileSource(tmp_path / "none.mp4", False, 30).open()
    (tmp_path / "torn.mp4").write_bytes(b"torn" * 100)
    with pytest.raises(CameraFault, match="convert it with ffmpeg"):
        FileSource(tmp_path / "torn.mp4", False, 30).open()


def test_fail__usb_cameras_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match=r"no /dev/video63: .*v4l2-ctl"):
        V4l2Source("63", 640, 480, 30).open()
    plain = tmp_path / "video0"
    plain.touch()
    with pytest.raises(CameraFault, match="does not open as a camera"):
        V4l2Source(str(plain), 640, 480, 30).open()


def test_fail__no_picamera2_here() -> None:
    source = Picamera2Source("0", 640, 480, 30, 2.0)
    with pytest.raises(CameraFault, match=r"python3-picamera2.*sitegate\[pi\]"):
        source.open()
    source.close()


def test_fail__an_rtsp_camera_that_is_not_there_or_mute(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        ports = [mute.getsockname()[1]]
        with socket.create_server(("127.0.0.1", 0)) as brief:
            ports.append(brief.getsockname()[1])  # closed again: refuses
        for port in ports:
            source = RtspSource(SecretStr(f"rtsp://user:pa55word@127.0.0.1:{port}/lane"), 0.5, 0.5)
            with pytest.raises(CameraFault, match=r"does not answer: .*camera\.url") as caught:
                source.open()
            source.close()
            assert "pa55word" not in str(caught.value) + source.name
    assert "pa55word" not in "".join(capfd.readouterr())


def test_fail__an_rtsp_url_that_is_none(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CameraFault, match="must be rtsp://"):
        RtspSource(SecretStr("http://user:pa55word@x/"), 1, 1).open()
    assert "pa55word" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("source", ["file", "folder", "walkup"])
def test_fail__a_configuration_without_a_path(source: str) -> None:
    with pytest.raises(CameraFault):
        source_for(CameraConfig.model_validate({"source": source}))


@pytest.mark.parametrize(("kind", "made"), [("picamera2", Picamera2Source), ("v4l2", V4l2Source), ("rtsp", RtspSource)])
def test_ok__devices_are_made_without_being_opened(kind: str, made: type) -> None:
    assert isinstance(source_for(CameraConfig.model_validate({"source": kind}))(), made)
