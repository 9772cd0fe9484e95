"""A TCP proxy that does to a connection what networks do: slow it, cut it, stall it, drop it; and repeat and swap
messages."""

import contextlib
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass

from mqtt_frames import Shuffler


@dataclass
class Weather:
    """What the network is like now. `stalled`: bytes are taken and never delivered (a half-open connection)."""

    delay_s: float = 0.0
    piece_bytes: int = 65_536
    stalled: bool = False
    refused: bool = False
    cut_chance: float = 0.0
    """That a piece is lost, and the connection with it."""
    reset: bool = False
    """A cut is a reset (RST), not a farewell (FIN)."""
    swallowed: bool = False
    """What comes from now on is taken and forgotten: a black hole. The connection looks alive for ever."""
    repeat_chance: float = 0.0
    swap_chance: float = 0.0
    """That a PUBLISH or PUBACK comes twice, or behind the next one."""


class BadNetwork:
    """Forwards `port` to `target_port` on this machine, through the present `weather`."""

    def __init__(self, target_port: int, seed: int = 1) -> None:
        self._target, self._dice = target_port, random.Random(seed)
        self.weather = Weather()
        self.cuts = self.connections = self.repeated = self.swapped = 0
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
                self._end(end)

    def _end(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.weather.reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
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
        shuffler = Shuffler(self._dice)
        try:
            source.settimeout(0.1)
            while not self._closed:
                try:
                    data = source.recv(self.weather.piece_bytes)
                except TimeoutError:
                    sink.sendall(shuffler.flush())
                    continue
                if not data:
                    break
                if self.weather.swallowed:
                    continue
                data = self._shuffled(shuffler, data)
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
            self._end(end)
        if pair.wait(30) == 0:  # the last one out closes both
            with self._guard:
                self._open -= {source, sink}
            source.close()
            sink.close()

    def _shuffled(self, shuffler: Shuffler, data: bytes) -> bytes:
        weather, before = self.weather, (shuffler.repeated, shuffler.swapped)
        shuffler.repeat_chance, shuffler.swap_chance = weather.repeat_chance, weather.swap_chance
        out = shuffler.take(data)
        self.repeated += shuffler.repeated - before[0]
        self.swapped += shuffler.swapped - before[1]
        return out
