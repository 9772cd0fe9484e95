"""Take the temperatures that gates measured, where a measure asks for them."""

import hashlib
import json
from collections.abc import Sequence

from district.declarations.registry import take_temperature
from district.declarations.rules import DeclarationRefused
from district.emergency.registry import running
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.people.registry.base import RecordRefused
from district.places.models import Project
from district.wire import FeedEntry

_FIELD = '"temperature_c"'


def handle(entries: Sequence[FeedEntry]) -> None:
    """Store the temperatures of one page of the feed. The same page again changes nothing."""
    measured = [one for one in entries if one.type == "access" and one.worker_id and _FIELD in one.body]
    if not measured or not running(MeasureKind.DECLARATIONS).exists():
        return
    sites = {one.site_id for one in measured}
    projects = {one.site_id: one for one in Project.objects.filter(site_id__in=sites).select_related("place")}
    people = Person.objects.by_worker_id(one.worker_id for one in measured)
    for entry in measured:
        project, person = projects.get(entry.site_id), people.get(entry.worker_id or "")
        if project is not None and person is not None:
            _take(entry, person, project)


def _take(entry: FeedEntry, person: Person, project: Project) -> None:
    reading = json.loads(entry.body).get("temperature_c")
    if not isinstance(reading, int | float):
        return
    name = f"{entry.gate_id}\n{entry.line}\n{entry.seq}"
    try:
        take_temperature(
            f"gate {entry.gate_id}",
            person,
            project,
            f"{reading:.1f}",
            taken=entry.corrected_utc or entry.utc or entry.received_utc,
            key=hashlib.sha256(name.encode()).hexdigest(),
            by_hand=False,
        )
    except (DeclarationRefused, RecordRefused):
        return  # a sensor that shows no body temperature, or somebody whose record ended
