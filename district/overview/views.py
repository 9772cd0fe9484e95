"""The first page, search, language, saved views, and pages for errors."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from district.audit.record import record_many
from district.overview.charts import CHARTS, chart_of
from district.overview.emergency import emergency_figures, emergency_tasks
from district.overview.first_day import WORKER, steps_of
from district.overview.homes import ORDER, feed_notice, home_of
from district.overview.search import LONGEST, SearchResult, search_all
from district.pages import open_page, page
from district.permissions import ROLE_NAMES, Role
from district.phones.pages import PhoneRequest, phone_page
from district.web.models import SavedView

VIEWS_MAX = 50
"""Saved views of one account."""


@page(None)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show the first page of the account's roles, or of the one that the address names."""
    user: Any = request.user
    shown = _shown_role(request)
    if shown is None:
        return render(request, "overview/no_role.html")
    found = home_of(user, shown)
    found.figures += emergency_figures(user, shown)
    context = {
        "home": found,
        "emergency": emergency_tasks(user, shown),
        "notice": feed_notice(),
        **_role_words(user, shown),
    }
    return render(request, "overview/home.html", context)


@page(None)
@require_GET
def first_day(request: HttpRequest) -> HttpResponse:
    """Say what the account's role does on its first day, or another of its roles that the address names."""
    user: Any = request.user
    shown = _shown_role(request)
    if shown is None:
        return render(request, "overview/no_role.html")
    context = {"steps": steps_of(user, shown), **_role_words(user, shown)}
    return render(request, "overview/first_day.html", context)


@phone_page
@require_GET
def my_first_day(request: PhoneRequest) -> HttpResponse:
    """Say what a worker does on the first day."""
    return render(request, "overview/my_first_day.html", {"steps": WORKER})


@page(None)
@require_GET
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Show one chart of the first page. The page fetches it by itself and again each minute."""
    if name not in CHARTS:
        raise Http404
    template = "overview/chart.html" if request.headers.get("HX-Request") else "overview/chart_page.html"
    return render(request, template, chart_of(request.user, name))


@page(None)
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Find people, sites and enterprises. A part for the search box if htmx asks, else a page."""
    result = search_all(request.user, request.GET.get("q", "")[:LONGEST])
    _record(request, result)
    template = "overview/found.html" if request.headers.get("HX-Request") else "overview/search.html"
    return render(request, template, {"result": result, "search_text": result.text})


@open_page("the sign-in page has a language too; it changes a cookie")
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language, for this browser and for the account."""
    wanted = request.POST.get("language", "")
    response = redirect(_next(request))
    if wanted in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        user: Any = request.user
        if user.is_authenticated and user.language != wanted:
            user.language = wanted
            user.save(update_fields=["language"])
    return response


@page(None)
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep a list's filters under a name, or remove one that is kept."""
    user: Any = request.user
    if (remove := request.POST.get("remove", "")).isdecimal() and len(remove) < 19:
        SavedView.objects.filter(user=user, pk=int(remove)).delete()
        messages.success(request, _("The view is removed."))
        return redirect(_next(request))
    name, table = request.POST.get("name", "").strip()[:60], request.POST.get("table", "")[:40]
    query = request.POST.get("query", "").lstrip("?")
    if not name or not table or len(query) > 1000 or "\0" in name + table + query:
        messages.error(request, _("This view cannot be kept: give it a name, or choose fewer filters."))
    elif SavedView.objects.filter(user=user).count() >= VIEWS_MAX:
        messages.error(request, _("You keep %(count)s views already: remove one first.") % {"count": VIEWS_MAX})
    else:
        SavedView.objects.update_or_create(user=user, table=table, name=name, defaults={"query": query})
        messages.success(request, _("The view is kept."))
    return redirect(_next(request))


@open_page("a form that was open while its session ended must get an answer that says what to do")
def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose secret is no longer valid. What was typed is still in the browser."""
    return render(request, "overview/too_old.html", {"address": request.path}, status=403)


def _roles_of(user: Any) -> list[Role]:
    return [role for role in ORDER if role in user.roles]


def _shown_role(request: HttpRequest) -> Role | None:
    """Return the role that the address names, or the first of the account; None if it has no role."""
    roles = _roles_of(request.user)
    return next((role for role in roles if role.value == request.GET.get("as")), roles[0] if roles else None)


def _role_words(user: Any, shown: Role) -> dict[str, Any]:
    """Return the name of the shown role, and a tab for each role of an account with several."""
    roles = _roles_of(user)
    tabs = [(role.value, ROLE_NAMES[role], role is shown) for role in roles] if len(roles) > 1 else []
    return {"role_name": ROLE_NAMES[shown], "role_tabs": tabs}


def _record(request: HttpRequest, result: SearchResult) -> None:
    if result.by_document:
        record_many(request.user, "search", list(result.by_document), fields=["id_number"], why="search by number")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else "/"
