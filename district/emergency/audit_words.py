"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "start measure": pgettext_lazy("audit", "started an emergency measure"),
    "extend measure": pgettext_lazy("audit", "extended an emergency measure"),
    "end measure": pgettext_lazy("audit", "ended an emergency measure"),
    "measure erased": pgettext_lazy("audit", "erased the data of a measure"),
}
DETAILS: dict[str, StrPromise] = {
    "measure": pgettext_lazy("audit", "measure"),
}
SUBJECTS: dict[str, StrPromise] = {
    "emergency.emergencymeasure": pgettext_lazy("audit", "emergency measure"),
}
