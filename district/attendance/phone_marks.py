"""Record a worker at an entrance without a gate. Code and place together are a passage, the code alone a request."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.intake import Work, lines_of
from district.attendance.models import Correction, Entrance, Passage, PhoneMark
from district.attendance.projection import Touched, project
from district.attendance.rules.entrances import code_holds, distance_m, is_there
from district.attendance.rules.working_time import wall_clock_s
from district.people.models import Assignment, Person

WRONG_MAX, WRONG_S = 10, 3600
SAME_AGAIN = timedelta(minutes=1)
LINE_OF_PHONES = "phone"


class MarkRefused(ValueError):
    """Somebody cannot be recorded. The text says what to do."""


@dataclass(frozen=True)
class PhonePlace:
    """What a phone says of its own place; None: nothing."""

    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None


def mark(entrance: Entrance, person: Person, direction: str, code: str, place: PhonePlace) -> PhoneMark:
    """Record a person going in or out. Raises MarkRefused."""
    now = timezone.now()
    assignment = _works_here(entrance, person)
    _check_code(entrance, person, code, now.timestamp())
    again = PhoneMark.objects.filter(person=person, entrance=entrance, direction=direction, utc__gt=now - SAME_AGAIN)
    same: PhoneMark | None = again.order_by("-utc").first()
    if same is not None:
        return same
    distance = _distance(entrance, place)
    with transaction.atomic():
        made = PhoneMark.objects.create(
            project=entrance.project,
            person=person,
            enterprise_id=assignment.enterprise_id,
            entrance=entrance,
            utc=now,
            direction=direction,
            distance_m=None if distance is None else min(int(distance), 2_000_000),
            counted=is_there(distance, place.accuracy_m, entrance.radius_m),
        )
        _count(made, assignment) if made.counted else _ask(made)
    return made


def _works_here(entrance: Entrance, person: Person) -> Assignment:
    if entrance.closed is not None:
        raise MarkRefused(_("This entrance is closed. Ask the site's office."))
    today = timezone.localdate()
    found = Work([person.pk]).on(person.pk, entrance.project_id, today)
    if found is None or found.starts > today or (found.ends is not None and found.ends < today):
        raise MarkRefused(_("You are not registered on this site. Ask the site's office."))
    return found


def _check_code(entrance: Entrance, person: Person, code: str, unix_s: float) -> None:
    key = f"attendance.wrong.{person.pk}"
    if int(cache.get(key, 0)) >= WRONG_MAX:
        raise MarkRefused(_("Too many wrong codes. Try again in an hour, or ask the guard."))
    if not code_holds(entrance.secret, unix_s, entrance.period_s, code):
        cache.add(key, 0, WRONG_S)
        cache.incr(key)
        raise MarkRefused(_("This is not the present code. Read it at the entrance again."))


def _distance(entrance: Entrance, place: PhonePlace) -> float | None:
    if entrance.latitude is None or entrance.longitude is None:
        return 0.0  # the entrance has no place: its code alone counts
    if place.latitude is None or place.longitude is None:
        return None
    return distance_m((entrance.latitude, entrance.longitude), (place.latitude, place.longitude))


def _count(made: PhoneMark, assignment: Assignment) -> None:
    site_id = made.project.site_id
    line = lines_of([(LINE_OF_PHONES, site_id)])[LINE_OF_PHONES, site_id]
    Passage.objects.create(
        line_id=line,
        seq=made.pk,
        project=made.project,
        person=made.person,
        enterprise_id=made.enterprise_id,
        assignment=assignment,
        utc=made.utc,
        local=wall_clock_s(made.utc, timezone.get_default_timezone()),
        direction=made.direction,
        granted=True,
        reason="phone",
        source=Passage.Source.PHONE,
    )
    touched = Touched()
    touched.add(made.person_id, made.utc)
    project(touched)


def _ask(made: PhoneMark) -> None:
    why = _("Recorded on the phone with the right code; the phone did not say where it is.")
    if made.distance_m is not None:
        why = _("Recorded on the phone with the right code, %(metres)d m from the entrance.") % {
            "metres": made.distance_m
        }
    Correction.objects.create(
        kind=Correction.Kind.ADD,
        project=made.project,
        person=made.person,
        enterprise_id=made.enterprise_id,
        utc=made.utc,
        direction=made.direction,
        why=why,
        asked_by=made.person.worker_id,
    )
