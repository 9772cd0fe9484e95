"""Classroom sessions: plan one, ask for a step, close it."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.places.models import Gate, Project
from district.training.models import ClassMoment, ClassSession, Course
from district.training.rules import MOMENT_LASTS, Step, TrainingRefused, drawn_moments

LENGTH_MIN, LENGTH_MAX = timedelta(minutes=20), timedelta(hours=10)
EARLY = timedelta(minutes=30)
"""How long before the planned time a class may begin."""
MOMENTS_MAX = 5


@transaction.atomic
def plan_class(
    by: object,
    course: Course,
    project: Project,
    *,
    starts: datetime,
    ends: datetime,
    room: str = "",
    moments: int = 1,
    gate: Gate | None = None,
) -> ClassSession:
    """Plan a class on a site. Raises TrainingRefused."""
    if course.state != Course.State.PUBLISHED:
        raise TrainingRefused(gettext_noop("Publish the course first."))
    if not project.place.path.startswith(course.place.path):
        raise TrainingRefused(gettext_noop("This course does not hold for this site: choose another."))
    if not LENGTH_MIN <= ends - starts <= LENGTH_MAX:
        raise TrainingRefused(gettext_noop("A class lasts 20 minutes to 10 hours: correct the times."))
    if ends <= timezone.now():
        raise TrainingRefused(gettext_noop("This time is over: choose a later one."))
    if gate is not None and gate.project_id != project.pk:
        raise TrainingRefused(gettext_noop("This terminal belongs to another site: choose one of this site."))
    made = ClassSession.objects.create(
        course=course,
        project=project,
        session_name=f"c-{secrets.token_hex(7)}",
        gate=gate,
        room=room,
        starts=starts,
        ends=ends,
        moments_asked=min(max(moments, 0), MOMENTS_MAX),
        by=str(by)[:150],
    )
    record(by, "plan class", made, details={"course": course.title})
    return made


@transaction.atomic
def ask_step(by: object, session: ClassSession, step: Step) -> ClassSession:
    """Ask all participants for a step: start, or end. A drawn moment asks by itself. Raises TrainingRefused."""
    found, now = _held(session), timezone.now()
    if found.over is not None:
        raise TrainingRefused(gettext_noop("This class is closed."))
    if step is Step.START:
        if now < found.starts - EARLY:
            raise TrainingRefused(gettext_noop("It is too early: a class begins at most 30 minutes before its time."))
        if found.begun is None:
            found.begun = now
            found.save(update_fields=["begun"])
            lasts = found.ends - found.starts
            drawn = drawn_moments(now, now + lasts, found.moments_asked, secrets.token_hex(16))
            ClassMoment.objects.bulk_create([ClassMoment(session=found, at=at) for at in drawn])
            record(by, "begin class", found)
    elif step is Step.END:
        if found.begun is None:
            raise TrainingRefused(gettext_noop("This class has not begun: ask for the start first."))
        waits = found.moments.filter(at__gt=now - MOMENT_LASTS, at__lt=found.ends).exists()
        if waits and now < found.ends:
            raise TrainingRefused(
                gettext_noop("A random moment is still to come: ask for the end at the planned time.")
            )
        if found.ending is None:
            found.ending = now
            found.save(update_fields=["ending"])
            record(by, "end class", found)
    return found


@transaction.atomic
def close_class(by: object, session: ClassSession) -> ClassSession:
    """Close a class: no proof of it counts any more. Raises TrainingRefused."""
    found = _held(session)
    if found.begun is None:
        raise TrainingRefused(gettext_noop("This class has not begun: cancel it instead."))
    if found.over is None:
        found.over = timezone.now()
        found.save(update_fields=["over"])
        record(by, "close class", found)
    return found


@transaction.atomic
def cancel_class(by: object, session: ClassSession) -> None:
    """Cancel a class that has not begun. Raises TrainingRefused."""
    found = _held(session)
    if found.begun is not None:
        raise TrainingRefused(gettext_noop("This class has begun: close it instead."))
    record(by, "cancel class", found)
    found.delete()


def _held(session: ClassSession) -> ClassSession:
    rows = ClassSession.objects.select_for_update(of=("self",)).select_related("course", "project__place")
    found: ClassSession = rows.get(pk=session.pk)
    return found
