"""Keeps the two tables that say from whose view a person is seen."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from district.people.models import Assignment, Employment, Person, PersonEmployer, PersonScope
from district.places.locking import keep_tree
from district.places.models import Place

_COPY = (
    f"INSERT INTO {PersonScope._meta.db_table} (place_id, pinyin, person_id) "
    f"SELECT %s, pinyin, person_id FROM {PersonScope._meta.db_table} WHERE place_id = %s ON CONFLICT DO NOTHING"
)


@transaction.atomic
def refresh(person_ids: Sequence[int]) -> None:
    """Make the rows of some people new. Call it in the transaction that changes names, assignments or employments."""
    keep_tree()
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


def follow_branch(sender: object, place: Place, before: str, **_more: object) -> None:
    """Show everybody who works or worked below a moved place to its new branch. The former branch sees them no more.

    The place has a row for each of them, so the database copies these: a town has 20,000 people.
    """
    former, now = _above(before), place.ancestor_paths[:-1]
    moved = PersonScope.objects.filter(place=place)
    for gone in Place.objects.filter(path__in=set(former) - set(now)):
        first, end = gone.branch
        still = Assignment.objects.filter(
            person=OuterRef("person"), project__place__path__gte=first, project__place__path__lt=end
        )
        there = PersonScope.objects.filter(place=gone, person__in=moved.values("person"))
        there.filter(~Exists(still)).order_by().delete()
    for come in Place.objects.filter(path__in=set(now) - set(former)):
        with connection.cursor() as cursor:
            cursor.execute(_COPY, [come.pk, place.pk])


def _above(path: str) -> tuple[str, ...]:
    """Return the paths above a path, from the root on."""
    return Place.paths_to(path)[:-1]
