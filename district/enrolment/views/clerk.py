"""The clerk's pages: who of a site is enrolled, links to print or to send, phones to end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from district.accounts.models import User
from district.audit.record import record_many
from district.enrolment.photos import newest_states
from district.pages import page
from district.people.models import AccessCard, Assignment, Consent, IdDocument, Person, in_force
from district.permissions import Permission
from district.phones.links import make_links
from district.phones.models import WorkerPhone
from district.places.models import Project

INVITED_AT_ONCE = 300
"""A sheet of more links is 38 pages: print it in parts."""


@dataclass(frozen=True, slots=True)
class PrintedLink:
    """A link as the sheet shows it."""

    name: str
    team: str
    url: str
    svg: str
    question: str
    """What the link asks: `document`, `birth` or ""."""


@page(Permission.INVITE)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """List the sites with how many people are enrolled."""
    projects = Project.objects.visible_to(_account(request)).select_related("place").order_by("place__name", "pk")
    working = _working(request)
    counts = {
        row["project"]: row
        for row in working.values("project").annotate(
            all=Count("person", distinct=True),
            open=Count("person", filter=Q(person__way=""), distinct=True),
        )
    }
    rows = [(one, counts[one.pk]["all"], counts[one.pk]["open"]) for one in projects if one.pk in counts]
    if len(rows) == 1:
        return redirect("enrolment:people", project=rows[0][0].pk)
    return render(request, "enrolment/overview.html", {"rows": rows})


@page(Permission.INVITE)
@require_safe
def people(request: HttpRequest, project: int) -> HttpResponse:
    """List the people of a site, those first who need a link."""
    site = _site(request, project)
    rows = _states(request, site)
    context = {"site": site, "rows": rows, "open": sum(row["open"] for row in rows)}
    context["may_give"] = _account(request).may(Permission.CHANGE_PEOPLE)
    return render(request, "enrolment/people.html", context)


@page(Permission.INVITE)
@require_POST
def invite(request: HttpRequest, project: int) -> HttpResponse:
    """Make links for the chosen people, and show them once: as a sheet to print, with the addresses to send."""
    site = _site(request, project)
    chosen = _chosen(request, site)
    if not chosen or len(chosen) > INVITED_AT_ONCE:
        none = _("Choose at least one person.")
        many = _("Choose at most %(count)s people at a time.") % {"count": INVITED_AT_ONCE}
        messages.error(request, many if chosen else none)
        return redirect("enrolment:people", project=project)
    teams = dict(Assignment.objects.filter(project=site, person__in=chosen).values_list("person", "team__name"))
    documented = set(IdDocument.objects.filter(person__in=chosen).values_list("person", flat=True))
    links, base = [], _public_address(request)
    for made in make_links(request.user, site, chosen):
        url = base + reverse("phones:link", args=[made.secret])
        svg = segno.make(url, error="m", micro=False).svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
        question = "document" if made.person.pk in documented else "birth" if made.person.birth else ""
        links.append(PrintedLink(made.person.name, teams.get(made.person.pk) or "", url, svg, question))
        expires = made.invitation.expires
    context = {"site": site, "links": links, "expires": expires, "only_here": _only_here(base)}
    return render(request, "enrolment/sheet.html", context)


@page(Permission.INVITE)
@require_POST
def end_phones(request: HttpRequest, project: int) -> HttpResponse:
    """End the phones of the chosen people: lost, sold, or in other hands."""
    site = _site(request, project)
    chosen = _chosen(request, site)
    with transaction.atomic():
        ended = WorkerPhone.objects.filter(person__in=chosen, ended=None).update(ended=timezone.now())
        record_many(request.user, "end phone", chosen, place_path=site.place.path)
    text = ngettext("%(count)s phone was signed out.", "%(count)s phones were signed out.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("enrolment:people", project=project)


def _public_address(request: HttpRequest) -> str:
    """Return the address under which phones reach these pages."""
    config = getattr(settings, "CONFIG", None)
    known = config.web.public_url.rstrip("/") if config else ""
    return known or f"{request.scheme}://{request.get_host()}"


def _only_here(base: str) -> bool:
    """Say whether an address is of this machine alone: no phone opens it."""
    return urlsplit(base).hostname in {"127.0.0.1", "localhost", "::1"}


def _account(request: HttpRequest) -> User:
    user: Any = request.user
    account: User = user
    return account


def _site(request: HttpRequest, pk: int) -> Project:
    found = Project.objects.visible_to(_account(request)).select_related("place").filter(pk=pk).first()
    if found is None:
        raise Http404
    site: Project = found
    return site


def _working(request: HttpRequest) -> "QuerySet[Assignment]":
    """Return the assignments in force of people whom the account may invite."""
    rows: QuerySet[Assignment] = Assignment.objects.visible_to(_account(request), Permission.INVITE)
    return rows.filter(in_force(timezone.localdate()), person__merged_into=None, person__erased=None).order_by()


def _chosen(request: HttpRequest, site: Project) -> list[Person]:
    """Return the people that a form names, of those whom the account may invite to this site."""
    numbers = [int(text) for text in request.POST.getlist("pick") if text.isdecimal() and len(text) < 19]
    allowed = _working(request).filter(project=site, person__in=numbers[:5_000]).values("person")
    return list(Person.objects.filter(pk__in=allowed).order_by("pinyin", "pk"))


def _states(request: HttpRequest, site: Project) -> list[dict[str, Any]]:
    work = _working(request).filter(project=site).select_related("person", "team", "enterprise")
    persons: Sequence[Person] = [one.person for one in work]
    photos = newest_states(persons)
    now = timezone.now()
    faces = set(
        Consent.objects.filter(person__in=persons, purpose=Consent.Purpose.FACE, withdrawn=None).values_list(
            "person", flat=True
        )
    )
    phones = set(WorkerPhone.objects.filter(person__in=persons, ended=None).values_list("person", flat=True))
    invited = set(
        Person.objects.filter(invitations__used=None, invitations__expires__gt=now, pk__in=[p.pk for p in persons])
        .order_by()
        .values_list("pk", flat=True)
    )
    cards = set(AccessCard.objects.filter(person__in=persons, ended=None).values_list("person", flat=True))
    rows = [
        {
            "person": one.person,
            "team": one.team,
            "employer": one.enterprise,
            "state": _state(one.person, one.person_id in faces, photos.get(one.person_id, "")),
            "phone": one.person_id in phones,
            "card": one.person_id in cards,
            "invited": one.person_id in invited,
        }
        for one in work
    ]
    for row in rows:
        row["open"] = row["state"] in {"none", "photo", "refused"}
        row["card_due"] = row["state"] == "card" and not row["card"]
    return sorted(
        rows,
        key=lambda row: (not row["card_due"], not row["open"], row["phone"], row["person"].pinyin, row["person"].pk),
    )


def _state(person: Person, agreed: bool, photo: str) -> str:
    """Return how far a person is."""
    if person.way == "":
        return "none"
    if person.way != Person.Way.FACE or not agreed:
        return "card" if person.way == Person.Way.CARD else "code"
    return {"enrolled": "face", "waiting": "waiting", "another": "another", "refused": "refused"}.get(photo, "photo")
