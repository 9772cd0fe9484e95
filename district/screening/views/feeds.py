"""Pages of feeds, and the address to which an authority's program sends its lists."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from district.emergency.pages import measure_page
from district.pages import open_page
from district.screening import registry
from district.screening.forms import FromSourceForm, measures_of
from district.screening.models import ListFeed
from district.screening.rules import ScreeningRefused
from district.screening.tables import refused_rows
from district.screening.views.base import KIND, SCREEN, SEE, own_feed
from district.web.refusals import refused


@measure_page(SEE, KIND)
@require_safe
def feeds(request: HttpRequest) -> HttpResponseBase:
    """Show the programs that may send lists."""
    user: Any = request.user
    rows = ListFeed.objects.visible_to(user).kept().defer("secret").select_related("measure__place").order_by("-pk")
    own = {measure.pk for measure in measures_of(user)}
    context = {"feeds": [(row, row.measure_id in own and row.ended is None) for row in rows], "may_make": bool(own)}
    return render(request, "screening/feeds.html", context)


@measure_page(SCREEN, KIND, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a feed, and show its secret once."""
    user: Any = request.user
    form = FromSourceForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = registry.make_feed(user, **form.cleaned_data)
        except ScreeningRefused as error:
            form.add_error(None, refused(error))
        else:
            path = f"{reverse('screening:message', args=[made.pk])}?key={registry.address_key(made)}"
            address = request.build_absolute_uri(path)
            return render(request, "screening/feed.html", {"feed": made, "secret": secret, "address": address})
    return render(request, "screening/new_feed.html", {"form": form}, status=422 if form.is_bound else 200)


@measure_page(SCREEN, KIND)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a feed."""
    registry.end_feed(request.user, own_feed(request, pk))
    messages.success(request, _("The feed is ended. Lists that it brought stay until their last day."))
    return redirect("screening:feeds")


def _knows(request: HttpRequest, pk: int) -> bool:
    return registry.knows_address(pk, request.GET.get("key", ""))


@csrf_exempt
@open_page("a program signs each message with the feed's secret", knows=_knows)
@require_POST
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a signed list."""
    try:
        taken = registry.take_message(pk, {name.lower(): text for name, text in request.headers.items()}, request.body)
    except registry.FeedUnknown:
        return JsonResponse({"problem": "The signature is missing, old or wrong, or the feed has ended."}, status=401)
    except ScreeningRefused as error:
        return JsonResponse({"problem": str(error)}, status=422)
    problems = [{"row": one.row, "problem": one.said()} for one in refused_rows(taken)]
    return JsonResponse({"list": taken.pk, "rows": taken.row_count, "refused": problems})
