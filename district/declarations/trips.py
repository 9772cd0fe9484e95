"""Store trips and places of stay: each once, with what is known of it by now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from district.declarations.asking import AskingSite
from district.declarations.models import OfDeclarant, Stopover, Trip
from district.declarations.rules import DraftStopover, DraftTrip
from district.people.models import Person

_TRIP = ("measure", "person", "day", "mode", "number", "from_code", "to_code")
_STAY = ("measure", "person", "area", "from_day")
"""What makes two rows the same one."""
_RENEWED = ("project", "enterprise", "made")


def keep_trips(person: Person, site: AskingSite, trips: Iterable[DraftTrip]) -> None:
    """Store trips. What is known of the same trip from before stays known."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in trips:
        same = {"mode": one.mode, "number": one.number, "day": one.day}
        same |= {"from_code": one.from_code, "to_code": one.to_code}
        known = {name: text for name in ("carriage", "seat") if (text := getattr(one, name))}
        rows[tuple(same.values())] = rows.get(tuple(same.values()), {}) | same | known
    _keep(Trip, person, site, rows.values(), _TRIP)


def keep_stopovers(person: Person, site: AskingSite, stopovers: Iterable[DraftStopover]) -> None:
    """Store places of stay. One that goes on has a new last day."""
    rows = {
        (one.area, one.from_day): {"area": one.area, "from_day": one.from_day, "until_day": one.until_day}
        for one in stopovers
    }
    _keep(Stopover, person, site, rows.values(), _STAY)


def _keep(
    model: type[OfDeclarant],
    person: Person,
    site: AskingSite,
    rows: Iterable[Mapping[str, Any]],
    same: Sequence[str],
) -> None:
    """Store rows, or renew the same ones: their time to be erased begins again. Rows that say the same go together."""
    place = {"measure": site.measure, "project": site.project, "enterprise_id": site.employer, "person": person}
    alike: dict[tuple[str, ...], list[OfDeclarant]] = {}
    for row in rows:
        said = tuple(name for name in row if name not in same)
        alike.setdefault(said, []).append(model(**place, **row, made=timezone.now()))
    for said, made in alike.items():
        model.objects.bulk_create(made, update_conflicts=True, unique_fields=same, update_fields=[*said, *_RENEWED])
