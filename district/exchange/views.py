"""The page that says how the exchange with HQ is."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.audit.record import record
from district.exchange.models import FailedEntry, FeedPosition, OutboxRow, WorkerLease
from district.pages import page
from district.permissions import Permission

OLD = timedelta(minutes=2)
"""A worker reads the feed twice a second: more than this is trouble."""
SHOWN = 200


@page(Permission.CHANGE_SYSTEM, whole=True)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how old the feed is, what waits for HQ, what HQ refuses and why, and which workers run."""
    now = timezone.now()
    waiting = OutboxRow.objects.filter(done=None)
    feed = FeedPosition.objects.filter(pk=1).first()
    working = WorkerLease.objects.filter(until__gt=now).order_by("name")
    context = {
        "feed": feed,
        "feed_old": feed is None or feed.read is None or now - feed.read > OLD,
        "waiting": waiting.count(),
        "oldest": waiting.aggregate(oldest=Min("made"))["oldest"],
        "refused": waiting.exclude(refusal="").order_by("id")[:SHOWN],
        "failed": FailedEntry.objects.order_by("id")[:SHOWN],
        "rounds": working,
        "workers": working.order_by().values("holder").distinct().count(),
    }
    return render(request, "exchange/status.html", context)


@page(Permission.CHANGE_SYSTEM, whole=True)
@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """Hand over what HQ refused, and store what was set aside, at the next turn."""
    tried = OutboxRow.objects.filter(done=None).exclude(refusal="").update(next_try=timezone.now())
    tried += FailedEntry.objects.update(next_try=timezone.now())
    record(request.user, "try again", OutboxRow, details={"rows": str(tried)})
    messages.success(request, _("It is tried again at once. Look at this page in a few seconds."))
    return redirect("exchange:status")
