"""What a worker learns on the phone. That is courses, pages, a short test, and the code that proves it at a gate."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from district.exchange.door import close_hq_door
from district.people.models import Assignment, Person, in_force
from district.phones.codes import ShownCode
from district.phones.pages import phone_page
from district.training import registry
from district.training.codes import code_in_class, code_of_learning
from district.training.models import ClassSession, CoursePage
from district.training.registry.learning import MyCourse
from district.training.registry.timetable import step_now
from district.training.rules import TrainingRefused
from district.training.views.common import file_answer
from district.web.refusals import refusal_text
from district.wire import HqAway, HqRefused


@phone_page
@require_safe
def my_courses(request: HttpRequest) -> HttpResponse:
    """List the worker's courses, and the classes that are under way on the worker's sites."""
    person = _worker(request)
    courses = registry.courses_of(person)
    context = {"courses": courses, "classes": _classes(person, courses)}
    return render(request, "training/phone/courses.html", context)


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def my_course(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a course, and begin it or go on."""
    mine = _mine(request, pk)
    pages = mine.course.pages.count()
    if request.method == "POST":
        learning = registry.start(_worker(request), mine.course)
        return redirect("training:my_page", pk, min(learning.pages_read + 1, max(pages, 1)))
    return render(request, "training/phone/course.html", {"mine": mine, "pages": pages})


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def my_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show one page of a course. "Next" notes that it was read."""
    mine = _mine(request, pk)
    pages = list(mine.course.pages.select_related("media"))
    if not 1 <= number <= len(pages) or mine.learning is None:
        return redirect("training:my_course", pk)
    if number > mine.learning.pages_read + 1:
        return redirect("training:my_page", pk, mine.learning.pages_read + 1)
    if request.method == "POST":
        registry.read_page(mine.learning, number, len(pages))
        return redirect("training:my_page", pk, number + 1) if number < len(pages) else redirect("training:my_test", pk)
    context = {"mine": mine, "page": pages[number - 1], "number": number, "pages": len(pages)}
    return render(request, "training/phone/page.html", context)


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def my_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the questions of the test, and say how it went."""
    mine = _mine(request, pk)
    learning = mine.learning
    if learning is None or learning.passed is not None:
        return redirect("training:my_code" if learning else "training:my_course", pk)
    asked = registry.asked_now(learning)
    problem, attempt, answers = "", None, _answers(request)
    if request.method == "POST":
        try:
            attempt = registry.answer(learning, answers)
        except TrainingRefused as error:
            problem = refusal_text(error)
        else:
            if attempt.passed:
                return redirect("training:my_code", pk)
            asked, answers = registry.asked_now(learning), {}
    questions = [
        (question, [(at, question.choices[at], answers.get(question.pk) == at) for at in drawn.order])
        for question, drawn in asked
    ]
    context = {"mine": mine, "questions": questions, "problem": problem, "attempt": attempt}
    return render(request, "training/phone/test.html", context, status=422 if problem else 200)


@phone_page
@require_safe
def my_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the code that proves a passed course at a gate, or that it is completed."""
    mine = _mine(request, pk)
    learning, part = mine.learning, bool(request.headers.get("X-Part"))
    if learning is None or learning.passed is None:
        address = reverse("training:my_course", args=[pk])
        return HttpResponse(headers={"X-Go": address}) if part else redirect(address)
    return _code_page(request, lambda: code_of_learning(learning), {"mine": mine})


@phone_page
@require_safe
def my_class_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a participant's own code of a class: for a worker without a face, whom a guard confirms."""
    person = _worker(request)
    found = next((one for one in _classes(person, registry.courses_of(person)) if one.pk == pk), None)
    asked = step_now(found, timezone.now()) if found else None
    if found is None or asked is None:
        address = reverse("training:my_courses")
        return HttpResponse(headers={"X-Go": address}) if request.headers.get("X-Part") else redirect(address)
    return _code_page(request, lambda: code_in_class(found, asked, person.worker_id), {"session": found})


@phone_page
@require_safe
def my_media(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """Return a picture or video of one of the worker's courses."""
    course = _mine(request, pk).course
    row: CoursePage = get_object_or_404(CoursePage, pk=number, course=course, media__isnull=False)
    assert row.media is not None
    return file_answer(request, row.media)


def _code_page(request: HttpRequest, make: Any, context: dict[str, Any]) -> HttpResponse:
    code: ShownCode | None = None
    try:
        code = make()
    except (HqAway, HqRefused):
        close_hq_door()  # the next look opens it again
    part = "_part" if request.headers.get("X-Part") else ""
    status = 200 if code else 503
    context = {**context, "code": code, "address": request.path}
    return render(request, f"training/phone/code{part}.html", context, status=status)


def _answers(request: HttpRequest) -> dict[int, int]:
    """Return the chosen positions by question. Anything else in the form is ignored."""
    found: dict[int, int] = {}
    for name, value in request.POST.items():
        key, number = name.removeprefix("question-"), str(value)
        if name.startswith("question-") and key.isascii() and key.isdecimal() and number in set("012345"):
            found[int(key)] = int(number)
    return found


def _mine(request: HttpRequest, pk: int) -> MyCourse:
    """Return a course that concerns the worker. Raises Http404."""
    found = next((one for one in registry.courses_of(_worker(request)) if one.course.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _classes(person: Person, courses: Sequence[MyCourse]) -> list[ClassSession]:
    """Return the classes of somebody's courses that are under way on the sites where the person works today."""
    rows = ClassSession.objects.filter(begun__isnull=False, over=None, course__in=[one.course for one in courses])
    rows = rows.filter(project__in=_sites(person)).select_related("course", "project__place")
    return list(rows)


def _sites(person: Person) -> Any:
    today = timezone.localdate()
    return Assignment.objects.filter(in_force(today), person=person, starts__lte=today).order_by().values("project")


def _worker(request: HttpRequest) -> Person:
    found: Person = request.worker  # type: ignore[attr-defined]
    return found
