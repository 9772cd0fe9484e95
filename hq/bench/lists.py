"""Measure how fast people become a signed list: a file imported, a roster published."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from contract.messages import EnrolmentRecord, ListKind, SealedTemplate
from hq.bench.events import SITE, Measurement
from hq.database.clock import now
from hq.database.store import Store
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.credentials import WrittenWorker
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry

TEMPLATES, DIMENSION = 2, 128


def lists(folder: Path, url: str, name: str, people: int) -> tuple[list[Measurement], float]:
    """Measure importing workers with an enrolment each, and publishing their roster.

    Return too the roster's bytes per worker.
    """
    pairs, store = keys.load(folder), Store(url)
    everybody = PeopleRegistry(store, pairs)
    publisher = Publisher(store, everybody, pairs)
    try:
        file = _file(people)
        imported = _timed("import workers", name, people, lambda: everybody.take(file))
        published = _timed("publish a roster", name, people, lambda: publisher.publish(SITE, ListKind.ROSTER))
        size = sum(len(part.body) for part in publisher.parts(SITE, ListKind.ROSTER))
    finally:
        store.close()
    return [imported, published], size / people


def _timed(what: str, database: str, people: int, work: Callable[[], object]) -> Measurement:
    begun, start = time.process_time(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return Measurement(what, database, 1, people, seconds, 1e6 * (time.process_time() - begun) / people)


def _file(people: int) -> ImportFile:
    """Make workers with two templates each, all different: equal ones would be stored once."""
    names = [f"w-{number:06}" for number in range(people)]
    drawn = np.random.default_rng(1).normal(size=(people, TEMPLATES, DIMENSION))
    vectors = (drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).astype("<f2")
    enrolments = [
        EnrolmentRecord(
            worker_id=name,
            consent_ref=f"c-{name}",
            captured_utc=now(),
            templates=tuple(SealedTemplate(model_id="bench", vector=vector.tobytes()) for vector in two),
        )
        for name, two in zip(names, vectors, strict=True)
    ]
    workers = [WrittenWorker(worker_id=name, sites=(SITE,), consent_ref=f"c-{name}") for name in names]
    return ImportFile(workers=tuple(workers), enrolments=tuple(enrolments))
