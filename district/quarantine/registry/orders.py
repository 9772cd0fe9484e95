"""Order, extend and release: each one transaction with its audit entry.

The audit record holds no reason and no outcome: it outlives the measure.
"""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.fields import index_of
from district.people.models import Assignment, Person, in_force
from district.people.registry.base import living
from district.places.models import Place
from district.quarantine.models import QuarantineExtension, QuarantineOrder
from district.quarantine.registry.followers import check_follows
from district.quarantine.registry.held import custody_of, held_order, still_open
from district.quarantine.rules import QuarantineRefused, check_extension_days, check_order_days, check_why
from district.quarantine.signals import ordered, released


@transaction.atomic
def order(
    by: object,
    who: Person | str,
    measure: EmergencyMeasure,
    place: Place,
    starts: date,
    ends: date,
    why: str,
    *,
    holder: User,
    phone: str = "",
    where: str = "",
    at_home: bool = False,
    visits_each_day: int = 2,
    key: str = "",
) -> QuarantineOrder:
    """Order a quarantine of a person, or of somebody by name. The same `key` again returns the same order.

    `holder`: the account that answers for the person from now on. Raises QuarantineRefused, RecordRefused.
    """
    today, reason = timezone.localdate(), check_why(why)
    held = measure_at(MeasureKind.QUARANTINE, place.path)
    if held is None or held.pk != measure.pk:
        raise QuarantineRefused(gettext_noop("No measure allows quarantine there: nothing is stored."))
    EmergencyMeasure.objects.select_for_update().get(pk=measure.pk)  # two orders of one key wait here
    if key and (before := QuarantineOrder.objects.filter(key=key[:80]).first()) is not None:
        known: QuarantineOrder = before
        return known
    check_order_days(starts, ends, today)
    _check_kept(held, ends, today)
    if not 0 <= visits_each_day <= 6:
        raise QuarantineRefused(gettext_noop("Visits each day are 0 to 6: correct the number."))
    person = living(who) if isinstance(who, Person) else None
    name = "" if isinstance(who, Person) else " ".join(who.split())[:80]
    if person is None and not name:
        raise QuarantineRefused(gettext_noop("Write the name."))
    check_follows(holder, place, _employer(person))
    if person is not None and QuarantineOrder.objects.filter(person=person, released=None).exists():
        raise QuarantineRefused(gettext_noop("This person is in quarantine already: extend that order."))
    made = QuarantineOrder.objects.create(
        measure=held,
        person=person,
        enterprise_id=_employer(person),
        name=name,
        name_index=index_of(QuarantineOrder, "name_index", name.casefold()),
        phone=phone[:40],
        place=place,
        at_home=at_home,
        where=where[:200],
        starts=starts,
        ends=ends,
        why=reason,
        visits_each_day=visits_each_day,
        holder=holder,
        by=str(by)[:150],
        key=key[:80],
    )
    record(by, "order quarantine", made, details={"until": ends.isoformat()})
    ordered.send(QuarantineOrder, order=made)
    return made


@transaction.atomic
def extend(by: object, found: QuarantineOrder, ends: date, why: str) -> QuarantineOrder:
    """Give an order a later last day. Its time to be erased begins again. Raises QuarantineRefused."""
    found, reason, today = still_open(found), check_why(why), timezone.localdate()
    check_extension_days(found.ends, ends, today)
    _check_kept(found.measure, ends, today)
    QuarantineExtension.objects.create(order=found, before=found.ends, ends=ends, why=reason, by=str(by)[:150])
    found.ends, found.made = ends, timezone.now()
    found.save(update_fields=["ends", "made"])
    record(by, "extend quarantine", found, details={"until": ends.isoformat()})
    ordered.send(QuarantineOrder, order=found)
    return found


@transaction.atomic
def release(by: object, found: QuarantineOrder, outcome: str) -> QuarantineOrder:
    """End a quarantine, at its end or earlier, with its outcome. Raises QuarantineRefused."""
    found, said = held_order(found), check_why(outcome)
    custody_of(found).ended()
    found.released, found.outcome = timezone.now(), said
    found.save(update_fields=["released", "outcome"])
    record(by, "release from quarantine", found)
    released.send(QuarantineOrder, order=found)
    return found


def _check_kept(measure: EmergencyMeasure, ends: date, today: date) -> None:
    """Refuse a last day on which the order would be erased already. Nobody vanishes from the list while it runs."""
    last = min(measure.ends, today + timedelta(days=measure.kept_days - 1))
    if ends > last:
        raise QuarantineRefused(
            gettext_noop("The measure keeps entries until %(day)s: choose an earlier day, or extend the measure."),
            day=last.isoformat(),
        )


def _employer(person: Person | None) -> int | None:
    if person is None:
        return None
    rows = Assignment.objects.filter(in_force(timezone.localdate()), person=person).order_by("starts", "pk")
    found: int | None = rows.values_list("enterprise", flat=True).first()
    return found
