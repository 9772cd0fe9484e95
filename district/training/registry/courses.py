"""Make, change, publish and withdraw courses."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.places.models import Place
from district.training import media
from district.training.models import Course, CoursePage, CourseQuestion
from district.training.rules import TrainingRefused, read_choices

PAGES_MAX, QUESTIONS_MAX = 60, 100
COURSE_FIELDS = ("title", "kind", "about", "trade", "valid_days", "asked", "pass_percent", "proof")


@transaction.atomic
def make_course(by: object, place: Place, **fields: Any) -> Course:
    """Begin a course as a draft, for the sites of a place."""
    made = Course.objects.create(place=place, by=str(by)[:150], **fields)
    record(by, "make course", made, fields=[name for name in COURSE_FIELDS if name in fields])
    return made


@transaction.atomic
def change_course(by: object, course: Course, **fields: Any) -> Course:
    """Change what a course says of itself. Certificates that were given stay as they are. Raises TrainingRefused."""
    found = _held(course)
    changed = [name for name in COURSE_FIELDS if name in fields and getattr(found, name) != fields[name]]
    for name in changed:
        setattr(found, name, fields[name])
    if changed:
        found.save(update_fields=changed)
        record(by, "change course", found, fields=changed)
    return found


@transaction.atomic
def add_page(
    by: object, course: Course, *, title: str, text: str = "", file: bytes | None = None, page: CoursePage | None = None
) -> CoursePage:
    """Add a page at the end, or change one. `file`: a picture or a video; None keeps what is there. Raises
    TrainingRefused.
    """
    found = _held(course)
    rows = CoursePage.objects.filter(course=found)
    if page is None:
        if rows.count() >= PAGES_MAX:
            raise TrainingRefused(gettext_noop("A course has at most %(most)d pages."), most=PAGES_MAX)
        last: Mapping[str, int | None] = rows.aggregate(last=Max("position"))
        page = CoursePage(course=found, position=(last["last"] or 0) + 1)
    page.title, page.text = title, text
    if file is not None:
        page.media = media.stored(found, file)
    page.save()
    media.remove_unused(found)
    record(by, "change course", found, fields=["pages"])
    return page


@transaction.atomic
def move_page(by: object, page: CoursePage, *, up: bool) -> None:
    """Exchange a page with the one before or behind it."""
    found = _held(page.course)
    rows = list(CoursePage.objects.filter(course=found).order_by("position", "pk"))
    at = next(number for number, one in enumerate(rows) if one.pk == page.pk)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(rows):
        return
    rows[at], rows[other] = rows[other], rows[at]
    for position, one in enumerate(rows, start=1):
        one.position = position
    CoursePage.objects.bulk_update(rows, ["position"])
    record(by, "change course", found, fields=["pages"])


@transaction.atomic
def remove_page(by: object, page: CoursePage) -> None:
    """Remove a page, and its file if no other page shows it. Raises TrainingRefused."""
    found = _held(page.course)
    if found.state == Course.State.PUBLISHED and CoursePage.objects.filter(course=found).count() < 2:
        raise TrainingRefused(gettext_noop("Workers see this course: add another page before you remove the last one."))
    CoursePage.objects.filter(pk=page.pk).delete()
    media.remove_unused(found)
    record(by, "change course", found, fields=["pages"])


@transaction.atomic
def add_question(
    by: object, course: Course, *, text: str, choices: str, question: CourseQuestion | None = None
) -> CourseQuestion:
    """Add a question, or change one. `choices`: one on each line, a star before the right one. Raises
    TrainingRefused.
    """
    found = _held(course)
    if question is None and CourseQuestion.objects.filter(course=found).count() >= QUESTIONS_MAX:
        raise TrainingRefused(gettext_noop("A course has at most %(most)d questions."), most=QUESTIONS_MAX)
    row = question or CourseQuestion(course=found)
    row.text = text
    row.choices, row.right = read_choices(choices)
    row.save()
    record(by, "change course", found, fields=["questions"])
    return row


@transaction.atomic
def remove_question(by: object, question: CourseQuestion) -> None:
    """Remove a question. Raises TrainingRefused."""
    found = _held(question.course)
    CourseQuestion.objects.filter(pk=question.pk).delete()
    record(by, "change course", found, fields=["questions"])


@transaction.atomic
def publish(by: object, course: Course) -> Course:
    """Show a course to the workers whom it concerns. Raises TrainingRefused."""
    found = _held(course)
    if not CoursePage.objects.filter(course=found).exists():
        raise TrainingRefused(gettext_noop("Add at least one page first."))
    questions = CourseQuestion.objects.filter(course=found).count()
    if questions < found.asked:
        raise TrainingRefused(
            gettext_noop("A test asks %(asked)d questions, and there are %(there)d: add questions, or ask fewer."),
            asked=found.asked,
            there=questions,
        )
    if found.proof == Course.Proof.TEST and not found.asked:
        raise TrainingRefused(gettext_noop("A course without a proof at a gate needs a test: ask at least 1 question."))
    return _state(by, found, Course.State.PUBLISHED, "publish course")


@transaction.atomic
def retire(by: object, course: Course) -> Course:
    """Show a course to nobody any more. Certificates stay until their last day."""
    return _state(by, _held(course), Course.State.RETIRED, "retire course")


def _state(by: object, course: Course, state: Course.State, action: str) -> Course:
    if course.state != state:
        course.state = state
        course.save(update_fields=["state"])
        record(by, action, course)
    return course


def _held(course: Course) -> Course:
    """Lock a course for a change."""
    found: Course = Course.objects.select_for_update(of=("self",)).select_related("place").get(pk=course.pk)
    return found
