"""Make a synthetic district, and measure what its projections take."""

import time
from collections.abc import Callable
from typing import Any

from district.attendance.simulation.bulk import prepared
from district.attendance.simulation.details import write_papers, write_requests
from district.attendance.simulation.measure import as_json, measure_events, measure_questions, measure_rebuild
from district.attendance.simulation.passages import write_passages
from district.attendance.simulation.register import register
from district.attendance.simulation.size import SimulationSize

PAGES, PAGE = 10, 1_000
Tell = Callable[[str], None]


def simulated(size: SimulationSize, *, tell: Tell) -> dict[str, Any]:
    """Fill the database. Return how much it holds. Raises DatabaseNotEmpty."""
    begun_s = time.perf_counter()
    people = register(size)
    write_papers(size.seed, size.last_day)
    tell(f"{size.people} people on {size.sites} sites in {time.perf_counter() - begun_s:.0f} s")
    begun_s = time.perf_counter()
    count = write_passages(size, people)
    prepared()
    tell(f"{count} passages of {size.days} days in {time.perf_counter() - begun_s:.0f} s")
    rebuilt = _rebuilt(tell)
    write_requests(size.last_day)
    return {"people": size.people, "sites": size.sites, "days": size.days, "passages": count, "rebuild": rebuilt}


def measured(size: SimulationSize, *, tell: Tell) -> dict[str, Any]:
    """Measure single questions, single events, and a rebuild."""
    figures = [*measure_questions(size.last_day), measure_events(PAGE, PAGES), measure_events(1, 100)]
    for one in figures:
        tell(f"{one.what}: median {one.median_ms} ms, p95 {one.p95_ms} ms, processor {one.cpu_ms} ms, {one.rows} rows")
    return {"figures": as_json(figures), "rebuild": _rebuilt(tell)}


def _rebuilt(tell: Tell) -> dict[str, Any]:
    found = measure_rebuild()
    prepared()
    tell("rebuild: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    return found
