"""Store that somebody completed a course: the certificate goes to the gates by itself."""

from datetime import datetime, timedelta

from django.utils import timezone

from district.people import registry as people
from district.people.models import Person
from district.training.models import ClassSession, Course, CourseCompletion, Learning


def complete(learning: Learning, *, by: str, at: datetime | None = None) -> CourseCompletion | None:
    """Complete a course that was learned on the phone. `by`: who confirmed it. A second time changes nothing."""
    now = at or timezone.now()
    Learning.objects.filter(pk=learning.pk, completed=None).update(completed=now)
    return _completed(learning.person, learning.course, learning.session_name, now, by)


def complete_class(session: ClassSession, person: Person, *, by: str, at: datetime) -> CourseCompletion | None:
    """Complete a course in a class. A second time changes nothing."""
    return _completed(person, session.course, session.session_name, at, by, in_class=True)


def _completed(
    person: Person, course: Course, name: str, at: datetime, by: str, *, in_class: bool = False
) -> CourseCompletion | None:
    day = timezone.localdate(at)
    expires = day + timedelta(days=course.valid_days)
    made, new = CourseCompletion.objects.get_or_create(
        person=person,
        session_name=name,
        defaults={"course": course, "done": at, "expires": expires, "in_class": in_class, "by": by},
    )
    if not new:
        return None
    actor = by or f"worker {person.worker_id}"
    people.save_certificate(actor, person, kind=course.kind, number=name, issued=day, expires=expires, is_training=True)
    return made
