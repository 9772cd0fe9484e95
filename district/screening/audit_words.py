"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "add list rule": pgettext_lazy("audit", "added a rule to a key list"),
    "confirm hit": pgettext_lazy("audit", "confirmed a hit"),
    "dismiss hit": pgettext_lazy("audit", "dismissed a hit"),
    "end feed": pgettext_lazy("audit", "ended a feed of key lists"),
    "find hits": pgettext_lazy("audit", "found people on key lists"),
    "lift hit": pgettext_lazy("audit", "lifted a hit"),
    "load list": pgettext_lazy("audit", "loaded a key list"),
    "make feed": pgettext_lazy("audit", "made a feed of key lists"),
    "withdraw list": pgettext_lazy("audit", "withdrew a key list"),
}
DETAILS: dict[str, StrPromise] = {
    "hits": pgettext_lazy("audit", "hits"),
    "list": pgettext_lazy("audit", "key list"),
    "proven": pgettext_lazy("audit", "proven"),
    "refused": pgettext_lazy("audit", "refused"),
}
SUBJECTS: dict[str, StrPromise] = {
    "screening.hit": pgettext_lazy("audit", "hit"),
    "screening.keylist": pgettext_lazy("audit", "key list"),
    "screening.listfeed": pgettext_lazy("audit", "feed of key lists"),
    "screening.listrule": pgettext_lazy("audit", "rule of a key list"),
}
FIELDS: dict[str, StrPromise] = {
    "trips": pgettext_lazy("audit", "trips"),
}
