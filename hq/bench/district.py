"""Measure a district: how soon a change of one worker is in force at the gates of the worker's site.

Real are HQ's process, its database, a broker, and people's changes through the registries. Simulated are the gates
(`hq.bench.listening_gates`).
"""

import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median

from common.processes import follow_pool
from contract.messages import ListKind
from hq import config as settings
from hq.bench.events import quiet
from hq.bench.listening_gates import MEASURED, ListInForce, listen
from hq.bench.measured_process import MeasuredProcess, allow_connections
from hq.bench.servers import ServerError, mosquitto
from hq.bench.synthetic_district import District, fill
from hq.config import FILE_NAME, template
from hq.database.store import Store
from hq.keys import keys
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord
from hq.registry.risks import RiskRegistry
from hq.service import POLL_S, HqService

ROUND_S, CHANGE_S = 1800.0, 60.0
"""Patience for a full round of all lists, and for one change."""
_DAY_ZERO = date(2027, 1, 1)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DistrictFigures:
    """What was measured. Times in seconds, until the last gate of the site; sizes in bytes or MB."""

    database: str
    sites: int
    gates: int
    workers: int
    changes: int
    import_s: float
    round_s: float
    round_mb: float
    worker_p50_s: float
    worker_p95_s: float
    risk_p50_s: float
    risk_p95_s: float
    worker_bytes: int
    risk_bytes: int
    hq_memory_mb: float
    hq_cpu_s: float


@dataclass(frozen=True, slots=True)
class _Change:
    seconds: float
    size: int


class _Gates:
    """The simulated gates, and what they put into force."""

    def __init__(self, folder: Path, district: District) -> None:
        self._process = MeasuredProcess(listen, folder, district.site_of_gate)
        self._process.receive(300)

    def until(self, seconds: float, enough: Callable[[ListInForce], bool], what: str) -> None:
        """Pass on what gates put into force, until it is enough. Raises ServerError."""
        end = time.monotonic() + seconds
        done = False
        while not done and time.monotonic() < end:
            for one in self._process.receive(1) if self._process.pipe.poll(0.2) else ():
                done = enough(one) or done
        if done:
            return
        raise ServerError(f"{what} was not in force within {seconds:.0f} s")

    def close(self) -> None:
        self._process.end()
        self._process.close()


def measure(folder: Path, url: str, name: str, district: District, say: Say = lambda text: None) -> DistrictFigures:
    """Measure a district in this empty folder and database. Raises ServerError."""
    allow_connections(2 * district.gates + 200)
    keys.init(folder, district.site_ids, 1)
    with mosquitto(folder) as port:
        (folder / FILE_NAME).write_text(template(district.site_ids, port, url), encoding="utf-8")
        pairs = keys.load(folder)
        with closing(Store(url, pairs)) as store:
            say(f"{name}: {district.workers} workers")
            import_s = fill(store, pairs, district)
            say(f"{name}: {district.gates} gates connect")
            gates = _Gates(folder, district)
            hq = MeasuredProcess(serve, folder)
            try:
                say(f"{name}: a full round of all lists")
                round_s, round_size = _full_round(gates, hq, district)
                say(f"{name}: {district.changes} changes of workers, then of the risk list")
                workers = [*_worker_changes(PeopleRegistry(store, pairs), gates, district)]
                risks = [*_risk_changes(RiskRegistry(store, pairs), gates, district)]
                hq.end()
                cpu_s, memory_mb = hq.receive(60)
            finally:
                gates.close()
                hq.close()
    return DistrictFigures(
        database=name,
        **asdict(district),
        import_s=import_s,
        round_s=round_s,
        round_mb=round_size / 1e6,
        worker_p50_s=median(one.seconds for one in workers),
        worker_p95_s=_p95(workers),
        risk_p50_s=median(one.seconds for one in risks),
        risk_p95_s=_p95(risks),
        worker_bytes=round(median(one.size for one in workers)),
        risk_bytes=round(median(one.size for one in risks)),
        hq_memory_mb=memory_mb,
        hq_cpu_s=cpu_s,
    )


def _full_round(gates: _Gates, hq: MeasuredProcess, district: District) -> tuple[float, int]:
    """Wait until every gate has all its lists. Return the seconds since HQ connected, and the bytes to all gates."""
    hq.receive(120)
    begun_s = time.monotonic()
    missing = {(gate_id, kind) for gate_id in district.site_of_gate for kind in MEASURED}
    size = 0

    def enough(one: ListInForce) -> bool:
        nonlocal size
        size += one.size
        missing.discard((one.gate_id, one.kind))
        return not missing

    gates.until(ROUND_S, enough, "the first version of all lists")
    return time.monotonic() - begun_s, size


def _worker_changes(people: PeopleRegistry, gates: _Gates, district: District) -> Iterator[_Change]:
    """Change one worker after the other."""
    for number, chosen in enumerate(_chosen(district)):
        worker = district.worker(chosen, valid_until=_DAY_ZERO + timedelta(days=number))
        file = ImportFile(workers=(worker,))
        yield _one_change(gates, district, ListKind.ROSTER, worker, partial(people.take, file))


def _risk_changes(risks: RiskRegistry, gates: _Gates, district: District) -> Iterator[_Change]:
    """Put one worker after the other on a risk list."""
    for chosen in _chosen(district):
        worker = district.worker(chosen)
        entry = RiskRecord(worker_id=worker.worker_id, list_name="bench", reason_code="bench")
        yield _one_change(gates, district, ListKind.RISK, worker, partial(risks.add, [entry], by="bench"))


def _one_change(
    gates: _Gates, district: District, kind: ListKind, worker: WrittenWorker, change: Callable[[], object]
) -> _Change:
    """Make a change, and wait until it is in force at every gate of the worker's site."""
    missing = {gate_id for gate_id, site_id in district.site_of_gate.items() if site_id in worker.sites}
    last_s, size, begun_s = 0.0, 0, time.monotonic()
    change()

    def enough(one: ListInForce) -> bool:
        nonlocal last_s, size
        if one.kind is kind and one.gate_id in missing and (worker.worker_id in one.workers or not one.changes):
            missing.discard(one.gate_id)
            last_s, size = max(last_s, one.at_s), max(size, one.size)
        return not missing

    gates.until(CHANGE_S, enough, f"a change of {worker.worker_id}")
    return _Change(last_s - begun_s, size)


def _chosen(district: District) -> list[int]:
    """Choose workers of sites that have gates."""
    with_gates = min(district.sites, district.gates)
    numbers = [n for n in range(district.workers) if n % district.sites < with_gates]
    return random.Random(1).sample(numbers, min(district.changes, len(numbers)))


def _p95(found: Sequence[_Change]) -> float:
    ordered = sorted(one.seconds for one in found)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


def serve(pipe: Pipe, folder: Path) -> None:
    """Run HQ until something comes through the pipe. Send its processor time and its largest memory (s, MB)."""
    follow_pool()
    quiet()
    service = HqService(settings.load(folder))
    service.start()
    while not service.connected:
        service.step(POLL_S)
    pipe.send(None)
    while not pipe.poll():
        service.step(POLL_S)
    pipe.send((time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    service.close()
