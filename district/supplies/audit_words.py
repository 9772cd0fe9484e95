"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "change offer": pgettext_lazy("audit", "took an offer of supplies further"),
    "declare day": pgettext_lazy("audit", "declared a site's people and supplies"),
    "draw spot checks": pgettext_lazy("audit", "drew spot checks"),
    "end commitment": pgettext_lazy("audit", "ended a commitment"),
    "file commitment": pgettext_lazy("audit", "filed a commitment to start work"),
    "note spot check": pgettext_lazy("audit", "noted a spot check"),
    "offer surplus": pgettext_lazy("audit", "asked a site for its surplus"),
    "remind site": pgettext_lazy("audit", "reminded a site of its declaration"),
    "set supply policy": pgettext_lazy("audit", "set what sites declare"),
}
DETAILS: dict[str, StrPromise] = {
    "day": pgettext_lazy("audit", "day"),
    "outcome": pgettext_lazy("audit", "result"),
    "quantity": pgettext_lazy("audit", "quantity"),
    "item": pgettext_lazy("audit", "item"),
    "seed": pgettext_lazy("audit", "seed of the draw"),
}
FIELDS: dict[str, StrPromise] = {
    "abnormal": pgettext_lazy("audit", "people not well"),
    "back": pgettext_lazy("audit", "people back"),
    "due": pgettext_lazy("audit", "hour of the declaration"),
    "enough_days": pgettext_lazy("audit", "days that are enough"),
    "expected": pgettext_lazy("audit", "people expected"),
    "from_listed": pgettext_lazy("audit", "people from listed areas"),
    "isolation_places": pgettext_lazy("audit", "isolation places"),
    "isolation_used": pgettext_lazy("audit", "isolation places in use"),
    "listed_areas": pgettext_lazy("audit", "listed areas"),
    "people_per_thermometer": pgettext_lazy("audit", "people for each thermometer"),
    "short_days": pgettext_lazy("audit", "days that are short"),
    "surplus_days": pgettext_lazy("audit", "days that are a surplus"),
    "daily_use": pgettext_lazy("audit", "use each day"),
    "stock": pgettext_lazy("audit", "stock"),
}
SUBJECTS: dict[str, StrPromise] = {
    "supplies.spotcheck": pgettext_lazy("audit", "spot check"),
    "supplies.spotcheckdraw": pgettext_lazy("audit", "draw of spot checks"),
    "supplies.startcommitment": pgettext_lazy("audit", "commitment to start work"),
    "supplies.supplyoffer": pgettext_lazy("audit", "offer of supplies"),
    "supplies.supplypolicy": pgettext_lazy("audit", "rules for supplies"),
}
