"""Visits, answers from the person's own phone, and what people in quarantine need."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.declarations.rules import SYMPTOMS, degrees_of
from district.quarantine.models import QuarantineNeed, QuarantineOrder, QuarantineVisit
from district.quarantine.registry.cases import warn_of_illness, warn_of_need
from district.quarantine.registry.held import still_open
from district.quarantine.rules import QuarantineRefused, VisitsDue, check_why, visits_due

FEVER = Decimal("37.3")
"""From this temperature on somebody is called at once."""
NEEDS_MAX = 20
"""Open needs of one person: more are a mistake or an attack."""


@transaction.atomic
def visit(
    by: object,
    found: QuarantineOrder,
    *,
    met: bool = True,
    temperature: str = "",
    symptoms: tuple[str, ...] = (),
    needs: str = "",
    client_key: str = "",
) -> QuarantineVisit:
    """Record a visit, or answers from the person's own phone (`met` false). The same `client_key` counts once.

    Fever, symptoms and needs open a case. Raises QuarantineRefused, DeclarationRefused.
    """
    found = still_open(found)
    key = client_key[:40]
    before: QuarantineVisit | None = found.visits.filter(client_key=key).first() if key else None
    if before is not None:
        return before
    today = timezone.localdate()
    if found.starts > today:
        raise QuarantineRefused(gettext_noop("This quarantine has not begun: record visits from its first day on."))
    degrees, felt = degrees_of(temperature), [code for code in SYMPTOMS if code in symptoms]
    made = QuarantineVisit.objects.create(
        order=found,
        day=today,
        by=str(by)[:150],
        met=met,
        temperature="" if degrees is None else str(degrees),
        symptoms=" ".join(felt),
        client_key=key,
    )
    record(by, "visit quarantine", found, fields=("temperature", "symptoms", "needs"))
    if felt or (degrees is not None and degrees >= FEVER):
        warn_of_illness(found, made)
    if needs.strip():
        ask_for(by, found, needs)
    return made


@transaction.atomic
def ask_for(by: object, found: QuarantineOrder, text: str) -> QuarantineNeed:
    """Note what a person needs, and open a case for it. The same text is one need. Raises QuarantineRefused."""
    found, line = still_open(found), check_why(text)
    waiting = list(found.needs.filter(done=None))
    same: QuarantineNeed | None = next((one for one in waiting if one.text == line), None)
    if same is not None:
        return same
    if len(waiting) >= NEEDS_MAX:
        raise QuarantineRefused(gettext_noop("Too many needs wait already: call the number on this page."))
    made = QuarantineNeed.objects.create(order=found, text=line, asked_by=str(by)[:150])
    record(by, "ask in quarantine", found, fields=("needs",))
    warn_of_need(made)
    return made


@transaction.atomic
def meet_need(by: object, need: QuarantineNeed, answer: str) -> QuarantineNeed:
    """Note that somebody brought what was needed. Raises QuarantineRefused."""
    found, said = still_open(need.order), check_why(answer)
    row: QuarantineNeed = found.needs.select_for_update().get(pk=need.pk)
    if row.done is not None:
        raise QuarantineRefused(gettext_noop("Somebody did this already."))
    row.done, row.done_by, row.answer = timezone.now(), str(by)[:150], said
    row.save(update_fields=["done", "done_by", "answer"])
    record(by, "meet need in quarantine", found, fields=("needs",))
    return row


def visits_missing(found: QuarantineOrder, today: date | None = None) -> list[VisitsDue]:
    """Return the visits that an order lacks up to today, from the day on which it was ordered."""
    visited = found.visits.filter(met=True).values_list("day", flat=True)
    until = found.released and timezone.localtime(found.released).date()
    first = max(found.starts, found.ordered)
    return visits_due(first, found.ends, found.visits_each_day, visited, today or timezone.localdate(), until)
