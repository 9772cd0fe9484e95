"""Pages of courses: what they say, their pages and questions, and who sees them."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.pages import page
from district.permissions import Permission
from district.training import registry
from district.training.forms import CourseForm, PageForm, QuestionForm
from district.training.models import Course, CourseMedia, CoursePage, CourseQuestion
from district.training.rules import write_choices
from district.training.tables import COURSES, trade_of
from district.training.views.common import do_or_say, file_answer, form_page
from district.web.lists import list_page

_SEE, _TRAIN = Permission.SEE_TRAINING, Permission.TRAIN


@page(_SEE)
@require_safe
def courses(request: HttpRequest) -> HttpResponseBase:
    """List the courses that hold for an account's sites."""
    user: Any = request.user
    rows = Course.objects.visible_to(user).select_related("place")
    context = {"may_make": bool(user.scope(_TRAIN).ranges), "tab": "courses"}
    return list_page(request, "training/courses.html", COURSES, rows, context=context)


@page(_SEE)
@require_safe
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a course with its pages and questions."""
    user: Any = request.user
    found: Course = get_object_or_404(Course.objects.visible_to(user).select_related("place"), pk=pk)
    context = {
        "course": found,
        "trade": trade_of(found),
        "pages": found.pages.select_related("media"),
        "questions": [(one, write_choices(one.choices, one.right)) for one in found.questions.all()],
        "may_change": _changeable(user).filter(pk=pk).exists(),
        "may_train": user.may(_TRAIN),
    }
    return render(request, "training/course.html", context)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponseBase:
    """Begin a course."""
    user: Any = request.user
    form = CourseForm(request.POST or None, user=user)

    def do(given: dict[str, Any]) -> str:
        return reverse("training:course", args=[registry.make_course(user, given.pop("place"), **given).pk])

    context = {"heading": _("New course"), "back": reverse("training:courses")}
    return form_page(request, form, do, "training/form.html", context)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change what a course says of itself."""
    user: Any = request.user
    found = _of_account(request, pk)
    initial = {name: getattr(found, name) for name in registry.COURSE_FIELDS}
    form = CourseForm(request.POST or None, user=user, course=found, initial=initial)
    return _form(request, form, found, lambda given: registry.change_course(user, found, **given), _("Change course"))


@page(_TRAIN)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a course to workers."""
    found = _of_account(request, pk)
    do_or_say(request, lambda: registry.publish(request.user, found), _("Workers see the course from now on."))
    return redirect("training:course", pk)


@page(_TRAIN)
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a course to nobody any more."""
    found = _of_account(request, pk)
    do_or_say(request, lambda: registry.retire(request.user, found), _("Workers see the course no more."))
    return redirect("training:course", pk)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Add a page to a course."""
    found = _of_account(request, pk)
    form = PageForm(request.POST or None, request.FILES or None)
    return _form(request, form, found, lambda given: _page(request, found, given), _("New page"), files=True)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a page."""
    row = _row(request, CoursePage, pk)
    form = PageForm(request.POST or None, request.FILES or None, initial={"title": row.title, "text": row.text})

    def do(given: dict[str, Any]) -> object:
        return _page(request, row.course, given, row)

    return _form(request, form, row.course, do, _("Change page"), files=True)


@page(_TRAIN)
@require_POST
def move_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a page one place up or down."""
    row = _row(request, CoursePage, pk)
    registry.move_page(request.user, row, up=request.POST.get("way") == "up")
    return redirect("training:course", row.course_id)


@page(_TRAIN)
@require_POST
def remove_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a page."""
    row = _row(request, CoursePage, pk)
    do_or_say(request, lambda: registry.remove_page(request.user, row), _("Removed."))
    return redirect("training:course", row.course_id)


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def add_question(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Add a question to a course."""
    found, user = _of_account(request, pk), request.user
    form = QuestionForm(request.POST or None)
    return _form(request, form, found, lambda given: registry.add_question(user, found, **given), _("New question"))


@page(_TRAIN)
@require_http_methods(["GET", "HEAD", "POST"])
def change_question(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a question."""
    row = _row(request, CourseQuestion, pk)
    initial = {"text": row.text, "choices": write_choices(row.choices, row.right)}
    form = QuestionForm(request.POST or None, initial=initial)

    def do(given: dict[str, Any]) -> object:
        return registry.add_question(request.user, row.course, question=row, **given)

    return _form(request, form, row.course, do, _("Change question"))


@page(_TRAIN)
@require_POST
def remove_question(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a question."""
    row = _row(request, CourseQuestion, pk)
    do_or_say(request, lambda: registry.remove_question(request.user, row), _("Removed."))
    return redirect("training:course", row.course_id)


@page(_SEE)
@require_safe
def media_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return a picture or video of a course, whole or in part."""
    user: Any = request.user
    return file_answer(request, get_object_or_404(CourseMedia.objects.visible_to(user), pk=pk))


def _page(request: HttpRequest, found: Course, given: dict[str, Any], row: CoursePage | None = None) -> object:
    sent = given.pop("file", None)
    data = sent.read() if sent else None
    return registry.add_page(request.user, found, file=data, page=row, **given)


def _form(
    request: HttpRequest, form: Any, found: Course, do: Any, heading: str, *, files: bool = False
) -> HttpResponseBase:
    """Show a form of a course; afterwards the course's page."""
    back = reverse("training:course", args=[found.pk])

    def done(given: dict[str, Any]) -> str:
        do(given)
        return back

    context = {"heading": heading, "back": back, "course": found, "files": files}
    return form_page(request, form, done, "training/form.html", context)


def _changeable(user: Any) -> Any:
    """Return the courses that an account may change: those of its own places, not those of places above."""
    scope = user.scope(_TRAIN)
    return Course.objects.visible_to(user, _TRAIN).filter(scope.places("place__path")).select_related("place")


def _of_account(request: HttpRequest, pk: int) -> Course:
    found: Course = get_object_or_404(_changeable(request.user), pk=pk)
    return found


def _row(request: HttpRequest, model: Any, pk: int) -> Any:
    mine = _changeable(request.user).order_by().values("pk")
    return get_object_or_404(model.objects.select_related("course__place"), pk=pk, course__in=mine)
