"""The morning of an emergency, under load: workers declare on their phones."""

import http.client
import itertools
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from district.commands.measured_pages import percentile

PHONES = 5_000
THREADS = 8
_TOKEN = "measuredmeasuredmeasuredmeasured"
"""Of the form: cookie and field have the same, as a browser sends them."""
_TIMEOUT_S = 60.0


@dataclass
class DeclaredResult:
    """What the phones saw."""

    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class DeclaringPhones:
    """Phones that declare at a rate, from threads of this process."""

    def __init__(self, port: int, secrets: Sequence[str], rate: float, seconds: float) -> None:
        self.result = DeclaredResult()
        self._port, self._secrets, self._rate, self._seconds = port, secrets, rate, seconds
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(THREADS)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> dict[str, Any]:
        """Wait until the last phone has its answer. Return times in ms."""
        for thread in self._threads:
            thread.join()
        times = self.result.times
        return {
            "declared": len(times),
            "per_second": round(len(times) / self._seconds, 1),
            "p50_ms": round(percentile(times, 0.5), 1) if times else None,
            "p95_ms": round(percentile(times, 0.95), 1) if times else None,
            "wrong": self.result.wrong[:10],
        }

    def _run(self, number: int) -> None:
        from django.utils import timezone

        from district.declarations.simulation import answers

        sent, phones = answers(number, timezone.localdate()), itertools.cycle(self._secrets[number::THREADS])
        begun_s, pause_s = time.monotonic(), THREADS / self._rate
        due_s = begun_s + pause_s * number / THREADS
        while due_s < begun_s + self._seconds:
            time.sleep(max(0.0, due_s - time.monotonic()))
            self._declare(next(phones), {**next(sent), "client_key": secrets.token_hex(16)})
            due_s = max(due_s + pause_s, time.monotonic())

    def _declare(self, secret: str, fields: dict[str, str]) -> None:
        body = urlencode({**fields, "csrfmiddlewaretoken": _TOKEN})
        headers = {
            "Cookie": f"sitegate_phone={secret}; csrftoken={_TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        sent_s = time.perf_counter()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
            connection.request("POST", "/me/declare", body, headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            status = str(answer.status)
        except OSError as error:
            status = str(error)
        with self.result.lock:
            self.result.times.append((time.perf_counter() - sent_s) * 1000)
            if status != "302":
                self.result.wrong.append(status)
