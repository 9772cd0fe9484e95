"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "answer support": pgettext_lazy("audit", "answered the office"),
    "apply support": pgettext_lazy("audit", "applied for support"),
    "ask support": pgettext_lazy("audit", "asked the applicant"),
    "confirm support": pgettext_lazy("audit", "confirmed a decision on support"),
    "grant support": pgettext_lazy("audit", "granted support"),
    "pay support": pgettext_lazy("audit", "recorded support as paid"),
    "publish support": pgettext_lazy("audit", "published a support measure"),
    "refuse support": pgettext_lazy("audit", "refused support"),
    "retire support": pgettext_lazy("audit", "took a support measure out of use"),
    "withdraw support": pgettext_lazy("audit", "withdrew an application"),
}
DETAILS: dict[str, StrPromise] = {
    "version": pgettext_lazy("audit", "version"),
}
SUBJECTS: dict[str, StrPromise] = {
    "support.supportapplication": pgettext_lazy("audit", "application for support"),
    "support.supportmeasure": pgettext_lazy("audit", "support measure"),
}
