"""Call contacts, order their quarantine, end their follow-up. A contact never learns who the case is."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import READ, record
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.places.models import Place
from district.quarantine import registry as quarantine
from district.quarantine.models import QuarantineOrder
from district.tracing.models import CallOutcome, Contact
from district.tracing.registry.investigations import running
from district.tracing.registry.warning import warn_of_illness
from district.tracing.rules import ReasonKind, TraceRefused

AT_WORK = frozenset({ReasonKind.SITE, ReasonKind.GATE, ReasonKind.TEAM})
_CALLING = "contact tracing"
"""The recorded reason of each look at a phone number. A person reads it in the own file: it names nobody."""


@dataclass(frozen=True)
class CallSheet:
    """What a caller needs, and may say: nothing in it leads to the case. No seat, number, site, time or team."""

    name: str
    phone: str
    language: str
    travelled: bool
    worked: bool
    last_day: date


@transaction.atomic
def call_sheet(by: object, contact: Contact) -> CallSheet:
    """Return what a caller needs of a contact, and record the look at the number. Raises TraceRefused."""
    found = Contact.objects.select_related("person", "investigation").get(pk=contact.pk)
    running(found.investigation)
    kinds = {ReasonKind(kind) for kind in found.reasons.values_list("kind", flat=True)}
    record(by, READ, found.person, fields=("phone",), why=_CALLING)
    return CallSheet(
        found.person.name,
        found.person.phone,
        found.person.language,
        travelled=bool(kinds - AT_WORK),
        worked=bool(kinds & AT_WORK),
        last_day=found.last_day,
    )


@transaction.atomic
def record_call(by: object, contact: Contact, outcome: str, note: str = "", again: date | None = None) -> CallOutcome:
    """Record what a call brought, and when to call again. Raises TraceRefused."""
    if outcome not in Contact.Outcome.values or outcome == Contact.Outcome.NOT_CALLED:
        raise TraceRefused(gettext_noop("Choose what the call brought."))
    if again is not None and again < timezone.localdate():
        raise TraceRefused(gettext_noop("Choose today or a later day for the next call."))
    found = _followed(contact)
    call = CallOutcome.objects.create(
        contact=found, outcome=outcome, note=note.replace("\0", "").strip()[:1000], by=str(by)[:150]
    )
    found.outcome, found.called, found.call_again = outcome, call.called, again
    found.save(update_fields=["outcome", "called", "call_again"])
    if outcome == Contact.Outcome.ILL:
        warn_of_illness(found)
    record(by, "call contact", found)
    return call


@transaction.atomic
def order_quarantine(
    by: User, contact: Contact, place: Place, starts: date, ends: date, *, where: str = "", at_home: bool = False
) -> QuarantineOrder:
    """Order the quarantine of a contact; the caller answers for the person first. Raises TraceRefused,
    QuarantineRefused, RecordRefused.
    """
    found = _followed(contact)
    measure = measure_at(MeasureKind.QUARANTINE, place.path)
    if measure is None:
        raise TraceRefused(gettext_noop("No measure for quarantine holds there: start one first."))
    with translation.override(settings.LANGUAGE_CODE):
        why = _("Contact of a confirmed case")
    return quarantine.order(
        by, found.person, measure, place, starts, ends, why, holder=by, where=where, at_home=at_home
    )


@transaction.atomic
def release_contact(by: object, contact: Contact, why: str = "") -> Contact:
    """End the follow-up of a contact. The quarantine of a person ends first. Raises TraceRefused."""
    found = _followed(contact)
    if QuarantineOrder.objects.kept().filter(person=found.person, released=None).exists():
        raise TraceRefused(gettext_noop("This person is in quarantine: end the quarantine first."))
    line = " ".join(why.replace("\0", "").split())[:500]
    if found.outcome == "" and not line:
        raise TraceRefused(gettext_noop("Nobody called this person yet: call first, or write the reason."))
    found.released, found.call_again = timezone.now(), None
    found.save(update_fields=["released", "call_again"])
    record(by, "release contact", found)
    return found


def _followed(contact: Contact) -> Contact:
    """Lock a contact that is still followed. Raises TraceRefused."""
    rows = Contact.objects.select_for_update(of=("self",)).select_related("investigation__measure", "person")
    found: Contact = rows.select_related("investigation__place").get(pk=contact.pk)
    running(found.investigation)
    if found.released is not None:
        raise TraceRefused(gettext_noop("This follow-up is over: nothing more is recorded."))
    return found
