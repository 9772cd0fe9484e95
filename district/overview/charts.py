"""The charts of the first pages. Each is counted once for some time, for all accounts that see the same."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from district.overview import panels
from district.permissions import Permission

KEPT_S = 55
"""Shorter than the minute after which a page asks again."""
SLOW_KEPT_S = {"days": 3600, "origins": 600}
"""Of what hardly changes within a day. A district's 14 days are 1.3 million rows: only corrections change them."""


def _hours(user: Any) -> dict[str, object]:
    return {"title": _("Inside by hour"), "points": panels.inside_by_hour(user), "every": 3}


def _days(user: Any) -> dict[str, object]:
    return {"title": _("People at work, by day"), "points": panels.days_before(user), "every": 3}


def _trades(user: Any) -> dict[str, object]:
    return {"title": _("Inside by trade"), "items": panels.inside_by_trade(user)}


def _origins(user: Any) -> dict[str, object]:
    return {"title": _("Where people come from"), "items": panels.origins(user)}


CHARTS: dict[str, Callable[[Any], dict[str, object]]] = {
    "hours": _hours,
    "days": _days,
    "trades": _trades,
    "origins": _origins,
}


def chart_of(user: Any, name: str) -> dict[str, object]:
    """Return what a chart shows. The key holds where the account may see what: a grant that ends changes it."""
    scopes = [user.scope(permission) for permission in (Permission.SEE_PRESENCE, Permission.SEE_ATTENDANCE)]
    seen = sha256("|".join(f"{s.ranges}{sorted(s.enterprises)}" for s in scopes).encode()).hexdigest()
    key = f"chart:{name}:{timezone.localdate()}:{get_language()}:{seen}"
    found: Any = cache.get_or_set(key, lambda: CHARTS[name](user), SLOW_KEPT_S.get(name, KEPT_S))
    return dict(found)
