"""Open an investigation, find its contacts, close it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.places.models import Place
from district.tracing.finding import find_contacts
from district.tracing.models import Contact, ContactReason, Investigation
from district.tracing.registry.warning import tell_towns_closed, warn_towns
from district.tracing.rules import Evidence, TracedPerson, TraceLimits, TraceRefused, TraceWindow

_BATCH = 500
CONTACTS_MAX = 20_000


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
    record(by, "open investigation", made)
    return made


def trace(by: object, investigation: Investigation) -> int:
    """Find the contacts now, and keep what calls brought. Return how many were found. Raises TraceRefused.

    Who is found no more goes, except who was called or released: the list must show that. The search runs outside of
    the transaction, so that others can write meanwhile.
    """
    found = running(investigation)
    now = timezone.now()
    window = TraceWindow(found.first_day, found.last_day, now, timezone.get_default_timezone())
    contacts = find_contacts(found.person, window, found.limits)
    if len(contacts) > CONTACTS_MAX:
        raise TraceRefused(
            gettext_noop(
                "More than %(count)s contacts: nobody can call so many. Choose contacts alone, or fewer days."
            ),
            count=CONTACTS_MAX,
        )
    with transaction.atomic():
        found = running(investigation, lock=True)
        _store(found, contacts)
        found.traced = now
        found.save(update_fields=["traced"])
        warn_towns(found)
        record(by, "trace contacts", found, details={"rows": str(len(contacts))})
    return len(contacts)


@transaction.atomic
def close_investigation(by: object, investigation: Investigation, why: str = "") -> Investigation:
    """Close an investigation. Its rows go with the measure. Raises TraceRefused."""
    found, line = running(investigation, lock=True), " ".join(why.replace("\0", "").split())[:500]
    if not line and Contact.objects.filter(investigation=found).to_call().exists():
        raise TraceRefused(gettext_noop("Contacts still wait for a call: call them, or write why nobody does."))
    found.closed = timezone.now()
    found.save(update_fields=["closed"])
    tell_towns_closed(found)
    record(by, "close investigation", found)
    return found


def running(investigation: Investigation, *, lock: bool = False) -> Investigation:
    """Return an investigation that is open, of a measure that is not over. Raises TraceRefused."""
    rows = Investigation.objects.kept().filter(pk=investigation.pk, closed=None)
    if lock:
        rows = rows.select_for_update(of=("self",))
    found: Investigation | None = rows.select_related("person", "place", "measure").first()
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
    Contact.objects.filter(investigation=investigation, found=False, calls=None, released=None).delete()
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
