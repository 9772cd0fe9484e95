"""Words of the audit record."""

from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

ACTIONS: dict[str, StrPromise] = {
    "make course": pgettext_lazy("audit", "made a course"),
    "change course": pgettext_lazy("audit", "changed a course"),
    "publish course": pgettext_lazy("audit", "published a course"),
    "retire course": pgettext_lazy("audit", "withdrew a course"),
    "plan class": pgettext_lazy("audit", "planned a class"),
    "begin class": pgettext_lazy("audit", "began a class"),
    "end class": pgettext_lazy("audit", "asked for the end of a class"),
    "close class": pgettext_lazy("audit", "closed a class"),
    "cancel class": pgettext_lazy("audit", "cancelled a class"),
    "start course": pgettext_lazy("audit", "began a course"),
    "pass test": pgettext_lazy("audit", "passed a test"),
    "confirm training": pgettext_lazy("audit", "confirmed who learned"),
}
DETAILS: dict[str, StrPromise] = {"course": pgettext_lazy("audit", "course")}
SUBJECTS: dict[str, StrPromise] = {
    "training.course": pgettext_lazy("audit", "course"),
    "training.classsession": pgettext_lazy("audit", "class"),
    "training.learning": pgettext_lazy("audit", "learning"),
    "training.trainingproof": pgettext_lazy("audit", "proof of training"),
}
FIELDS: dict[str, StrPromise] = {
    "title": pgettext_lazy("audit", "title"),
    "about": pgettext_lazy("audit", "what it is for"),
    "valid_days": pgettext_lazy("audit", "days of validity"),
    "asked": pgettext_lazy("audit", "questions in a test"),
    "pass_percent": pgettext_lazy("audit", "percent to pass"),
    "proof": pgettext_lazy("audit", "way of proof"),
    "pages": pgettext_lazy("audit", "pages"),
    "questions": pgettext_lazy("audit", "questions"),
}
