"""PROMISE: any moves in the tree leave a person seen from the places of their work alone, past or present."""

import random
from datetime import date

from district_rig import SmallDistrict
from django.db import connection
from django.test.utils import CaptureQueriesContext

from district.people.models import Assignment, Person, PersonScope
from district.people.scopes import refresh
from district.permissions import Role
from district.places.models import Place
from district.places.registry import move_place
from district.places.rules import PlaceRefused

DAY = date(2026, 1, 5)
QUERIES_MAX = 40


def _rows() -> list[tuple[str, str, int]]:
    rows = PersonScope.objects.values_list("place__name", "pinyin", "person")
    return sorted((name, pinyin, person) for name, pinyin, person in rows)


def test_ok__random_moves_leave_the_rows_that_a_refresh_makes(town: SmallDistrict) -> None:
    drawn = random.Random(7)
    for number, person in enumerate(town.people):  # everybody worked on a second site, some below the same town
        site = town.projects[(number * 3 + 1) % 4]
        if not Assignment.objects.filter(person=person, project=site).exists():
            work = {"person": person, "project": site, "enterprise": site.general_contractor}
            Assignment.objects.create(starts=DAY, ends=DAY, **work)
    Person.objects.filter(pk=town.people[0].pk).update(merged_into=town.people[1])
    everybody = [one.pk for one in town.people]
    refresh(everybody)
    for _ in range(12):
        place, parent = drawn.choice(list(Place.objects.all())), drawn.choice(list(Place.objects.all()))
        try:
            move_place(town.accounts[Role.OFFICER], place, parent)
        except PlaceRefused:
            continue
        found = _rows()
        refresh(everybody)
        assert found == _rows()


def test_ok__a_former_town_sees_nobody_who_never_worked_elsewhere_in_it(town: SmallDistrict) -> None:
    officer = town.account(Role.OFFICER, place=town.towns[0])
    before = set(Person.objects.visible_to(officer))
    grid = Place.objects.get_parent(town.projects[0].place)
    move_place(town.accounts[Role.OFFICER], grid, town.towns[1])
    assert before and not set(Person.objects.visible_to(officer))
    newly = town.account(Role.OFFICER, place=town.towns[1])
    assert set(Person.objects.visible_to(newly)) == set(town.people)


def test_ok__a_move_costs_the_same_for_few_and_many_people(town: SmallDistrict) -> None:
    site = town.projects[0]
    for number in range(60):
        person = Person.objects.create(worker_id=f"m-{number}", name="王一", pinyin="wang yi")
        Assignment.objects.create(person=person, project=site, enterprise=site.general_contractor, starts=DAY)
        refresh([person.pk])
    grid = Place.objects.get_parent(site.place)
    with CaptureQueriesContext(connection) as asked:
        move_place(town.accounts[Role.OFFICER], grid, town.towns[1])
    assert len(asked) < QUERIES_MAX
