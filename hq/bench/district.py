"""Measure a district: how soon a change of one worker is in force at the gates of the worker's site.

Real are HQ's process, its database, a broker, and people's changes through the registries. Simulated are the gates
(`hq.bench.listening_gates`).
"""

import multiprocessing
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.processes import follow_pool
from contract.messages import EnrolmentRecord, ListKind, SealedTemplate
from hq import config as settings
from hq.bench.events import quiet
from hq.bench.listening_gates import MEASURED, ListInForce, listen
from hq.bench.lists import DIMENSION, TEMPLATES
from hq.bench.servers import ServerError, mosquitto
from hq.config import FILE_NAME, template
from hq.database.clock import now
from hq.database.sites import add_sites
from hq.database.store import Store
from hq.keys import keys
from hq.registry.credentials import WrittenWorker
from hq.registry.gates import GateRegistry
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.risk_record import RiskRecord
from hq.registry.risks import RiskRegistry
from hq.service import POLL_S, HqService

ROUND_S, CHANGE_S = 1800.0, 60.0
"""Patience for a full round of all lists, and for one change."""
_IMPORTED_AT_ONCE = 5_000
_DAY_ZERO = date(2027, 1, 1)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class District:
    """How large the synthetic district is, and how many changes of each kind are measured, one after the other."""

    sites: int = 300
    gates: int = 1_000
    workers: int = 100_000
    changes: int = 40

    @property
    def site_ids(self) -> tuple[str, ...]:
        return tuple(f"site-{number:03}" for number in range(self.sites))

    @property
    def site_of_gate(self) -> dict[str, str]:
        sites = self.site_ids
        return {f"gate-{number:04}": sites[number % self.sites] for number in range(self.gates)}

    def worker(self, number: int, **more: Any) -> WrittenWorker:
        """Return one worker, whose site follows from the number."""
        name = f"w-{number:06}"
        site = self.site_ids[number % self.sites]
        return WrittenWorker.model_validate({"worker_id": name, "sites": (site,), "consent_ref": f"c-{name}", **more})


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


class _Measured:
    """A process of the measurement, with a pipe."""

    def __init__(self, work: Callable[..., None], *job: Any) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.pipe, theirs = fresh.Pipe()
        self._process = fresh.Process(target=work, args=(theirs, *job), daemon=True)
        self._process.start()
        theirs.close()

    def receive(self, seconds: float) -> Any:
        """Return what the process sends within this time. Raises ServerError."""
        try:
            if self.pipe.poll(seconds):
                return self.pipe.recv()
        except EOFError as error:
            raise ServerError("a process of the measurement ended by itself; its error is above") from error
        raise ServerError(f"nothing came within {seconds:.0f} s")

    def end(self) -> None:
        """Let it end. What it sends last stays readable."""
        with suppress(OSError):
            self.pipe.send(None)

    def close(self) -> None:
        """End it by force if it does not end by itself."""
        self._process.join(10)
        self._process.kill()


class _Gates:
    """The simulated gates, and what they put into force."""

    def __init__(self, folder: Path, district: District) -> None:
        self._process = _Measured(listen, folder, district.site_of_gate)
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
    _allow_connections(2 * district.gates + 200)
    keys.init(folder, district.site_ids, 1)
    with mosquitto(folder) as port:
        (folder / FILE_NAME).write_text(template(district.site_ids, port, url), encoding="utf-8")
        pairs = keys.load(folder)
        with closing(Store(url, pairs)) as store:
            say(f"{name}: {district.workers} workers")
            import_s = _people(store, PeopleRegistry(store, pairs), GateRegistry(store, pairs), district)
            say(f"{name}: {district.gates} gates connect")
            gates = _Gates(folder, district)
            hq = _Measured(_serve, folder)
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
        sites=district.sites,
        gates=district.gates,
        workers=district.workers,
        changes=district.changes,
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


def _people(store: Store, people: PeopleRegistry, registry: GateRegistry, district: District) -> float:
    """Add sites, gates and workers with two templates each. Return the seconds that the workers took."""
    with store.write("sites") as db:
        add_sites(db, district.site_ids, "bench", now())
    for gate_id, site_id in district.site_of_gate.items():
        pair = (Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2))
        registry.add(gate_id, site_id, *pair, by="bench")
    drawn, begun_s = np.random.default_rng(1), time.perf_counter()
    for first in range(0, district.workers, _IMPORTED_AT_ONCE):
        numbers = range(first, min(first + _IMPORTED_AT_ONCE, district.workers))
        people.take(_file(district, numbers, drawn))
    return time.perf_counter() - begun_s


def _file(district: District, numbers: Sequence[int], drawn: np.random.Generator) -> ImportFile:
    workers = tuple(district.worker(number) for number in numbers)
    vectors = drawn.normal(size=(len(workers), TEMPLATES, DIMENSION)).astype("<f2")
    enrolments = tuple(
        EnrolmentRecord(
            worker_id=worker.worker_id,
            consent_ref=f"c-{worker.worker_id}",
            captured_utc=now(),
            templates=tuple(SealedTemplate(model_id="bench", vector=vector.tobytes()) for vector in two),
        )
        for worker, two in zip(workers, vectors, strict=True)
    )
    return ImportFile(workers=workers, enrolments=enrolments)


def _full_round(gates: _Gates, hq: _Measured, district: District) -> tuple[float, int]:
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
        yield _one_change(
            gates, district, ListKind.ROSTER, worker, lambda one=worker: people.take(ImportFile(workers=(one,)))
        )


def _risk_changes(risks: RiskRegistry, gates: _Gates, district: District) -> Iterator[_Change]:
    """Put one worker after the other on a risk list."""
    for chosen in _chosen(district):
        worker = district.worker(chosen)
        entry = RiskRecord(worker_id=worker.worker_id, list_name="bench", reason_code="bench")
        yield _one_change(gates, district, ListKind.RISK, worker, lambda one=entry: risks.add([one], by="bench"))


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


def _serve(pipe: Pipe, folder: Path) -> None:
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


def _allow_connections(wanted: int) -> None:
    """Let this process and those that it starts hold so many connections. Raises ServerError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ServerError(
            f"this user may open {hard} files, {wanted} are needed: raise ulimit -n, or measure fewer gates"
        )
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
