"""Open a case for each gate that falls silent in office hours, and note when it is back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.cases.gate_events import silent_key
from district.cases.models import Case
from district.cases.registry import add_news, open_case
from district.cases.registry.duty import calendar_at
from district.cases.rules import CaseKind, CaseState
from district.places.models import Gate
from district.places.rules import SILENT

AT_ONCE = 100


def watch_gates(now: datetime | None = None) -> None:
    """Hold what HQ heard of each gate against the time.

    If HQ heard no gate at all, HQ or the way to it is away: then no gate is blamed. Many sites cut the power outside
    office hours. A gate that is silent since then opens its case in the morning.
    """
    at = now or timezone.now()
    used = Gate.objects.filter(retired=None, project__closed=None, last_heard__isnull=False)
    if not used.filter(last_heard__gt=at - SILENT).exists():
        return
    open_keys = set(Case.objects.still_open().filter(kind=CaseKind.SILENT_GATE.value).values_list("key", flat=True))
    silent = used.filter(last_heard__lt=at - SILENT).select_related("project__place").order_by("last_heard", "pk")
    fresh = [gate for gate in silent if silent_key(gate.gate_id) not in open_keys]
    for gate in fresh[:AT_ONCE]:
        _open(gate, at)
    if open_keys:
        for gate in used.filter(last_heard__gt=at - SILENT):
            if silent_key(gate.gate_id) in open_keys:
                _note_back(gate)


@transaction.atomic
def _open(gate: Gate, now: datetime) -> None:
    if not calendar_at(gate.project.place, now).is_open(now):
        return
    name, heard = gate.name or gate.gate_id, timezone.localtime(gate.last_heard)
    open_case(
        CaseKind.SILENT_GATE,
        gate.project.place,
        title=_("%(gate)s is silent since %(time)s") % {"gate": name, "time": f"{heard:%Y-%m-%d %H:%M}"},
        text=_("Look at its power and network. What it records meanwhile arrives later."),
        source=gate.gate_id,
        key=silent_key(gate.gate_id),
    )


@transaction.atomic
def _note_back(gate: Gate) -> None:
    """Say once that a gate reports again; the owner then resolves the case."""
    case = Case.objects.still_open().filter(key=silent_key(gate.gate_id)).first()
    told = {CaseState.RESOLVED.value, CaseState.CONFIRMED.value}
    if case is None or case.state in told or case.steps.filter(action="news").exists():
        return
    add_news(case, _("The gate reports again."))
