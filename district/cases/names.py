"""What pages call kinds, states and steps of cases."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

from district.cases.rules import CaseAction, CaseCategory, CaseKind, CaseSide, CaseState

KIND_NAMES: dict[CaseKind, StrPromise] = {
    CaseKind.HIT: _("Match with a key list"),
    CaseKind.RISK_AT_GATE: _("Refused at a gate by a risk list"),
    CaseKind.TEMPERATURE: _("Temperature at a gate"),
    CaseKind.DECLARATION: _("Abnormal declaration"),
    CaseKind.SILENT_GATE: _("Silent gate"),
    CaseKind.LIST_EXPIRED: _("Expired list at a gate"),
    CaseKind.TAMPER: _("Gate tampered with"),
    CaseKind.FIRE: _("Fire alarm at a gate"),
    CaseKind.SHORTFALL: _("Shortage of supplies"),
    CaseKind.WHISTLE: _("Reported problem"),
    CaseKind.SUPPORT: _("Application for support"),
    CaseKind.CONTACT: _("Contact to follow"),
}
STATE_NAMES: dict[CaseState, StrPromise] = {
    CaseState.REPORTED: pgettext_lazy("case", "reported"),
    CaseState.ASSIGNED: pgettext_lazy("case", "assigned"),
    CaseState.IN_PROGRESS: pgettext_lazy("case", "in progress"),
    CaseState.RESOLVED: pgettext_lazy("case", "resolved"),
    CaseState.CONFIRMED: pgettext_lazy("case", "confirmed by the reporter"),
    CaseState.CLOSED: pgettext_lazy("case", "closed"),
}
ACTION_NAMES: dict[CaseAction, StrPromise] = {
    CaseAction.REPORT: pgettext_lazy("case step", "reported"),
    CaseAction.ASSIGN: pgettext_lazy("case step", "assigned"),
    CaseAction.HAND_OVER: pgettext_lazy("case step", "handed over"),
    CaseAction.PROGRESS: pgettext_lazy("case step", "wrote a note"),
    CaseAction.RESPOND: pgettext_lazy("case step", "did a task"),
    CaseAction.RESOLVE: pgettext_lazy("case step", "resolved"),
    CaseAction.CONFIRM: pgettext_lazy("case step", "confirmed"),
    CaseAction.CLOSE: pgettext_lazy("case step", "closed"),
    CaseAction.REOPEN: pgettext_lazy("case step", "reopened"),
    CaseAction.ESCALATE: pgettext_lazy("case step", "went one place up"),
    CaseAction.NEWS: pgettext_lazy("case step", "a gate reported more"),
}
CATEGORY_NAMES: dict[CaseCategory, StrPromise] = {
    CaseCategory.SAFETY: pgettext_lazy("problem", "Safety"),
    CaseCategory.HEALTH: pgettext_lazy("problem", "Health and hygiene"),
    CaseCategory.SUPPLIES: pgettext_lazy("problem", "Supplies"),
    CaseCategory.LIVING: pgettext_lazy("problem", "Dormitory and canteen"),
    CaseCategory.WAGES: pgettext_lazy("problem", "Wages and hours"),
    CaseCategory.GATE: pgettext_lazy("problem", "Gate"),
    CaseCategory.OTHER: pgettext_lazy("problem", "Something else"),
}
SIDE_NAMES: dict[CaseSide, StrPromise] = {
    CaseSide.DESK: pgettext_lazy("case", "the place that answers"),
    CaseSide.OWNER: pgettext_lazy("case", "the owner"),
    CaseSide.REPORTER: pgettext_lazy("case", "the reporter's side"),
    CaseSide.SITE: pgettext_lazy("case", "the site"),
}
