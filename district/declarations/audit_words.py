"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "declare health": pgettext_lazy("audit", "declared health and trips"),
    "take temperature": pgettext_lazy("audit", "took a temperature"),
    "set declaration policy": pgettext_lazy("audit", "set what declarations ask"),
    "add kiosk": pgettext_lazy("audit", "added a tablet"),
    "close kiosk": pgettext_lazy("audit", "closed a tablet"),
}
DETAILS: dict[str, StrPromise] = {
    "way": pgettext_lazy("audit", "way"),
}
SUBJECTS: dict[str, StrPromise] = {
    "declarations.healthdeclaration": pgettext_lazy("audit", "health declaration"),
    "declarations.temperaturereading": pgettext_lazy("audit", "temperature"),
    "declarations.declarationpolicy": pgettext_lazy("audit", "what declarations ask"),
    "declarations.declarationkiosk": pgettext_lazy("audit", "tablet"),
}
FIELDS: dict[str, StrPromise] = {
    "symptoms": pgettext_lazy("audit", "symptoms"),
    "temperature": pgettext_lazy("audit", "temperature"),
    "trips": pgettext_lazy("audit", "trips"),
    "degrees": pgettext_lazy("audit", "temperature"),
    "valid_hours": pgettext_lazy("audit", "hours that a declaration holds"),
    "look_back_days": pgettext_lazy("audit", "days of trips and places"),
    "fever_tenths": pgettext_lazy("audit", "temperature that is too high"),
    "twice_daily_trades": pgettext_lazy("audit", "trades with two temperatures a day"),
    "at_gate": pgettext_lazy("audit", "whether gates ask"),
}
