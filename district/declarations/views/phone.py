"""The worker's own pages: declare, and what was declared."""

import secrets
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.http import require_http_methods, require_safe

from district.declarations import registry
from district.declarations.area_names import listed_areas
from district.declarations.asking import AskingSite, asking_sites
from district.declarations.forms import DeclareForm
from district.declarations.rules import DeclarationRefused
from district.declarations.standing import standing_of
from district.people.models import Person
from district.people.registry.base import RecordRefused
from district.phones.pages import PhoneRequest, phone_page


@phone_page
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: PhoneRequest) -> HttpResponse:
    """Let a worker declare. A phone that kept a draft without a network sends it with `X-Part`, and gets JSON."""
    sites = asking_sites(request.worker)
    if not sites:
        raise Http404
    site, form = chosen_site(request, sites), None
    if request.method == "POST":
        form = DeclareForm(request.POST)
        if form.is_valid() and stored(request, request.worker, site, form):
            return _answer(request, 200, go=reverse("declarations:declared"))
        if request.headers.get("X-Part"):
            return _answer(request, 422, problems=form.problems())
    if form is None:
        form = DeclareForm(last=registry.last_answers(request.worker, site.measure))
    context = {
        **form_context(form),
        "person": request.worker,
        "sites": sites,
        "site": site,
        "standing": standing_of(request.worker, site),
        "client_key": request.POST.get("client_key") or secrets.token_hex(16),
    }
    return render(request, "declarations/phone/declare.html", context, status=422 if form.is_bound else 200)


@phone_page
@require_safe
def declared(request: PhoneRequest) -> HttpResponse:
    """Say what the last declaration means for the next hours."""
    sites = asking_sites(request.worker)
    if not sites:
        raise Http404
    standing = standing_of(request.worker, sites[0])
    if standing.last is None:
        return redirect("declarations:declare")
    return render(request, "declarations/phone/declared.html", {"standing": standing, "site": sites[0]})


def form_context(form: DeclareForm) -> dict[str, object]:
    """Return what every page with the form needs."""
    return {"form": form, "areas": listed_areas()}


def chosen_site(request: HttpRequest, sites: list[AskingSite]) -> AskingSite:
    """Return the site that the form names, or the first."""
    wanted = request.POST.get("project", "")
    return next((one for one in sites if str(one.project.pk) == wanted), sites[0])


def stored(request: HttpRequest, person: Person, site: AskingSite, form: DeclareForm, **more: str) -> bool:
    """Store what a form says. Return whether it was; else the form says why not."""
    more = {"by": f"worker {person.worker_id}", "way": "phone"} | more
    try:
        registry.declare(
            more.pop("by"),
            person,
            site,
            form.given(),
            client_key=request.POST.get("client_key", "").replace("\0", ""),
            claimed=_claimed(request),
            **more,
        )
    except DeclarationRefused as error:
        form.refuse(error)
    except RecordRefused as error:
        form.answers.add_error(None, str(error))
    else:
        return True
    return False


def _claimed(request: HttpRequest) -> datetime | None:
    """Return when the phone says that it was answered; None if it says nothing that can be read."""
    try:
        found = parse_datetime(request.POST.get("claimed", "")[:40])
    except ValueError:
        return None
    return found if found is not None and is_aware(found) else None


def _answer(request: HttpRequest, status: int, *, go: str = "", problems: list[str] | None = None) -> HttpResponse:
    if request.headers.get("X-Part"):
        return JsonResponse({"go": go, "problems": problems or []}, status=status)
    return redirect(go)
