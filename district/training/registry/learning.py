"""Learn on the phone: which courses, page by page, and the short test."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.people.models import Assignment, Person, in_force
from district.training.models import Course, CourseAttempt, CourseCompletion, CourseQuestion, Learning
from district.training.registry.completing import complete
from district.training.rules import AskedQuestion, TrainingRefused, draw, passes

ATTEMPTS_A_DAY = 10


@dataclass(frozen=True)
class MyCourse:
    """A course of a worker: how far it is, and until when it holds."""

    course: Course
    learning: Learning | None
    holds: CourseCompletion | None

    @property
    def waits(self) -> bool:
        """Say that the test is passed and the proof at a gate is missing."""
        return self.learning is not None and self.learning.passed is not None


def courses_of(person: Person) -> list[MyCourse]:
    """Return the courses that concern a worker's present sites and trades, what is to do first."""
    today = timezone.localdate()
    rows = Assignment.objects.filter(in_force(today), person=person, starts__lte=today).select_related("project__place")
    wanted = Q(pk__in=[])
    for row in rows:
        wanted |= Q(place__path__in=row.project.place.ancestor_paths, trade__in=("", row.trade))
    courses = list(Course.objects.filter(wanted, state=Course.State.PUBLISHED).select_related("place"))
    learnings = {one.course_id: one for one in Learning.objects.filter(person=person, completed=None)}
    done: dict[int, CourseCompletion] = {}
    for one in CourseCompletion.objects.filter(person=person, course__in=courses, expires__gte=today).order_by("done"):
        done[one.course_id] = one
    found = [MyCourse(one, learnings.get(one.pk), done.get(one.pk)) for one in courses]
    return sorted(found, key=lambda one: (one.holds is not None, one.course.title, one.course.pk))


@transaction.atomic
def start(person: Person, course: Course) -> Learning:
    """Begin a course, or go on with it."""
    made, new = Learning.objects.get_or_create(
        person=person, course=course, completed=None, defaults={"session_name": f"l-{secrets.token_hex(7)}"}
    )
    if new:
        record(f"worker {person.worker_id}", "start course", made, details={"course": course.title})
    return made


@transaction.atomic
def read_page(learning: Learning, number: int, pages: int) -> None:
    """Note that a page was read. Pages are read in their order. Raises TrainingRefused."""
    held = _held(learning)
    if not 1 <= number <= min(pages, held.pages_read + 1):
        raise TrainingRefused(gettext_noop("Read the pages before this one first."))
    if number > held.pages_read:
        Learning.objects.filter(pk=held.pk).update(pages_read=number)


def asked_now(learning: Learning) -> list[tuple[CourseQuestion, AskedQuestion]]:
    """Return the questions of the next attempt. They stay the same until it is sent."""
    questions = {one.pk: one for one in CourseQuestion.objects.filter(course=learning.course_id)}
    seed = f"{learning.session_name}-{CourseAttempt.objects.filter(learning=learning).count()}"
    drawn = draw({key: len(one.choices) for key, one in questions.items()}, learning.course.asked, seed)
    return [(questions[one.key], one) for one in drawn]


@transaction.atomic
def answer(learning: Learning, answers: Mapping[int, int]) -> CourseAttempt:
    """Take the answers of a test: question -> position of the choice. Raises TrainingRefused."""
    held = _held(learning)
    if held.passed is not None:
        raise TrainingRefused(gettext_noop("You have passed this test already."))
    if held.pages_read < held.course.pages.count():
        raise TrainingRefused(gettext_noop("Read all pages first."))
    today = CourseAttempt.objects.filter(learning=held, taken__gt=timezone.now() - timedelta(days=1))
    if today.count() >= ATTEMPTS_A_DAY:
        raise TrainingRefused(gettext_noop("Too many tries today. Read the pages again, and try tomorrow."))
    asked = asked_now(held)
    if any(question.pk not in answers for question, _drawn in asked):
        raise TrainingRefused(gettext_noop("Answer each question."))
    right = sum(answers[question.pk] == question.right for question, _drawn in asked)
    passed = passes(right, len(asked), held.course.pass_percent)
    made = CourseAttempt.objects.create(person=held.person, learning=held, right=right, asked=len(asked), passed=passed)
    if passed:
        held.passed = timezone.now()
        held.save(update_fields=["passed"])
        record(f"worker {held.person.worker_id}", "pass test", held, details={"course": held.course.title})
        if held.course.proof == Course.Proof.TEST:
            complete(held, by="")
    return made


def _held(learning: Learning) -> Any:
    """Lock a worker's way through a course."""
    rows = Learning.objects.select_for_update(of=("self",)).select_related("course", "person")
    found: Learning = rows.get(pk=learning.pk)
    return found
