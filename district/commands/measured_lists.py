"""Key lists that arrive under load, and how soon gates hold whom they name."""

import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from district.commands.measured_hits import HitWatch, watched_hits
from district.config import DistrictConfig

BY = "simulate-lists"
_Named = tuple[str, str, str, list[str]]
"""Name, phone, worker id and sites of somebody whom a list names."""


def lists_command(config: DistrictConfig, every: float, seconds: float, hits: int, ready: Path) -> Sequence[str]:
    """Return the command whose process loads key lists. It makes the file `ready` when it begins."""
    options = ["--dir", str(config.folder), "--every", str(every), "--seconds", str(seconds)]
    options += ["--hits", str(hits), "--ready", str(ready)]
    return [sys.executable, "-m", "district", "simulate-lists", *options]


def load_lists(every: float, seconds: float, rows: int, hits: int, begins: Callable[[], object]) -> str:
    """Load a key list each so many seconds. Return as JSON how many, and how long each took; take them back.

    `hits`: people whom each list names by number. HQ and gates run then, and it is measured when gates hold them.
    """
    from django.utils import timezone

    since = timezone.now()
    try:
        with watched_hits() if hits else nullcontext() as watch:
            people = _people(hits * (int(seconds / every) + 2))
            if watch:
                watch.tell_hq([worker for _name, _phone, worker, _sites in people])
            begins()
            took = _loaded(
                every, seconds, rows, [people[n : n + hits] for n in range(0, len(people), hits or 1)], watch
            )
        found = {"lists": len(took), "rows": rows, "slowest_s": round(max(took, default=0.0), 2)}
        return json.dumps(found | ({"hits": watch.figures()} if watch else {}))
    finally:
        _taken_back(since)


def _loaded(
    every: float, seconds: float, rows: int, named: Sequence[Sequence[_Named]], watch: HitWatch | None
) -> list[float]:
    """Load the lists, each with its people. Return how many seconds each took."""
    from datetime import timedelta

    from django.utils import timezone

    from district.emergency.registry import measure_at, start_measure
    from district.emergency.rules import MeasureKind
    from district.places.models import Place
    from district.screening.registry.lists import AboutKeyList, begin_list, put_in_force, store_rows

    root, ends = Place.objects.get(depth=1), timezone.localdate() + timedelta(days=1)
    measure = measure_at(MeasureKind.SCREENING, root.path) or start_measure(
        BY,
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
        people = named[number] if number < len(named) else ()
        entries = list(_rows(number, rows, people))
        list_begun_s = time.monotonic()
        made = begin_list(BY, measure, about)
        store_rows(made, entries)
        if watch is not None:
            watch.expect({worker: sites for _name, _phone, worker, sites in people}, time.monotonic())
        put_in_force(BY, made)
        took.append(time.monotonic() - list_begun_s)
        time.sleep(max(0.0, begun_s + (number + 1) * every - time.monotonic()))
    return took


def _taken_back(since: Any) -> None:
    """Delete the lists, whom they hit, and what waits for HQ: nobody would take it."""
    from district.emergency.erasing import models_of_measures
    from district.emergency.models import EmergencyMeasure
    from district.exchange.models import OutboxRow

    mine = EmergencyMeasure.objects.filter(by=BY)
    for model in models_of_measures():
        model.objects.filter(measure__in=mine).delete()
    mine.delete()
    OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, made__gte=since).delete()


def _people(count: int) -> list[_Named]:
    """Return some people who work and have a phone. The document numbers of a synthetic district are none."""
    from django.utils import timezone

    from district.people.models import Assignment, Person, in_force

    today, found = timezone.localdate(), list[_Named]()
    numbers = list(Person.objects.exclude(phone_index="").order_by().values_list("pk", flat=True)) if count else []
    for one in random.Random(1).sample(numbers, min(count, len(numbers))):
        person = Person.objects.get(pk=one)
        work = Assignment.objects.filter(in_force(today), starts__lte=today, person=person)
        sites = list(work.order_by().values_list("project__site_id", flat=True).distinct())
        found.append((person.name, person.phone, person.worker_id, sites))
    return found


def _rows(seed: int, count: int, people: Sequence[_Named]) -> Iterator[Any]:
    """Yield rows of a list: people who are hit, a few registered ones by name, and invented ones."""
    from district.people.models import Person
    from district.screening.rules.entries import KeyEntry

    choose, made = random.Random(seed), itertools.count(1)
    for name, phone, _worker, _sites in people:
        yield next(made), KeyEntry(name=name, phone=phone)
    for name, birth in Person.objects.order_by("?").values_list("name", "birth")[:20]:
        yield next(made), KeyEntry(name=name, birth=birth)
    for number in made:
        if number > count:
            return
        yield number, KeyEntry(name="张伟", number=f"E{choose.randrange(10**8):08d}", kind="08")
