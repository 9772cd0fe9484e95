"""The morning of an emergency, under load: workers declare on their phones, and key lists arrive."""

import http.client
import itertools
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from district.commands.measured_pages import percentile
from district.config import DistrictConfig

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
            self._declare(next(phones), next(sent))
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


def lists_command(config: DistrictConfig, every: float, seconds: float) -> Sequence[str]:
    """Return the command whose process loads key lists."""
    options = ["--dir", str(config.folder), "--every", str(every), "--seconds", str(seconds)]
    return [sys.executable, "-m", "district", "simulate-lists", *options]


def load_lists(every: float, seconds: float, rows: int) -> str:
    """Load a key list each so many seconds. Return as JSON how many, and how long each took; take them back."""
    from datetime import timedelta

    from django.utils import timezone

    from district.emergency.erasing import models_of_measures
    from district.emergency.models import EmergencyMeasure
    from district.emergency.registry import measure_at, start_measure
    from district.emergency.rules import MeasureKind
    from district.places.models import Place
    from district.screening.registry.lists import AboutKeyList, begin_list, put_in_force, store_rows

    root, ends = Place.objects.get(depth=1), timezone.localdate() + timedelta(days=1)
    measure = measure_at(MeasureKind.SCREENING, root.path) or start_measure(
        "simulate-lists",
        MeasureKind.SCREENING,
        root,
        purpose="Measure lists of a synthetic district",
        legal_basis="Nobody real is concerned",
        ends=ends,
    )
    took, begun_s = list[float](), time.monotonic()
    about = AboutKeyList("measured", "simulate", "Nobody real is concerned", ends, "14-a", "Measured 1")
    for number in itertools.count():
        if took and time.monotonic() > begun_s + seconds:
            break
        entries = list(_rows(number, rows))
        list_begun_s = time.perf_counter()
        made = begin_list("simulate-lists", measure, about)
        store_rows(made, entries)
        put_in_force("simulate-lists", made)
        took.append(time.perf_counter() - list_begun_s)
        time.sleep(max(0.0, begun_s + (number + 1) * every - time.monotonic()))
    mine = EmergencyMeasure.objects.filter(by="simulate-lists")
    for model in models_of_measures():
        model.objects.filter(measure__in=mine).delete()
    mine.delete()
    return json.dumps({"lists": len(took), "rows": rows, "slowest_s": round(max(took, default=0.0), 2)})


def _rows(seed: int, count: int) -> Any:
    """Yield rows of a list: invented numbers, and a few of registered people."""
    import random

    from district.people.models import Person
    from district.screening.rules.entries import KeyEntry

    choose = random.Random(seed)
    names = list(Person.objects.order_by("?").values_list("name", "birth")[:20])
    for number in range(count):
        if number < len(names):
            name, birth = names[number]
            yield number + 1, KeyEntry(name=name, birth=birth)
        else:
            digits = f"{choose.randrange(10**8):08d}"
            yield number + 1, KeyEntry(name="张伟", number=f"E{digits}", kind="08")
