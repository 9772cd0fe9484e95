"""Prepared queries answer as Django's own do, and a declaration asks few questions."""

from datetime import timedelta

import pytest
from district_rig import SmallDistrict
from django.db import connection
from django.db.models import BigIntegerField, DateField
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from district.declarations import registry
from district.declarations.asking import asking_sites
from district.declarations.models import DeclaredState, HealthDeclaration, Trip
from district.declarations.rules import Answers, DeclarationRefused, DraftTrip
from district.emergency import registry as measures
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person
from district.prepared import Given, PreparedQuery, columns_of, from_columns

TODAY = timezone.localdate()


@pytest.fixture(name="measure")
def _measure(town: SmallDistrict) -> EmergencyMeasure:
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    return measures.start_measure("test", MeasureKind.DECLARATIONS, town.root, ends=TODAY + timedelta(days=9), **why)


def test_ok__a_prepared_query_answers_as_django_does(town: SmallDistrict) -> None:
    """Each time with the values of that time, encrypted columns and dates too."""
    of_person = PreparedQuery(
        lambda: (
            Assignment.objects.filter(person=Given("person", BigIntegerField()), starts__lte=Given("day", DateField()))
            .order_by("pk")
            .values_list("starts", *columns_of(Person, "person__"))
        )
    )
    for person in town.people[:2]:
        Person.objects.filter(pk=person.pk).update(phone="+8613800138000")
        expected = Assignment.objects.filter(person=person).order_by("pk").values_list("starts", flat=True)
        rows = of_person.rows(person=person.pk, day=TODAY)
        assert [row[0] for row in rows] == list(expected) != []
        found = from_columns(Person, rows[0][1:])
        assert (found, found.phone, found.erased) == (person, "+8613800138000", None)
    assert of_person.first(person=town.people[0].pk, day=TODAY - timedelta(days=40_000)) is None


@pytest.mark.usefixtures("measure")
def test_ok__a_declaration_asks_few_questions(town: SmallDistrict) -> None:
    """Forty arrive in a second: each question counts twice, here and in the database."""
    person = town.people[0]
    registry.declare("w", person, asking_sites(person)[0], Answers())
    trip = DraftTrip("train", TODAY, "G1", "", "", "420100", "440600")
    with CaptureQueriesContext(connection) as asked:
        registry.declare("w", person, asking_sites(person)[0], Answers(trips=(trip,)))
    kept = [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]
    assert len(kept) <= 11, kept


@pytest.mark.usefixtures("measure")
def test_ok__the_same_trip_twice_in_one_declaration_is_one_with_all_that_is_known(town: SmallDistrict) -> None:
    """The database would refuse to renew one row twice in one statement."""
    person = town.people[0]
    trips = tuple(
        DraftTrip("train", TODAY, "G1", carriage, seat, "420100", "440600")
        for carriage, seat in (("7", ""), ("", "12F"), ("", ""))
    )
    registry.declare("w", person, asking_sites(person)[0], Answers(trips=trips))
    assert Trip.objects.values_list("carriage", "seat").get() == ("7", "12F")


def test_fail__a_measure_that_ends_while_the_worker_answers_stores_nothing(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    """The site was asked for before; the measure ended before the answers were stored."""
    person = town.people[0]
    site = asking_sites(person)[0]
    measures.end_measure("test", measure)
    with pytest.raises(DeclarationRefused, match="nothing is stored"):
        registry.declare("w", person, site, Answers())
    assert not HealthDeclaration.objects.exists()
    assert not DeclaredState.objects.exists()
