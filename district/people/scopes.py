"""Keeps the two tables that say from whose view a person is seen."""

from collections.abc import Sequence

from django.db import transaction

from district.people.models import Assignment, Employment, Person, PersonEmployer, PersonScope
from district.places.models import Place

MOVED_AT_ONCE = 500


@transaction.atomic
def refresh(person_ids: Sequence[int]) -> None:
    """Make the rows of some people new. Call it in the transaction that changes names, assignments or employments."""
    PersonScope.objects.filter(person__in=person_ids).delete()
    PersonEmployer.objects.filter(person__in=person_ids).delete()
    pinyin = dict(Person.objects.filter(pk__in=person_ids, merged_into=None, erased=None).values_list("pk", "pinyin"))
    assigned = Assignment.objects.filter(person__in=pinyin).select_related("project__place").order_by()
    paths, employers = set[tuple[str, int]](), set[tuple[int, int]]()
    for assignment in assigned:
        paths |= {(path, assignment.person_id) for path in assignment.project.place.ancestor_paths}
        employers.add((assignment.enterprise_id, assignment.person_id))
    employers |= set(Employment.objects.filter(person__in=pinyin).values_list("enterprise", "person"))
    places = dict(Place.objects.filter(path__in={path for path, _person in paths}).order_by().values_list("path", "pk"))
    PersonScope.objects.bulk_create(
        PersonScope(place_id=places[path], pinyin=pinyin[person], person_id=person) for path, person in sorted(paths)
    )
    PersonEmployer.objects.bulk_create(
        PersonEmployer(enterprise_id=employer, pinyin=pinyin[person], person_id=person)
        for employer, person in sorted(employers)
    )


def follow_branch(sender: object, paths: tuple[str, str], **_more: object) -> None:
    """Make the rows new of everybody who works or worked below a place that moved."""
    first, end = paths
    moved = Assignment.objects.filter(project__place__path__gte=first, project__place__path__lt=end)
    people = sorted(set(moved.order_by().values_list("person", flat=True)))
    for start in range(0, len(people), MOVED_AT_ONCE):
        refresh(people[start : start + MOVED_AT_ONCE])
