"""The pages on which people make and end what other programs hold."""

from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from district.accounts.models import User
from district.api.forms import RIGHTS, TokenForm, WebhookForm
from district.api.models import ApiToken, WebhookDelivery, WebhookEndpoint
from district.api.tokens import NotYours, end_token, make_token
from district.api.webhooks import end_endpoint, make_endpoint, new_secret, send_again
from district.audit.record import record
from district.pages import page
from district.permissions import Permission

SHOWN = 200


@page(Permission.EXPORT)
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """Show the tokens and webhooks that the account made, or may see."""
    tokens = _mine(ApiToken, request)[:SHOWN]
    hooks = _mine(WebhookEndpoint, request)[:SHOWN]
    context = {
        "tokens": [(token, [RIGHTS[Permission(name)] for name in token.permissions]) for token in tokens],
        "webhooks": hooks,
        "now": timezone.now(),
        "may_make_webhooks": _account(request).may(Permission.CHANGE_ACCOUNTS),
    }
    return render(request, "api/programs.html", context)


@page(Permission.EXPORT, fresh=True)
def make(request: HttpRequest) -> HttpResponse:
    """Make a token, and show its secret once."""
    account = _account(request)
    form = TokenForm(request.POST or None, account=account, permission=Permission.EXPORT)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        expires = timezone.now() + timedelta(days=data["days"])
        try:
            token, secret = make_token(account, data["name"], data["permissions"], expires, **form.target)
        except NotYours:
            form.add_error(None, _not_yours())
        else:
            return render(request, "api/secret.html", {"made": token, "secret": secret})
    return render(request, "api/form.html", {"form": form, "webhook": False})


@page(Permission.EXPORT)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token."""
    end_token(_account(request), get_object_or_404(_changeable(ApiToken, request), pk=pk))
    messages.success(request, _("The token is ended: it opens nothing any more."))
    return redirect("api:programs")


@page(Permission.CHANGE_ACCOUNTS, fresh=True)
def make_webhook(request: HttpRequest) -> HttpResponse:
    """Make a webhook, and show its secret once."""
    account = _account(request)
    form = WebhookForm(request.POST or None, account=account, permission=Permission.CHANGE_ACCOUNTS)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            endpoint, secret = make_endpoint(account, data["name"], data["url"], data["events"], **form.target)
        except NotYours:
            form.add_error(None, _not_yours())
        else:
            return render(request, "api/secret.html", {"made": endpoint, "secret": secret})
    return render(request, "api/form.html", {"form": form, "webhook": True})


@page(Permission.EXPORT)
@require_safe
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last messages of a webhook."""
    endpoint = get_object_or_404(_mine(WebhookEndpoint, request), pk=pk)
    deliveries = endpoint.deliveries.order_by("-pk")[:SHOWN]
    return render(request, "api/webhook.html", {"endpoint": endpoint, "deliveries": deliveries})


@page(Permission.EXPORT)
@require_POST
def end_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """End a webhook."""
    end_endpoint(_account(request), get_object_or_404(_changeable(WebhookEndpoint, request), pk=pk))
    messages.success(request, _("The webhook is ended: nothing more is sent there."))
    return redirect("api:programs")


@page(Permission.EXPORT)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send once more what did not arrive."""
    endpoint = get_object_or_404(_changeable(WebhookEndpoint, request), pk=pk, ended__isnull=True)
    WebhookDelivery.objects.filter(endpoint=endpoint, done__isnull=True).update(
        given_up=None, next_try=timezone.now(), made=timezone.now()
    )
    record(_account(request), "api.webhook.again", endpoint)
    messages.success(request, _("What did not arrive is sent once more."))
    return redirect("api:webhook", pk=endpoint.pk)


@page(Permission.EXPORT)
@require_POST
def replay(request: HttpRequest, pk: int, delivery: int) -> HttpResponse:
    """Send one message once more."""
    endpoint = get_object_or_404(_changeable(WebhookEndpoint, request), pk=pk, ended__isnull=True)
    send_again(_account(request), get_object_or_404(endpoint.deliveries.select_related("endpoint"), pk=delivery))
    messages.success(request, _("The message is sent once more, under the same id."))
    return redirect("api:webhook", pk=endpoint.pk)


@page(Permission.EXPORT, fresh=True)
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new secret for a webhook, and show it once."""
    endpoint = get_object_or_404(_changeable(WebhookEndpoint, request), pk=pk, ended__isnull=True)
    secret = new_secret(_account(request), endpoint)
    return render(request, "api/secret.html", {"made": endpoint, "secret": secret})


def _mine(model: Any, request: HttpRequest) -> Any:
    """Return what the account made, and what it may see of others."""
    account = _account(request)
    rows = model.objects.visible_to(account) | model.objects.filter(made_by=account)
    return rows.select_related("place", "enterprise", "made_by").order_by(F("ended").asc(nulls_first=True), "-pk")


def _changeable(model: Any, request: HttpRequest) -> Any:
    account = _account(request)
    return model.objects.visible_to(account, Permission.CHANGE_ACCOUNTS) | model.objects.filter(made_by=account)


def _account(request: HttpRequest) -> User:
    return cast(User, request.user)


def _not_yours() -> str:
    return _("This is more than you may see there yourself: choose fewer rights, or another place.")
