"""PROMISE: half requests, slow bodies and silent connections stop no page."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.processes import Processes

APP = """
def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", str(len(body) + 2))])
    return [b"ok" + body]
"""
HALF = {
    "silent": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: a",
    "half a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("slow")
    (folder / "tiny.py").write_text(APP)
    path = f"{folder}/s"
    options = ["--worker-class=district.patient_worker.PatientWorker", "--threads=2", "--keep-alive=15"]
    command = [sys.executable, "-m", "gunicorn", f"--bind=unix:{path}", f"--chdir={folder}", "--no-control-socket"]
    with Processes() as children:
        children.start("web", [*command, *options, "tiny"], within_s=30.0)
        while not Path(path).exists():
            pass
        yield path


def _connect(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(path)
    return sock


def _answer(sock: socket.socket, request: bytes) -> bytes:
    sock.sendall(request)
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2].startswith(b"ok"):
        piece = sock.recv(65_536)
        assert piece, answer
        answer += piece
    return answer


@pytest.mark.parametrize("sent", HALF.values(), ids=HALF)
def test_fail__slow_clients_hold_no_thread(server: str, sent: bytes) -> None:
    with ExitStack() as open_ones:
        for _ in range(40):
            open_ones.enter_context(_connect(server)).sendall(sent)
        with _connect(server) as sock:
            assert _answer(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_fail__a_kept_connection_with_half_a_request_holds_no_thread(server: str) -> None:
    whole, half = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", HALF["half a head"]
    with ExitStack() as open_ones:
        for _ in range(6):
            _answer(kept := open_ones.enter_context(_connect(server)), whole)
            kept.sendall(half)
        with _connect(server) as sock:
            assert _answer(sock, whole)


def test_fail__clients_that_do_not_close_hold_up_nobody(server: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(15):
            ended = open_ones.enter_context(_connect(server))
            _answer(ended, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        with _connect(server) as sock:
            assert _answer(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def test_fail__more_waiting_connections_than_the_worker_takes(server: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(1_100):
            open_ones.enter_context(_connect(server))
        with _connect(server) as sock:
            assert _answer(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def test_ok__requests_in_pieces_kept_connections_and_large_bodies(server: str) -> None:
    with _connect(server) as sock:
        for part in (b"POST / HTTP/1.1\r\nHo", b"st: a\r\nContent-Length: 4\r\n\r", b"\nab"):
            sock.sendall(part)
        assert _answer(sock, b"cd").endswith(b"okabcd")
        large = b"x" * 300_000
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n"
        answer = _answer(sock, head + large)
        while len(answer) < 300_000:
            answer += sock.recv(65_536)
        assert answer.endswith(b"xxxx")
