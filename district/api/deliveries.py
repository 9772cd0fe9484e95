"""Deliver what is queued for other programs."""

import json
import socket
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from district.api import webhooks
from district.api.models import WebhookDelivery, WebhookEndpoint
from district.api.whole_time import whole_time_transport

PAGE = 20
TIMEOUT_S = 10.0
WHOLE_S = 20.0
"""A whole exchange takes no longer. An address that drips its answer holds up no other."""
_LEASE = timedelta(minutes=2)
_ANSWER_MAX = 60
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(ValueError):
    """An address to which nothing is sent: this machine itself, or a network's own services."""


def deliver() -> bool:
    """Deliver what is due, at most a page. Return whether there may be more."""
    whole = whole_time_transport(WHOLE_S)
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, transport=whole) as client:
        return deliver_page(client, timezone.now())


def deliver_page(client: httpx.Client, now: datetime) -> bool:
    """Deliver a page. An address that fails waits with all its messages, so that it holds up no other."""
    waiting = WebhookDelivery.objects.filter(done__isnull=True, given_up__isnull=True, next_try__lte=now)
    rows = list(waiting.select_related("endpoint__made_by").order_by("next_try", "pk")[:PAGE])
    failed: set[int] = set()
    for row in rows:
        if row.endpoint_id in failed:
            continue
        mine = WebhookDelivery.objects.filter(pk=row.pk, next_try=row.next_try, done__isnull=True)
        if not mine.update(next_try=now + _LEASE, attempts=row.attempts + 1):
            continue
        row.attempts += 1
        if not row.endpoint.alive:
            _give_up(row, "ended", now)
        elif not _sent(client, row, now):
            failed.add(row.endpoint_id)
    if not rows:
        webhooks.forget(now)
    return len(rows) == PAGE


def _sent(client: httpx.Client, row: WebhookDelivery, now: datetime) -> bool:
    body = json.dumps(row.body, ensure_ascii=False, separators=(",", ":"))
    known = [row.endpoint.secret]
    if row.endpoint.old_secret and row.endpoint.old_until and row.endpoint.old_until > now:
        known.append(row.endpoint.old_secret)
    signature = " ".join(Webhook(secret).sign(row.message_id, now, body) for secret in known)
    headers = {
        "content-type": "application/json",
        "webhook-id": row.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    try:
        status = _post(client, row.endpoint.url, body.encode(), headers)
    except (httpx.HTTPError, OSError, AddressRefused) as error:
        return _failed(row, type(error).__name__, now)
    if not 200 <= status < 300:
        return _failed(row, f"HTTP {status}", now)
    WebhookDelivery.objects.filter(pk=row.pk).update(done=now, status=f"HTTP {status}")
    WebhookEndpoint.objects.filter(pk=row.endpoint_id, failing_since__isnull=False).update(failing_since=None)
    return True


def _post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send to the address that was checked: a name cannot point elsewhere between check and connection."""
    parts = httpx.URL(url)
    address = checked_address(parts.host, parts.port or (443 if parts.scheme == "https" else 80))
    host = parts.netloc.decode()
    extensions: dict[str, Any] = {"sni_hostname": parts.host} if parts.scheme == "https" else {}
    with client.stream(
        "POST", parts.copy_with(host=address), content=body, headers=headers | {"Host": host}, extensions=extensions
    ) as response:
        return response.status_code


def checked_address(host: str, port: int) -> str:
    """Return an address of a host.

    Raises:
        AddressRefused: not on the public internet, and in no network that district.toml allows. A webhook must not
            reach this machine or the programs beside it.
        OSError: the name is not known.
    """
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for text in sorted(found):
        mapped = _inner(ip_address(text.partition("%")[0]))
        allowed = any(mapped in network for network in settings.WEBHOOK_NETWORKS)
        if mapped.is_multicast or not (mapped.is_global or allowed):
            raise AddressRefused(host)
    return min(found)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address to which an IPv6 one leads: mapped, 6to4, or by NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _failed(row: WebhookDelivery, status: str, now: datetime) -> bool:
    if now - row.made > webhooks.GIVE_UP_AFTER:
        _give_up(row, status, now)
    else:
        later = now + webhooks.next_try(row.attempts)
        WebhookDelivery.objects.filter(pk=row.pk).update(status=status[:_ANSWER_MAX], next_try=later)
        others = WebhookDelivery.objects.filter(endpoint=row.endpoint_id, done__isnull=True, given_up__isnull=True)
        others.filter(next_try__lt=later).update(next_try=later)
    WebhookEndpoint.objects.filter(pk=row.endpoint_id, failing_since__isnull=True).update(failing_since=now)
    return False


def _give_up(row: WebhookDelivery, status: str, now: datetime) -> None:
    WebhookDelivery.objects.filter(pk=row.pk).update(given_up=now, status=status[:_ANSWER_MAX])
