"""Open an investigation, find its contacts, call them, close it. A contact never learns who the case is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import READ, record
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.places.models import Place
from district.tracing.finding import find_contacts
from district.tracing.models import CallOutcome, Contact, ContactReason, Investigation
from district.tracing.rules import Evidence, ReasonKind, TracedPerson, TraceLimits, TraceRefused, TraceWindow

AT_WORK = frozenset({ReasonKind.SITE, ReasonKind.GATE, ReasonKind.TEAM})
_CALLING = "contact tracing"
"""The recorded reason of each look at a phone number. A person reads it in the own file: it names nobody."""
_BATCH = 500


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
def open_investigation(
    by: object, person: Person, place: Place, *, last_day: date, why: str, limits: TraceLimits | None = None
) -> Investigation:
    """Open the search for the contacts of a case, in a part of the tree with a measure for it. Raises TraceRefused."""
    measure = measure_at(MeasureKind.TRACING, place.path)
    if measure is None:
        raise TraceRefused(gettext_noop("This place has no measure for tracing. Start one first."))
    if last_day > timezone.localdate():
        raise TraceRefused(gettext_noop("The last day lies in the future: choose today or an earlier day."))
    line = " ".join(why.replace("\0", "").split())[:500]
    if len(line) < 4:
        raise TraceRefused(gettext_noop("Say why this person is traced."))
    found = Person.objects.select_for_update().get(pk=person.pk)
    if found.merged_into_id is not None or found.erased is not None:
        raise TraceRefused(gettext_noop("This record was merged or erased: open the one that stands."))
    if Investigation.objects.filter(measure=measure, person=found, closed=None).exists():
        raise TraceRefused(gettext_noop("This case is already being traced: open that investigation."))
    made = Investigation.objects.create(
        measure=measure, person=found, place=place, last_day=last_day, why=line, by=str(by)[:150], **_kept(limits)
    )
    record(by, "open investigation", made, why=line, place_path=place.path)
    return made


@transaction.atomic
def trace(by: object, investigation: Investigation) -> int:
    """Find the contacts now, and keep what calls brought. Return how many were found. Raises TraceRefused.

    Who is found no more goes, except who was called: the list must show that call.
    """
    found = _running(investigation)
    now = timezone.now()
    window = TraceWindow(found.first_day, found.last_day, now, timezone.get_default_timezone())
    contacts = find_contacts(found.person, window, found.limits)
    Contact.objects.filter(investigation=found, calls=None).exclude(
        person__in=[one.person for one in contacts]
    ).delete()
    _store(found, contacts)
    found.traced = now
    found.save(update_fields=["traced"])
    record(by, "trace contacts", found, place_path=found.place.path, details={"rows": str(len(contacts))})
    return len(contacts)


@transaction.atomic
def close_investigation(by: object, investigation: Investigation, why: str = "") -> Investigation:
    """Close an investigation. Its rows go with the measure. Raises TraceRefused."""
    found = _running(investigation)
    found.closed = timezone.now()
    found.save(update_fields=["closed"])
    record(by, "close investigation", found, why=why, place_path=found.place.path)
    return found


@transaction.atomic
def call_sheet(by: object, contact: Contact) -> CallSheet:
    """Return what a caller needs of a contact, and record the look at the number."""
    found = Contact.objects.select_related("person", "investigation").get(pk=contact.pk)
    _running(found.investigation)
    kinds = {ReasonKind(kind) for kind in found.reasons.values_list("kind", flat=True)}
    record(by, READ, found.person, fields=("phone",), why=_CALLING)
    return CallSheet(
        found.person.name,
        found.person.phone,
        found.person.language,
        travelled=bool(kinds - AT_WORK),
        worked=bool(kinds & AT_WORK),
        last_day=timezone.localdate(found.last),
    )


@transaction.atomic
def record_call(by: object, contact: Contact, outcome: str, note: str = "", again: date | None = None) -> CallOutcome:
    """Record what a call brought, and when to call again. Raises TraceRefused."""
    if outcome not in Contact.Outcome.values or outcome == Contact.Outcome.NOT_CALLED:
        raise TraceRefused(gettext_noop("Choose what the call brought."))
    if again is not None and again < timezone.localdate():
        raise TraceRefused(gettext_noop("Choose today or a later day for the next call."))
    found = Contact.objects.select_for_update(of=("self",)).select_related("investigation").get(pk=contact.pk)
    _running(found.investigation)
    call = CallOutcome.objects.create(
        contact=found, outcome=outcome, note=note.replace("\0", "").strip()[:1000], by=str(by)[:150]
    )
    found.outcome, found.called, found.call_again = outcome, call.called, again
    found.save(update_fields=["outcome", "called", "call_again"])
    record(by, "call contact", found)
    return call


def _running(investigation: Investigation) -> Investigation:
    """Lock an investigation that is open, of a measure that is not over."""
    found: Investigation | None = (
        Investigation.objects.kept().select_for_update(of=("self",)).filter(pk=investigation.pk, closed=None).first()
    )
    if found is None:
        raise TraceRefused(gettext_noop("This investigation is closed. Open another if it is still needed."))
    return found


def _kept(limits: TraceLimits | None) -> Mapping[str, int]:
    chosen = (limits or TraceLimits()).check()
    return {
        "days": chosen.days,
        "hops": chosen.hops,
        "overlap_minutes": chosen.overlap_minutes,
        "gate_minutes": chosen.gate_minutes,
    }


def _store(investigation: Investigation, contacts: list[TracedPerson]) -> None:
    """Write contacts and reasons. A contact that is there already keeps its row, so its calls stay."""
    Contact.objects.filter(investigation=investigation).update(found=False, rank=len(contacts) + 1)
    ContactReason.objects.filter(contact__investigation=investigation).delete()
    rows = [
        Contact(
            investigation=investigation,
            person_id=one.person,
            hop=one.hop,
            rank=rank,
            certainty=one.certainty,
            first=one.first,
            last=one.last,
            found=True,
        )
        for rank, one in enumerate(contacts, 1)
    ]
    Contact.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["investigation", "person"],
        update_fields=["hop", "rank", "certainty", "first", "last", "found"],
    )
    keys: dict[int, int] = dict(Contact.objects.filter(investigation=investigation).values_list("person", "pk"))
    case = investigation.person_id
    reasons = [_reason(keys[one.person], why, case) for one in contacts for why in one.evidence]
    ContactReason.objects.bulk_create(reasons, batch_size=_BATCH)


def _reason(contact: int, why: Evidence, case: int) -> ContactReason:
    values: dict[str, Any] = {
        name: getattr(why, name)
        for name in ("kind", "key", "certainty", "first", "last", "rows", "columns", "gap_s", "together_s")
    }
    return ContactReason(contact_id=contact, via_id=None if why.via == case else why.via, **values)
