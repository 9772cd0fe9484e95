"""What workers report on their own phones."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from district.cases.models import Case
from district.cases.names import CATEGORY_NAMES
from district.cases.registry.opening import open_case
from district.cases.rules import CaseCategory, CaseKind, CaseRefused, check_said
from district.people.models import Assignment, Person, in_force
from district.people.registry.merging import records_of
from district.places.models import Project

A_DAY = 10
"""Reports of one worker in 24 hours."""


def sites_of(person: Person, today: date) -> Sequence[Project]:
    """Return the sites where a worker works today."""
    rows = Assignment.objects.filter(in_force(today), person__in=records_of(person)).order_by().values("project")
    return list(Project.objects.filter(pk__in=rows).select_related("place").order_by("place__name", "pk"))


def reported_by(person: Person) -> Any:
    """Return the problems that a worker reported, the newest first."""
    return Case.objects.kept().filter(reporter_person__in=records_of(person)).select_related("place")


def report_by_phone(
    person: Person,
    *,
    site: Project,
    category: str,
    text: str,
    photos: Sequence[bytes] = (),
    discreet: bool = False,
    once: str = "",
) -> Case:
    """Open a case that a worker reports; the same form again (`once`) makes no second one. Raises CaseRefused."""
    text = check_said(text)
    since = timezone.now() - timedelta(days=1)
    if Case.objects.filter(reporter_person__in=records_of(person), made__gte=since).count() >= A_DAY:
        raise CaseRefused(gettext_noop("You reported much today. Call your site, or report again tomorrow."))
    title = f"{CATEGORY_NAMES[CaseCategory(category)]}: {text}"
    return open_case(
        CaseKind.WHISTLE,
        site.place,
        title=title[:80],
        text=text,
        source="phone",
        category=category,
        photos=photos,
        key=f"report:p{person.pk}:{once}" if once else "",
        reporter_person=person,
        discreet=discreet,
    )
