"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "open investigation": pgettext_lazy("audit", "opened an investigation of contacts"),
    "close investigation": pgettext_lazy("audit", "closed an investigation of contacts"),
    "trace contacts": pgettext_lazy("audit", "searched for contacts"),
    "call contact": pgettext_lazy("audit", "called a contact"),
    "release contact": pgettext_lazy("audit", "ended the follow-up of a contact"),
}
SUBJECTS: dict[str, StrPromise] = {
    "tracing.investigation": pgettext_lazy("audit", "investigation of contacts"),
    "tracing.contact": pgettext_lazy("audit", "contact of a case"),
}
FIELDS: dict[str, StrPromise] = {
    "contacts": pgettext_lazy("audit", "contacts"),
    "reasons": pgettext_lazy("audit", "reasons of contact"),
}
