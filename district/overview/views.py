"""The first page, search, language, saved views."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from district.accounts.pages import open_page, page
from district.web.models import SavedView

VIEWS_MAX = 50
"""Saved views of one account."""


@page(None)
def home(request: HttpRequest) -> HttpResponse:
    """Show the first page of the account's roles."""
    return render(request, "overview/home.html")


@page(None)
def search(request: HttpRequest) -> HttpResponse:
    """Find people, sites and enterprises."""
    return render(request, "overview/search.html", {"search_text": request.GET.get("q", "")[:80]})


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


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"
