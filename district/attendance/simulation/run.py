"""Make a synthetic district, and measure it."""

import time
from collections.abc import Callable
from typing import Any

from district.attendance.simulation.bulk import prepared
from district.attendance.simulation.measure import as_json, measure_events, measure_questions, measure_rebuild
from district.attendance.simulation.passages import write_passages
from district.attendance.simulation.register import register
from district.attendance.simulation.size import SimulationSize

PAGES, PAGE = 10, 1_000


def simulated(size: SimulationSize, *, measure: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Fill the database; with `measure` return figures. Raises DatabaseNotEmpty."""
    begun_s = time.perf_counter()
    people = register(size)
    tell(f"{size.people} people on {size.sites} sites in {time.perf_counter() - begun_s:.0f} s")
    begun_s = time.perf_counter()
    count = write_passages(size, people)
    prepared()
    tell(f"{count} passages of {size.days} days in {time.perf_counter() - begun_s:.0f} s")
    found: dict[str, Any] = {"people": size.people, "sites": size.sites, "days": size.days, "passages": count}
    found["rebuild"] = measure_rebuild()
    prepared()
    tell(", ".join(f"{name} {value}" for name, value in found["rebuild"].items()))
    if measure:
        figures = measure_questions(size.last_day)
        figures.append(measure_events(PAGE, PAGES))
        figures.append(measure_events(1, 100))
        found["figures"] = as_json(figures)
        for one in figures:
            tell(
                f"{one.what}: median {one.median_ms} ms, p95 {one.p95_ms} ms, processor {one.cpu_ms} ms, {one.rows} rows"
            )
    return found
