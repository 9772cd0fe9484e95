"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "accept hand-over": pgettext_lazy("audit", "took a person in quarantine over"),
    "ask in quarantine": pgettext_lazy("audit", "noted what a person in quarantine needs"),
    "extend quarantine": pgettext_lazy("audit", "extended a quarantine"),
    "meet need in quarantine": pgettext_lazy("audit", "brought what a person in quarantine needs"),
    "offer hand-over": pgettext_lazy("audit", "offered a person in quarantine to another account"),
    "order quarantine": pgettext_lazy("audit", "ordered a quarantine"),
    "release from quarantine": pgettext_lazy("audit", "released a person from quarantine"),
    "take back hand-over": pgettext_lazy("audit", "took the offer of a hand-over back"),
    "visit quarantine": pgettext_lazy("audit", "recorded a visit in quarantine"),
}
DETAILS: dict[str, StrPromise] = {
    "due": pgettext_lazy("audit", "due"),
}
FIELDS: dict[str, StrPromise] = {
    "needs": pgettext_lazy("audit", "needs"),
    "symptoms": pgettext_lazy("audit", "symptoms"),
    "temperature": pgettext_lazy("audit", "temperature"),
    "where": pgettext_lazy("audit", "address or room"),
}
SUBJECTS: dict[str, StrPromise] = {
    "quarantine.quarantineorder": pgettext_lazy("audit", "quarantine"),
}
