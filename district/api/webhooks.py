"""Tell other programs of events: queued in the transaction of the change, signed, at least once, each under one id."""

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.backoff import doubled_s
from district.accounts.models import User
from district.api.models import WebhookDelivery, WebhookEndpoint
from district.api.tokens import NotYours
from district.audit.record import record
from district.permissions import Permission
from district.places.models import Enterprise, Place
from district.scope import Scope

ITEMS_MAX = 100
"""Events in one message."""
GIVE_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
_FIRST_S, _MAX_S = 10.0, 6 * 3600.0
OLD_SECRET_FOR = timedelta(hours=24)
"""So long the former secret signs too, after a new one was made."""
NEEDS = {
    WebhookEndpoint.Event.PASSAGES: Permission.SEE_ATTENDANCE,
    WebhookEndpoint.Event.REFUSALS: Permission.SEE_ATTENDANCE,
    WebhookEndpoint.Event.PRESENCE: Permission.SEE_PRESENCE,
    WebhookEndpoint.Event.ASSIGNMENTS: Permission.SEE_PEOPLE,
    WebhookEndpoint.Event.PEOPLE: Permission.SEE_PEOPLE,
    WebhookEndpoint.Event.CORRECTIONS: Permission.SEE_ATTENDANCE,
    WebhookEndpoint.Event.IMPORTS: Permission.SEE_PEOPLE,
    WebhookEndpoint.Event.GATES: Permission.SEE_SITES,
    WebhookEndpoint.Event.PAPERS: Permission.SEE_PEOPLE,
    WebhookEndpoint.Event.CASES: Permission.SEE_CASES,
    WebhookEndpoint.Event.HEALTH_CASES: Permission.SEE_HEALTH,
}


@dataclass(frozen=True)
class WebhookItem:
    """One event, and where it belongs."""

    path: str
    enterprise: int | None
    data: Mapping[str, Any]

    def inside(self, scope: Scope) -> bool:
        """Say whether a scope holds it."""
        return self.enterprise in scope.enterprises or scope.holds(self.path)


@transaction.atomic
def make_endpoint(
    maker: User,
    name: str,
    url: str,
    events: Sequence[str],
    *,
    place: Place | None = None,
    enterprise: Enterprise | None = None,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint. Return it and its secret, which is shown once. Raises NotYours."""
    secret = _new_secret()
    endpoint = WebhookEndpoint(
        name=name, url=url, events=sorted(set(events)), secret=secret, made_by=maker, place=place, enterprise=enterprise
    )
    if any(endpoint.scope(NEEDS[WebhookEndpoint.Event(event)]).empty for event in endpoint.events):
        raise NotYours
    endpoint.save()
    record(maker, "api.webhook", endpoint, fields=endpoint.events)
    return endpoint, secret


@transaction.atomic
def new_secret(account: User, endpoint: WebhookEndpoint) -> str:
    """Give an endpoint a new secret, and return it. The former one signs for a day more, so that nothing is lost."""
    endpoint.old_secret, endpoint.old_until = endpoint.secret, timezone.now() + OLD_SECRET_FOR
    endpoint.secret = _new_secret()
    endpoint.save(update_fields=["secret", "old_secret", "old_until"])
    record(account, "api.webhook.secret", endpoint)
    return str(endpoint.secret)


@transaction.atomic
def send_again(account: User, delivery: WebhookDelivery) -> None:
    """Send one message again under its own id, also if it arrived before."""
    now = timezone.now()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(done=None, given_up=None, attempts=0, next_try=now, made=now)
    record(account, "api.webhook.replay", delivery.endpoint, details={"message": delivery.message_id})


@transaction.atomic
def end_endpoint(account: User, endpoint: WebhookEndpoint) -> None:
    """End an endpoint: nothing more is sent there, also not what waits."""
    if endpoint.ended is None:
        endpoint.ended = timezone.now()
        endpoint.save(update_fields=["ended"])
        waiting = endpoint.deliveries.filter(done__isnull=True, given_up__isnull=True)
        waiting.update(given_up=endpoint.ended, status="ended")
        record(account, "api.webhook.end", endpoint)


def listeners(event: WebhookEndpoint.Event) -> list[WebhookEndpoint]:
    """Return the endpoints that get an event."""
    living = WebhookEndpoint.objects.filter(ended__isnull=True).select_related("place", "made_by")
    return [endpoint for endpoint in living if event in endpoint.events and endpoint.alive]


def emit(event: WebhookEndpoint.Event, items: Iterable[WebhookItem]) -> None:
    """Queue events for the endpoints that may receive them. Call it in the transaction of the change."""
    told = listeners(event)
    found = list(items) if told else []
    deliveries = []
    for endpoint in told:
        scope = endpoint.scope(NEEDS[event])
        mine = [item.data for item in found if item.inside(scope)]
        for start in range(0, len(mine), ITEMS_MAX):
            deliveries.append(_delivery(endpoint, event, mine[start : start + ITEMS_MAX]))
    WebhookDelivery.objects.bulk_create(deliveries)


def next_try(attempts: int) -> timedelta:
    """Return the pause after so many failures: from 10 seconds up to 6 hours."""
    return timedelta(seconds=doubled_s(_FIRST_S, max(attempts - 1, 0), _MAX_S))


def forget(now: datetime) -> None:
    """Remove old messages."""
    WebhookDelivery.objects.filter(made__lt=now - KEPT).delete()


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _delivery(endpoint: WebhookEndpoint, event: str, data: Sequence[Mapping[str, Any]]) -> WebhookDelivery:
    now = timezone.now()
    return WebhookDelivery(
        endpoint=endpoint,
        message_id=f"msg_{secrets.token_hex(12)}",
        event=event,
        body={"type": event, "timestamp": now.isoformat(), "data": list(data)},
        made=now,
        next_try=now,
    )
