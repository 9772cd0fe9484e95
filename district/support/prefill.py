"""Answer questions from the registry, so that an enterprise writes only what nobody knows yet."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Min, QuerySet
from django.utils import timezone

from district.people.models import Employment, Person, in_force
from district.places.models import Enterprise, Place, Subcontract
from district.support.rules.answers import Answer
from district.support.rules.clauses import KnownFact, SupportFact

_DIVISIONS = (Place.Kind.DISTRICT, Place.Kind.TOWN)
"""A grid's code is its own number, no administrative division's."""


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """What the registry knows of an enterprise today."""

    found: dict[KnownFact, Answer]
    origin_unknown: int
    """People employed whose origin is not recorded: the number from other provinces may be larger by so many."""

    def answers(self, facts: tuple[SupportFact, ...]) -> dict[str, Answer]:
        """Return the answers to those questions that the registry can answer."""
        return {
            one.id: self.found[one.prefill] for one in facts if one.prefill is not None and one.prefill in self.found
        }


def known_of(enterprise: Enterprise) -> KnownAnswers:
    """Read what the registry knows of an enterprise. What it cannot know stays a question."""
    today = timezone.localdate()
    employments = Employment.objects.filter(in_force(today), starts__lte=today, enterprise=enterprise)
    people = Person.objects.filter(pk__in=employments.order_by().values("person"), erased=None)
    sites = Subcontract.objects.filter(in_force(today), starts__lte=today, enterprise=enterprise, project__closed=None)
    found: dict[KnownFact, Answer] = {
        KnownFact.PEOPLE: Decimal(people.count()),
        KnownFact.SITES: Decimal(sites.values("project").order_by().distinct().count()),
    }
    home = _province(enterprise.place)
    if home:
        others = people.exclude(province__in=("", home))
        found[KnownFact.PEOPLE_OTHER_PROVINCES] = Decimal(others.count())
    for fact, column in ((KnownFact.FIRST_DAY, "starts"), (KnownFact.RESUMED, "project__resumed")):
        day = _earliest(sites, column)
        if day is not None:
            found[fact] = day
    return KnownAnswers(found, people.filter(province="").count())


def _earliest(sites: "QuerySet[Subcontract]", column: str) -> date | None:
    day: date | None = sites.aggregate(first=Min(column))["first"]
    return day


def _province(place: Place) -> str:
    """Return the first two digits of the nearest division's code above a place, or "" if no place has one."""
    codes = Place.objects.filter(path__in=place.ancestor_paths, kind__in=_DIVISIONS).order_by("-path")
    full = [code for code in codes.values_list("code", flat=True) if len(code) >= 6 and code[:6].isdecimal()]
    return full[0][:2] if full else ""
