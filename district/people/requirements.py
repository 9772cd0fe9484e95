"""Which trainings sites ask for. A requirement at a place holds for all sites below it."""

from collections.abc import Iterable

from django.utils import timezone

from district.people.models import Assignment, Certificate, RequiredTraining
from district.people.rules.trainings import Trained, TrainingForGate, trained

AT_ONCE = 5_000


def required_trainings(rows: Iterable[Assignment]) -> dict[int, tuple[str, ...]]:
    """Return, by assignment, the kinds of training that its site asks of its trade. One query for all.

    The rows' `project.place` must be loaded.
    """
    work = list(rows)
    paths = {row.project_id: row.project.place.ancestor_paths for row in work}
    wanted = {path for found in paths.values() for path in found}
    asked: dict[str, list[tuple[str, str]]] = {}
    found = RequiredTraining.objects.filter(place__path__in=wanted) if wanted else ()
    for one in found:
        asked.setdefault(one.place.path, []).append((one.trade, one.kind))
    return {
        row.pk: tuple(
            sorted(
                {
                    kind
                    for path in paths[row.project_id]
                    for trade, kind in asked.get(path, ())
                    if trade in ("", row.trade)
                }
            )
        )
        for row in work
    }


def trainings_of(people: Iterable[int]) -> dict[int, list[TrainingForGate]]:
    """Return the trainings of these people, by person."""
    found: dict[int, list[TrainingForGate]] = {}
    keys = sorted(set(people))
    for start in range(0, len(keys), AT_ONCE):
        rows = Certificate.objects.filter(person__in=keys[start : start + AT_ONCE], is_training=True)
        for person, kind, expires in rows.order_by("kind", "expires").values_list("person", "kind", "expires"):
            found.setdefault(person, []).append(TrainingForGate(kind, expires))
    return found


def deciding(rows: Iterable[Assignment]) -> list[tuple[Assignment, Trained]]:
    """Return, for each work that has not ended, the training that decides at the gates of its site.

    The rows' `project.place` must be loaded.
    """
    today = timezone.localdate()
    lasting = [row for row in rows if row.ends is None or row.ends >= today]
    asked, held = required_trainings(lasting), trainings_of({row.person_id for row in lasting})
    return [(row, trained(held.get(row.person_id, ()), asked[row.pk])) for row in lasting]
