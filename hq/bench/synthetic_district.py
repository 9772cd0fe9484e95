"""Make a synthetic district: sites, gates, and workers with two templates each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.messages import EnrolmentRecord, SealedTemplate
from hq.bench.lists import DIMENSION, TEMPLATES
from hq.database.clock import now
from hq.database.sites import add_sites
from hq.database.store import Store
from hq.keys.keys import HqKeys
from hq.registry.credentials import WrittenWorker
from hq.registry.gates import GateRegistry
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry

_IMPORTED_AT_ONCE = 5_000


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


def fill(store: Store, pairs: HqKeys, district: District) -> float:
    """Add sites, gates and workers with two templates each. Return the seconds that the workers took."""
    people, registry = PeopleRegistry(store, pairs), GateRegistry(store, pairs)
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
