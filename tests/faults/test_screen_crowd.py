"""The screen's pages while somebody takes all the connections that can be had, over real sockets and as real users."""

import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from edge.app.screen import other_processes
from edge.core.config import Config, ScreenConfig
from edge.replica.summary import ReplicaSummary
from edge.screen.access import connections, peers
from edge.screen.access.connections import PER_PEER_MAX
from edge.screen.access.peers import owner, peer_of
from edge.screen.app import ScreenSources, create_app
from edge.screen.server import ScreenServer
from edge.storage.journal import JournalReader

STRANGER = 47_119
"""A user of this machine that nothing else runs as."""
ONE_REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be several users")


class Served:
    def __init__(self, folder: Path) -> None:
        self.refused: set[int] = set()
        app = create_app(ScreenSources(JournalReader(folder / "journal.db"), ReplicaSummary), Config())
        self.server = ScreenServer(app, ScreenConfig(port=0), lambda: self.refused)
        self.port = int(self.server.url.rpartition(":")[2])

    def connect(self, text: str = "") -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with suppress(ConnectionError):
            made.sendall(text.encode())
        return made

    def answers(self) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as page:
            page.request("GET", "/lane")
            return page.getresponse().status


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    thread = made.server.start()
    while made.answers() != 200:
        time.sleep(0.05)
    yield made
    made.server.stop()
    thread.join(10)


def ended(held: socket.socket, within_s: float = 10) -> bool:
    """The other side has ended this connection without an answer."""
    held.settimeout(within_s)
    try:
        return held.recv(1) == b""
    except ConnectionError:
        return True


def as_stranger(does: Callable[[], str]) -> str:
    """What a function returns in a process of another user (a fork: that user may not be able to read this Python)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            os.write(writing, does().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def test_ok__half_a_request_from_a_thousand_connections_stops_nothing(served: Served) -> None:
    with ExitStack() as held:
        kiosk = held.enter_context(closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)))
        for number in range(1_050):
            held.enter_context(served.connect("GET / HTTP/1.1\r\nHost: localhost\r\n"))
            if number % 20 == 0:
                kiosk.request("GET", "/lane/sign")  # its connection stays the same: it is never the oldest
                assert kiosk.getresponse().read()
            if number % 150 == 0:  # a display opens its next stream every 20 s
                display = held.enter_context(closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)))
                display.request("GET", "/lane/events")
                assert display.getresponse().readline() == b"event: lane\n"
        assert served.answers() == 200


def test_ok__an_unfinished_head_and_an_answer_that_is_not_taken_end_in_time(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_MAX_S", 0.5)
    monkeypatch.setattr(connections, "REQUEST_MAX_S", 0.5)
    form = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    form += "Content-Type: application/x-www-form-urlencoded\r\n\r\nname="
    with served.connect() as silent, served.connect("GET / HT") as head, served.connect(form) as body:
        assert ended(silent) and ended(head)
        body.settimeout(10)
        while body.recv(4096):  # a desk-less screen answers 404 at once; what counts is that it ends
            pass
    with served.connect() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0.5)
        deadline, ended_at = time.monotonic() + 100, None
        while ended_at is None:
            assert time.monotonic() < deadline
            try:  # a large file fills what the system keeps of unread answers with the least work
                deaf.sendall(b"GET /static/web/htmx.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            except TimeoutError:  # the server reads no more, while nobody takes its answers
                continue
            except ConnectionError:
                ended_at = time.monotonic()
    assert served.answers() == 200


def test_ok__who_waits_longest_makes_room_for_the_next(served: Served) -> None:
    with ExitStack() as held:
        mine = [held.enter_context(served.connect()) for _ in range(PER_PEER_MAX)]
        time.sleep(0.3)
        held.enter_context(served.connect())
        assert ended(mine[0])
        mine[-1].sendall(ONE_REQUEST.encode())
        assert mine[-1].recv(12).startswith(b"HTTP/1.1")


@as_root
def test_ok__another_user_that_takes_all_it_can_get_ends_nobody_elses_connection(served: Served) -> None:
    def flood() -> str:
        held = [served.connect("GET /") for _ in range(1_050)]
        return str(len(held))

    with served.connect() as mine:
        time.sleep(0.3)
        assert as_stranger(flood) == "1050"
        mine.sendall(ONE_REQUEST.encode())
        assert mine.recv(12).startswith(b"HTTP/1.1")


@as_root
def test_fail__the_user_of_a_taken_over_process_gets_no_answer(served: Served, tmp_path: Path) -> None:
    (tmp_path / "sync").mkdir()
    os.chown(tmp_path / "sync", STRANGER, STRANGER)
    assert other_processes(tmp_path) == {STRANGER}

    def ask() -> str:
        try:
            return served.connect(ONE_REQUEST).recv(8).decode()
        except ConnectionError:
            return ""

    assert as_stranger(ask) == "HTTP/1.1"
    served.refused = set(other_processes(tmp_path))
    assert as_stranger(ask) == ""
    assert served.answers() == 200


@as_root
@pytest.mark.parametrize("way", ["_ask_kernel", "_read_proc"])
def test_fail__a_socket_that_was_closed_after_its_request_is_nobodys(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel shows such a socket as root's."""
    if way == "_read_proc":
        monkeypatch.setattr(peers, "_ask_kernel", refuses)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        there = socket.create_connection(listening.getsockname())
        here, theirs = listening.accept()
        with here:
            assert peer_of(theirs, here.getsockname()).uid == os.geteuid()
            there.sendall(b"GET /")
            there.close()
            assert peer_of(theirs, here.getsockname()).uid is None
            assert owner(theirs, here.getsockname()) is None


def refuses(of: object, other: object) -> int:
    raise PermissionError


@pytest.mark.parametrize("way", ["_ask_kernel", "_read_proc"])
def test_ok__ipv6_and_ipv4_in_ipv6(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "_read_proc":
        monkeypatch.setattr(peers, "_ask_kernel", refuses)
    with socket.socket(socket.AF_INET6) as listening:
        listening.bind(("::", 0))
        listening.listen()
        for host in ("::1", "127.0.0.1", "::ffff:127.0.0.1"):
            with socket.create_connection((host, listening.getsockname()[1])):
                here, theirs = listening.accept()
                with here:
                    peer = peer_of(theirs[:2], here.getsockname()[:2])
                    assert (peer.local, peer.uid) == (True, os.geteuid()), host


def test_ok__other_machines_are_told_apart_by_address_and_ipv6_network() -> None:
    ours = ("192.168.1.5", 8080)
    assert peer_of(("192.168.1.9", 5), ours).name == "192.168.1.9"
    assert peer_of(("2001:db8::1", 5), ours).name == peer_of(("2001:db8::2", 5), ours).name == "2001:db8::/64"
    assert peer_of(("192.168.1.5", 5), ours).local, "this machine by its own address"
