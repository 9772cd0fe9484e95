"""A TCP proxy that does to a connection what networks do: slow it, cut it into single bytes, stall it, drop it."""

import contextlib
import random
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Weather:
    """What the network is like now. `stalled`: bytes are taken and never delivered (a half-open connection)."""

    delay_s: float = 0.0
    piece_bytes: int = 65_536
    stalled: bool = False
    refused: bool = False
    cut_chance: float = 0.0
    """That a piece is lost, and the connection with it."""


class BadNetwork:
    """Forwards `port` to `target_port` on this machine, through the present `weather`."""

    def __init__(self, target_port: int, seed: int = 1) -> None:
        self._target, self._dice = target_port, random.Random(seed)
        self.weather = Weather()
        self.cuts = self.connections = 0
        self._open: set[socket.socket] = set()
        self._closed = False
        self._guard = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port = int(self._server.getsockname()[1])
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def cut(self) -> None:
        """Drop every connection now."""
        with self._guard:
            self.cuts += len(self._open) // 2
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed = True
        self.cut()
        for thread in self._threads:
            thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        while not self._closed:
            try:
                near, _ = self._server.accept()
            except TimeoutError:
                continue
            try:
                if self.weather.refused:
                    raise OSError("refused")
                far = socket.create_connection(("127.0.0.1", self._target), 2)
            except OSError:
                near.close()
                continue
            self.connections += 1
            with self._guard:
                self._open |= {near, far}
            pair = threading.Barrier(2)
            for ends in ((near, far), (far, near)):
                thread = threading.Thread(target=self._carry, args=(*ends, pair))
                thread.start()
                self._threads.append(thread)

    def _carry(self, source: socket.socket, sink: socket.socket, pair: threading.Barrier) -> None:
        try:
            source.settimeout(0.1)
            while not self._closed:
                try:
                    data = source.recv(self.weather.piece_bytes)
                except TimeoutError:
                    continue
                if not data:
                    break
                if self._dice.random() < self.weather.cut_chance:
                    self.cuts += 1
                    break
                while self.weather.stalled and not self._closed and source.fileno() >= 0:
                    time.sleep(0.05)
                if self.weather.delay_s:
                    time.sleep(self.weather.delay_s)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if pair.wait(30) == 0:  # the last one out closes both
            with self._guard:
                self._open -= {source, sink}
            source.close()
            sink.close()
