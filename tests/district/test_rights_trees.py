"""PROMISE: in any tree, an account sees what lies below its places or belongs to its enterprises."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from district.accounts.models import Grant, User
from district.audit.models import Entry
from district.audit.record import record
from district.people.models import Assignment, Employment, IdDocument, Person
from district.people.scopes import refresh
from district.permissions import PERMISSIONS, Permission, Role
from district.places.models import Enterprise, Place, Project, Subcontract

_ENTERPRISES = 3
_DAY = date(2026, 1, 5)


@dataclass(frozen=True)
class _Tree:
    """A forest (the parent of each place, itself for a root), its sites, and who works there for whom."""

    parents: list[int]
    contractors: list[int]
    workers: list[tuple[int, int]]
    """Site and employer."""
    subcontracts: list[tuple[int, int]]
    grants: list[tuple[Role, int, bool, str]]
    """Role, number of a place or an enterprise, whether it is a place, and its time."""

    def inside(self, place: int, above: int) -> bool:
        """Say whether a place is another one or lies below it."""
        while place != above and self.parents[place] != place:
            place = self.parents[place]
        return place == above

    def covers(self, permission: Permission, place: int) -> bool:
        """Say whether a grant with the permission holds at a place."""
        return any(
            in_tree and self.inside(place, number % len(self.parents)) for number, in_tree in self._holding(permission)
        )

    def employs(self, permission: Permission, enterprise: int) -> bool:
        """Say whether a grant with the permission holds in an enterprise."""
        held = self._holding(permission)
        return any(not in_tree and number % _ENTERPRISES == enterprise for number, in_tree in held)

    def _holding(self, permission: Permission) -> list[tuple[int, bool]]:
        return [(n, in_tree) for role, n, in_tree, t in self.grants if permission in PERMISSIONS[role] and t == "now"]


_PARENTS = st.integers(2, 7).flatmap(lambda n: st.tuples(*(st.integers(0, max(0, place)) for place in range(n))))
_PAIRS = st.tuples(st.integers(0, 6), st.integers(0, _ENTERPRISES - 1))
_TREES = st.builds(
    _Tree,
    _PARENTS.map(list),
    st.lists(st.integers(0, _ENTERPRISES - 1), min_size=7, max_size=7),
    st.lists(_PAIRS, max_size=5),
    st.lists(_PAIRS, max_size=3, unique=True),
    st.lists(
        st.tuples(
            st.sampled_from(Role), st.integers(0, 6), st.booleans(), st.sampled_from(["now", "now", "over", "ended"])
        ),
        max_size=3,
    ),
)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_TREES)
def test_ok__what_is_seen_is_what_lies_inside(tree: _Tree) -> None:
    with _undone():
        user, sites, people = _build(tree)
        places = range(len(tree.parents))
        for permission in (Permission.SEE_SITES, Permission.CHANGE_SITES):
            expected = {
                sites[place].pk
                for place in places
                if tree.covers(permission, place)
                or tree.employs(permission, tree.contractors[place])
                or any(tree.employs(permission, who) for at, who in tree.subcontracts if at % len(places) == place)
            }
            assert set(Project.objects.visible_to(user, permission).values_list("pk", flat=True)) == expected
        for permission in (Permission.SEE_PEOPLE, Permission.CHANGE_PEOPLE, Permission.SEE_DOCUMENTS):
            expected = {
                person.pk
                for person, (at, who) in zip(people, tree.workers, strict=True)
                if tree.covers(permission, at % len(places)) or tree.employs(permission, who)
            }
            assert set(Person.objects.visible_to(user, permission).values_list("pk", flat=True)) == expected
            papers = IdDocument.objects.visible_to(user, permission)
            assert set(papers.values_list("person", flat=True)) == expected
        recorded = {
            str(person.pk)
            for person, (at, who) in zip(people, tree.workers, strict=True)
            if tree.covers(Permission.SEE_AUDIT, at % len(places)) or tree.employs(Permission.SEE_AUDIT, who)
        }
        assert set(Entry.objects.visible_to(user).values_list("subject_id", flat=True)) == recorded


@contextmanager
def _undone() -> Iterator[None]:
    """Undo what one example writes."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _build(tree: _Tree) -> tuple[User, list[Project], list[Person]]:
    nodes: list[Place] = []
    for number, parent in enumerate(tree.parents):
        written = {"kind": Place.Kind.GRID, "name": f"place {number}"}
        is_root = parent == number
        nodes.append(
            Place.objects.add_root(written)
            if is_root
            else Place.objects.add_child(Place.objects.get(pk=nodes[parent].pk), written)
        )
    enterprises = [
        Enterprise.objects.create(name=f"E{n}", uscc=f"91440605MA4WXXXX{n}", place=nodes[0])
        for n in range(_ENTERPRISES)
    ]
    sites = []
    for number, node in enumerate(nodes):
        contractor = enterprises[tree.contractors[number]]
        sites.append(Project.objects.create(place=node, site_id=f"site-{number}", general_contractor=contractor))
    for at, who in {(at % len(nodes), who) for at, who in tree.subcontracts}:
        Subcontract.objects.create(project=sites[at], enterprise=enterprises[who], starts=_DAY)
    people = [_person(n, sites[at % len(nodes)], enterprises[who]) for n, (at, who) in enumerate(tree.workers)]
    return _account(tree, nodes, enterprises), sites, people


def _person(number: int, site: Project, employer: Enterprise) -> Person:
    person = Person.objects.create(worker_id=f"w-{number}", name=f"N{number}", pinyin=f"n{number}")
    Employment.objects.create(person=person, enterprise=employer, starts=_DAY)
    Assignment.objects.create(person=person, project=site, enterprise=employer, starts=_DAY)
    IdDocument.objects.create(person=person, number=str(number), number_index=str(number))
    refresh([person.pk])
    record("test", "change", person)
    return person


def _account(tree: _Tree, nodes: list[Place], enterprises: list[Enterprise]) -> User:
    user, now = User.objects.create(username="walker"), timezone.now()
    for role, number, in_tree, times in tree.grants:
        Grant.objects.create(
            user=user,
            role=role,
            place=nodes[number % len(nodes)] if in_tree else None,
            enterprise=None if in_tree else enterprises[number % _ENTERPRISES],
            valid_until=now - timedelta(days=1) if times == "over" else None,
            ended=now if times == "ended" else None,
            given_by="test",
        )
    return user
