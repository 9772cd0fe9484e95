"""Make the tree, enterprises, sites, teams and people of a synthetic district."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from district.attendance.simulation.size import PEOPLE_PER_TEAM, DatabaseNotEmpty, SimulationSize
from district.people.models import Assignment, Employment, Person, PersonEmployer, PersonScope, Team
from district.people.registry.persons import phone_index
from district.people.rules import letters
from district.places.models import Enterprise, Gate, Place, Project, Subcontract

TOWNS, GRIDS = 7, 20
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华建国玉梅红波辉斌宇浩凯健俊帆"
_TRADES = ("010", "020", "030", "040", "050", "060", "070", "080", "900", "1000")
_BATCH = 2_000
_PROVINCES = ("44", "45", "43", "51", "52", "36", "41", "42", "50", "53")
_SHARES = (0.25, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03)
_WAYS = (0.8, 0.12, 0.05, 0.03)
_WITHOUT_DOCUMENT = 0.02


@dataclass(frozen=True)
class RegisteredPeople:
    """Numbers of rows by person, in the order of their making: as arrays, for the passages."""

    person: Any
    project: Any
    enterprise: Any
    assignment: Any
    gates: dict[int, list[str]]
    """Project -> its gates."""


@transaction.atomic
def register(size: SimulationSize) -> RegisteredPeople:
    """Make everything but passages. Raises DatabaseNotEmpty."""
    if Person.objects.exists() or Place.objects.exists():
        raise DatabaseNotEmpty("the database holds people or places: make a new folder with `sitegate-district init`")
    drawn = np.random.default_rng(size.seed)
    sites = _sites(size)
    share = drawn.lognormal(0, 0.9, size.sites)
    of_site = np.sort(drawn.choice(size.sites, size.people, p=share / share.sum()))
    made = list(_people(size, sites, of_site, drawn))
    person, project, enterprise, assignment = (np.array(column) for column in zip(*made, strict=True))
    gates: dict[int, list[str]] = {}
    for number in range(size.gates):
        gates.setdefault(sites[number % size.sites][0].pk, []).append(f"gate-{number:04}")
    Gate.objects.bulk_create(Gate(project_id=p, gate_id=g) for p, found in gates.items() for g in found)
    return RegisteredPeople(person, project, enterprise, assignment, gates)


def _sites(size: SimulationSize) -> list[tuple[Project, list[Enterprise]]]:
    root = Place.objects.add_root({"kind": Place.Kind.DISTRICT, "name": "Synthetic district"})
    towns = [Place.objects.add_child(root, _place("town", f"Town {n + 1}")) for n in range(TOWNS)]
    grids = [Place.objects.add_child(town, _place("grid", f"{town} {n + 1}")) for town in towns for n in range(GRIDS)]
    found = []
    for number in range(size.sites):
        grid = grids[number % len(grids)]
        employers = [
            Enterprise.objects.create(
                name=f"Employer {number + 1}-{n + 1}", uscc=f"91440605M{number:06}{n:02}X", place=grid
            )
            for n in range(3)
        ]
        place = Place.objects.add_child(grid, _place("site", f"Site {number + 1:03}"))
        site = Project.objects.create(place=place, site_id=f"site-{number:03}", general_contractor=employers[0])
        Subcontract.objects.bulk_create(
            Subcontract(project=site, enterprise=one, starts=date(2026, 1, 1)) for one in employers
        )
        found.append((site, employers))
    return found


def _place(kind: str, name: str) -> dict[str, str]:
    return {"kind": kind, "name": name}


def _people(
    size: SimulationSize, sites: list[tuple[Project, list[Enterprise]]], of_site: Any, drawn: np.random.Generator
) -> Iterator[tuple[int, int, int, int]]:
    """Yield person, site, employer and assignment of each person."""
    paths = dict(Place.objects.order_by().values_list("path", "pk"))
    teams: dict[tuple[int, int], Team] = {}
    since, places = size.first_day - timedelta(days=30), [site.place for site, _employers in sites]
    for first in range(0, size.people, _BATCH):
        numbers = range(first, min(first + _BATCH, size.people))
        people = Person.objects.bulk_create([_person(number, drawn) for number in numbers])
        assignments = []
        for number, person in zip(numbers, people, strict=True):
            site, employers = sites[int(of_site[number])]
            group = number // PEOPLE_PER_TEAM
            employer = employers[group % 3]
            team = teams.get((site.pk, group))
            if team is None:
                named = {"enterprise": employer, "name": f"Team {group + 1}"}
                team = teams[site.pk, group] = Team.objects.create(project=site, **named)
            trade = _TRADES[group % len(_TRADES)]
            work = {"project": site, "enterprise": employer, "team": team, "trade": trade}
            assignments.append(Assignment(person=person, starts=since, **work))
        Assignment.objects.bulk_create(assignments)
        Employment.objects.bulk_create(
            Employment(person_id=a.person_id, enterprise_id=a.enterprise_id, starts=since) for a in assignments
        )
        PersonScope.objects.bulk_create(
            PersonScope(place_id=paths[path], pinyin=person.pinyin, person=person)
            for number, person in zip(numbers, people, strict=True)
            for path in places[int(of_site[number])].ancestor_paths
        )
        PersonEmployer.objects.bulk_create(
            PersonEmployer(enterprise_id=a.enterprise_id, pinyin=a.person.pinyin, person=a.person) for a in assignments
        )
        yield from ((a.person_id, a.project_id, a.enterprise_id, a.pk) for a in assignments)


def _person(number: int, drawn: np.random.Generator) -> Person:
    name = _SURNAMES[int(drawn.integers(len(_SURNAMES)))] + "".join(
        _GIVEN[int(n)] for n in drawn.integers(len(_GIVEN), size=int(drawn.integers(1, 3)))
    )
    found, phone = letters(name), f"+86138{number:08}"
    return Person(
        worker_id=f"w-{number:06}",
        name=name,
        pinyin=found.pinyin,
        joined=found.joined,
        initials=found.initials,
        birth=date(1965, 1, 1) + timedelta(days=int(drawn.integers(14_000))),
        sex="m" if drawn.random() < 0.85 else "f",
        province=str(drawn.choice(_PROVINCES, p=_SHARES)),
        way=str(drawn.choice([Person.Way.FACE, Person.Way.CODE, Person.Way.CARD, ""], p=_WAYS)),
        documented=drawn.random() >= _WITHOUT_DOCUMENT,
        phone=phone,
        phone_index=phone_index(phone),
    )
