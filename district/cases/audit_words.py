"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

SUBJECTS: dict[str, StrPromise] = {
    "cases.case": pgettext_lazy("audit", "case"),
    "cases.calendarday": pgettext_lazy("audit", "day of the calendar"),
    "cases.dutyhours": pgettext_lazy("audit", "hours of duty"),
}
FIELDS: dict[str, StrPromise] = {
    "photo": pgettext_lazy("audit", "photo"),
    "text": pgettext_lazy("audit", "description"),
    "title": pgettext_lazy("audit", "title"),
}
