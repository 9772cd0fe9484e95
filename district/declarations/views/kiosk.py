"""The page of a tablet on a site: who are you, the questions, thank you. It keeps nothing between two workers."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from district.declarations import kiosks
from district.declarations.asking import AskingSite
from district.declarations.forms import DeclareForm
from district.declarations.models import DeclarationKiosk, HealthDeclaration
from district.declarations.standing import standing_of
from district.declarations.views.phone import form_context, stored
from district.pages import open_page
from district.people.models import Person
from district.phones.rules import masked


@open_page("a tablet on a site: its address is its secret, and the worker shows who it is")
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk(request: HttpRequest, address: str) -> HttpResponse:
    """Let a worker without a phone declare at a tablet."""
    found = kiosks.open_kiosk(address)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _who(request, found)
    if request.POST.get("step") != "answers":
        typed = request.POST.get("worker", "")[:400]
        try:
            person = kiosks.who_is(found, typed, request.POST.get("answer", "")[:12])
        except kiosks.NotKnownHere as error:
            return _who(request, found, str(error), typed)
        return _questions(request, found, person, _site(found, person), DeclareForm())
    person_ = kiosks.of_token(found, request.POST.get("token", "")[:400])
    if person_ is None:
        return _who(request, found, _("It took too long. Begin again."))
    return _answered(request, found, person_)


def _answered(request: HttpRequest, found: DeclarationKiosk, person: Person) -> HttpResponse:
    site, form = _site(found, person), DeclareForm(request.POST)
    way = HealthDeclaration.Way.KIOSK.value
    if not form.is_valid() or not stored(request, person, site, form, way=way):
        return _questions(request, found, person, site, form)
    return render(request, "declarations/kiosk/done.html", {"standing": standing_of(person, site)})


def _who(request: HttpRequest, found: DeclarationKiosk, trouble: str = "", worker: str = "") -> HttpResponse:
    context = {"kiosk": found, "trouble": trouble, "worker": worker}
    return render(request, "declarations/kiosk/who.html", context, status=422 if trouble else 200)


def _site(found: DeclarationKiosk, person: Person) -> AskingSite:
    site = kiosks.site_at(found, person)
    if site is None:
        raise Http404
    return site


def _questions(
    request: HttpRequest, found: DeclarationKiosk, person: Person, site: AskingSite, form: DeclareForm
) -> HttpResponse:
    context = form_context(form) | {
        "kiosk": found,
        "name": masked(person.name),
        "sites": [site],
        "site": site,
        "standing": standing_of(person, site),
        "token": kiosks.token_of(found, person),
        "client_key": request.POST.get("client_key") or secrets.token_hex(16),
    }
    return render(request, "declarations/kiosk/questions.html", context, status=422 if form.is_bound else 200)
