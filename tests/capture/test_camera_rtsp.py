"""The network camera against a real RTSP conversation: JPEG over RTP (RFC 2435) inside TCP (RFC 2326, 10.12)."""

import socket
import struct
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge.camera import CaptureThread, source_for
from edge.core.config import CameraConfig
from edge.core.domain import Image
from edge.system.clock import SystemClock

WAIT_S = 30.0
ROWS, COLUMNS = 240, 320


class RtspServer:
    """One camera for one client at a time; `mute` stops the pictures, `hang_up` ends the connection."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.mute = threading.Event()
        self.hang_up = threading.Event()
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.url = f"rtsp://lane:pa55word@127.0.0.1:{self._socket.getsockname()[1]}/lane"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._socket.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(10)
                try:
                    self._talk(client)
                except OSError:
                    continue  # the client went away

    def _talk(self, client: socket.socket) -> None:
        waiting = b""
        while not self._over.is_set():
            while b"\r\n\r\n" not in waiting:
                got = client.recv(4096)
                if not got:
                    return
                waiting += got
            request, _, waiting = waiting.partition(b"\r\n\r\n")
            lines = request.decode().split("\r\n")
            method = lines[0].split()[0]
            sequence = next(line for line in lines if line.lower().startswith("cseq"))
            self.requests.append(request.decode())
            client.sendall(f"RTSP/1.0 200 OK\r\n{sequence}\r\n{self._answer(method)}".encode())
            if method == "PLAY":
                self._play(client)
                return

    @staticmethod
    def _answer(method: str) -> str:
        if method == "DESCRIBE":
            sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=lane\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\na=framerate:25\r\n"
            return f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
        if method == "SETUP":
            return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n"
        return "Session: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"

    def _play(self, client: socket.socket) -> None:
        sequence = 0
        for number in range(100_000):
            if self._over.wait(0.02) or self.hang_up.is_set():
                return
            if self.mute.is_set():
                continue
            for payload, last in packets(picture(number)):
                rtp = struct.pack(">BBHII", 0x80, 26 | (0x80 if last else 0), sequence, number * 3600, 1)
                client.sendall(struct.pack(">cBH", b"$", 0, len(rtp) + len(payload)) + rtp + payload)
                sequence = (sequence + 1) % 65536


def picture(number: int) -> Image:
    image: Image = np.full((ROWS, COLUMNS, 3), 60, np.uint8)
    left = 10 * (number % 28)
    image[80:160, left : left + 40] = (40, 200, 240)
    return image


def packets(image: Image) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one picture, and whether each is its last."""
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    tables, at = b"", 2
    while jpeg[at + 1] != 0xDA:
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] == 0xDB:
            tables += b"".join(jpeg[at + 5 + i : at + 69 + i] for i in range(0, length - 2, 65))
        at += 2 + length
    scan = jpeg[at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0] : -2]
    for start in range(0, len(scan), 1200):
        head = struct.pack(">IBBBB", start, 1, 255, COLUMNS // 8, ROWS // 8)  # type 1: 4:2:0; 255: tables follow
        if start == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        yield head + scan[start : start + 1200], start + 1200 >= len(scan)


@pytest.fixture
def server() -> Iterator[RtspServer]:
    made = RtspServer()
    yield made
    made.close()


@pytest.fixture
def camera(server: RtspServer) -> Iterator[CaptureThread]:
    fields = {"source": "rtsp", "url": server.url, "width_px": COLUMNS, "height_px": ROWS}
    config = CameraConfig.model_validate({**fields, "hang_timeout_ms": 1000, "reopen_min_ms": 50, "reopen_max_ms": 200})
    made = CaptureThread(source_for(config), config, SystemClock())
    made.start()
    yield made
    made.close()


def after_reopening(camera: CaptureThread, times: int) -> bool:
    """True once the camera was opened again so often and is well."""
    for _ in range(int(WAIT_S / 0.02)):
        status = camera.status()
        if status.ok and status.reopened >= times:
            return True
        camera.wait(10**9, 0.02)
    return False


def test_ok__pictures_arrive_over_tcp(
    server: RtspServer, camera: CaptureThread, capfd: pytest.CaptureFixture[str]
) -> None:
    first = camera.wait(0, WAIT_S)
    assert first is not None
    later = camera.wait(first.number + 3, WAIT_S)
    assert later is not None
    for frame in (first, later):
        assert frame.image.shape == (ROWS, COLUMNS, 3)
        yellow = frame.image[120, :, 1] > 150
        assert 34 <= yellow.sum() <= 46
        assert abs(int(frame.image[10, 10, 0]) - 60) < 6
    setup = next(r for r in server.requests if r.startswith("SETUP"))
    assert "RTP/AVP/TCP" in setup
    assert "pa55word" not in "".join(capfd.readouterr()) + camera.status().detail


def test_fail__a_camera_that_falls_silent_is_opened_again(server: RtspServer, camera: CaptureThread) -> None:
    assert camera.wait(0, WAIT_S) is not None
    server.mute.set()
    for _ in range(int(WAIT_S / 0.02)):
        if camera.status().reopened:
            break
        camera.wait(10**9, 0.02)
    server.mute.clear()
    assert after_reopening(camera, 1)


def test_fail__a_connection_that_ends_is_made_again(server: RtspServer, camera: CaptureThread) -> None:
    assert camera.wait(0, WAIT_S) is not None
    server.hang_up.set()
    for _ in range(int(WAIT_S / 0.02)):
        if not camera.status().ok:
            break
        camera.wait(10**9, 0.02)
    server.hang_up.clear()
    assert after_reopening(camera, 1)
