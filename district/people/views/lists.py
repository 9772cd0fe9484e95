"""The lists: people, work, papers, teams, consents, documents. Each is a page and a file."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from district.pages import page
from district.people import tables
from district.people.forms import FilterForm
from district.people.listing import (
    between,
    employments_of_listed,
    few_who_fit,
    few_who_left,
    fitting_each,
    listed_people,
    of_keys,
    with_present,
)
from district.people.models import (
    Assignment,
    Certificate,
    Consent,
    Employment,
    IdDocument,
    Insurance,
    Merge,
    Person,
    Team,
    in_force,
)
from district.people.search import found_q, record_search_by_number
from district.permissions import Permission
from district.web.lists import list_page
from district.web.tables import ListTable

_LACKING: dict[str, dict[str, Any]] = {"noway": {"way": Person.Way.UNDECIDED}, "nodocument": {"documented": False}}
SOON = timedelta(days=tables.SOON_DAYS)


@page(Permission.SEE_PEOPLE)
def people(request: HttpRequest) -> HttpResponseBase:
    """List people."""
    user: Any = request.user
    form = FilterForm(request.GET, user=user)
    form.is_valid()
    rows = _filtered(form.cleaned_data, user)
    shown = _Filters(form, with_present(rows, user, many="format" in request.GET))
    bulk = [("end", _("End the work"))] if user.may(Permission.CHANGE_PEOPLE) else []
    context = {
        "bulk": bulk,
        "may_change": user.may(Permission.CHANGE_PEOPLE),
        "may_see_records": user.may(Permission.SEE_RECORDS),
    }
    filters: Any = shown
    table = tables.PEOPLE if user.may(Permission.SEE_RECORDS) else tables.PEOPLE_BY_NAME
    record_search_by_number(user, form.cleaned_data.get("q") or "")
    return list_page(request, "people/people.html", table, rows, filters=filters, context=context)


class _Filters:
    """What `list_page` needs of filters: their form and the rows that fit."""

    def __init__(self, form: FilterForm, rows: "QuerySet[Any]") -> None:
        self.form, self.qs = form, rows


def _filtered(wanted: dict[str, Any], user: Any) -> Any:
    """Return the people who fit. Few are looked at beforehand; of many each shown row is asked."""
    today, site = timezone.localdate(), wanted.get("site")
    rows, fits = listed_people(user, site), Person.objects.all()
    state = wanted.get("state") or "now"
    chosen = {name: wanted[name] for name in ("enterprise", "trade") if wanted.get(name)}
    here = {**chosen, **({"project": site} if site else {})}
    if text := wanted.get("q"):
        named = found_q(text, user)
        fits = fits.filter(named)
    if chosen:
        fits = fits.filter(pk__in=Assignment.objects.visible_to(user).filter(**here).values("person"))
    ending = {"expired": (date(1990, 1, 1), today - timedelta(days=1)), "soon": (today, today + SOON)}
    if state in ending:
        fits = fits.filter(pk__in=Certificate.objects.filter(expires__range=ending[state]).values("person"))
    if state in _LACKING:
        fits = fits.filter(**_LACKING[state])
    work = Assignment.objects.visible_to(user).filter(in_force(today), **here)
    employed = employments_of_listed(user).filter(in_force(today))
    state = state if state in ("all", "left") else "employed" if state == "now" and not here else "works"
    state_wanted = wanted.get("state") in {*ending, *_LACKING}
    if text or chosen or state_wanted:
        if not site and (few := few_who_fit(user, fits)) is not None:
            return of_keys(few if state == "all" else _in_state(few, state, work, employed))
        rows = between(rows, fits).filter(named) if text else rows
        rows = fitting_each(rows, fits) if here or state_wanted else rows
    elif state == "left" and not site and (few := few_who_left(user, employed)) is not None:
        return of_keys(_in_state(few, state, work, employed))
    return _each_in_state(rows, state, work, employed)


def _in_state(few: set[int], state: str, work: Any, employed: Any) -> set[int]:
    """Return who of some people works, is employed, or left. Two queries that begin with these people."""
    present = set(work.filter(person__in=few).order_by().values_list("person", flat=True))
    if state != "works":
        present |= set(employed.filter(person__in=few).order_by().values_list("person", flat=True))
    return few - present if state == "left" else few & present


def _each_in_state(rows: Any, state: str, work: Any, employed: Any) -> Any:
    """Keep who works, is employed, or left: asked for each row. A subquery with one value is never answered by
    reading the whole table first, as PostgreSQL may do for EXISTS.
    """
    works = Subquery(work.filter(person=OuterRef("pk")).order_by().values("pk")[:1])
    works_for = Subquery(employed.filter(person=OuterRef("pk")).order_by().values("pk")[:1])
    match state:
        case "all":
            return rows
        case "works":
            return rows.alias(works=works).filter(works__isnull=False)
        case _:
            gone = state == "left"
            return rows.alias(present=Coalesce(works_for, works)).filter(present__isnull=gone)


@page(Permission.SEE_PEOPLE)
def work(request: HttpRequest) -> HttpResponseBase:
    """List who works and worked where."""
    user: Any = request.user
    rows = Assignment.objects.visible_to(user).select_related("person", "project__place", "enterprise", "team")
    return _list(request, tables.WORK, rows, _("Work on sites"))


@page(Permission.SEE_RECORDS)
def employments(request: HttpRequest) -> HttpResponseBase:
    """List employments and contracts."""
    user: Any = request.user
    rows = Employment.objects.visible_to(user).select_related("person", "enterprise")
    return _list(request, tables.EMPLOYMENTS, rows, _("Employments"))


@page(Permission.SEE_RECORDS)
def papers(request: HttpRequest) -> HttpResponseBase:
    """List certificates and trainings that end, the first ones first."""
    user: Any = request.user
    today = timezone.localdate()
    rows = Certificate.objects.visible_to(user).filter(expires__isnull=False).select_related("person")
    if not request.GET.get("format"):
        working = Assignment.objects.filter(in_force(today), person=OuterRef("person"))
        rows = rows.filter(Exists(working), expires__lte=today + timedelta(days=90))
    return _list(request, tables.PAPERS, rows, _("Papers that expire"))


@page(Permission.SEE_RECORDS)
def insurances(request: HttpRequest) -> HttpResponseBase:
    """List insurances."""
    user: Any = request.user
    rows = Insurance.objects.visible_to(user).select_related("person")
    return _list(request, tables.INSURANCES, rows, _("Insurances"))


@page(Permission.SEE_PEOPLE)
def teams(request: HttpRequest) -> HttpResponseBase:
    """List teams."""
    user: Any = request.user
    rows = Team.objects.visible_to(user).select_related("project__place", "enterprise", "leader")
    return _list(request, tables.TEAMS, rows, _("Teams"), add="people:add_team")


@page(Permission.SEE_RECORDS)
def consents(request: HttpRequest) -> HttpResponseBase:
    """List consents and their ends."""
    user: Any = request.user
    rows = Consent.objects.visible_to(user).select_related("person")
    return _list(request, tables.CONSENTS, rows, _("Consents"))


@page(Permission.SEE_DOCUMENTS)
def documents(request: HttpRequest) -> HttpResponseBase:
    """List id documents; their numbers are on no list."""
    user: Any = request.user
    rows = IdDocument.objects.visible_to(user).select_related("person")
    return _list(request, tables.DOCUMENTS, rows, _("Id documents"))


@page(Permission.MERGE_PEOPLE)
def merges(request: HttpRequest) -> HttpResponseBase:
    """List merged records."""
    user: Any = request.user
    rows = Merge.objects.visible_to(user).select_related("person", "absorbed")
    return _list(request, tables.MERGES, rows, _("Merged records"))


def _list(
    request: HttpRequest, table: ListTable, rows: "QuerySet[Any]", heading: str, *, add: str = ""
) -> HttpResponseBase:
    user: Any = request.user
    context = {"heading": heading, "add": add, "may_see_records": user.may(Permission.SEE_RECORDS)}
    return list_page(request, "people/list.html", table, rows, context=context)
