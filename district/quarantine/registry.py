"""Order, extend, hand over, visit and release: each one transaction with its audit entry."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.declarations.rules import SYMPTOMS, degrees_of
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at, running
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person, in_force
from district.people.registry.base import living
from district.places.models import Place
from district.quarantine.models import QuarantineExtension, QuarantineHandOver, QuarantineOrder, QuarantineVisit
from district.quarantine.rules import (
    Custody,
    Offer,
    QuarantineRefused,
    VisitsDue,
    check_extension_days,
    check_order_days,
    check_why,
    visits_due,
)
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
        return _typed(before)
    check_order_days(starts, ends, today)
    _check_kept(held, ends, today)
    if not 0 <= visits_each_day <= 6:
        raise QuarantineRefused(gettext_noop("Visits each day are 0 to 6: correct the number."))
    person = living(who) if isinstance(who, Person) else None
    name = "" if isinstance(who, Person) else " ".join(who.split())[:80]
    if person is None and not name:
        raise QuarantineRefused(gettext_noop("Write the name."))
    if person is not None and QuarantineOrder.objects.filter(person=person, released=None).exists():
        raise QuarantineRefused(gettext_noop("This person is in quarantine already: extend that order."))
    made = QuarantineOrder.objects.create(
        measure=held,
        person=person,
        enterprise_id=_employer(person),
        name=name,
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
    record(by, "order quarantine", made, why=reason, details={"until": ends.isoformat()})
    ordered.send(QuarantineOrder, order=made)
    return made


@transaction.atomic
def extend(by: object, found: QuarantineOrder, ends: date, why: str) -> QuarantineOrder:
    """Give an order a later last day. Its time to be erased begins again. Raises QuarantineRefused."""
    found, reason, today = _held(found), check_why(why), timezone.localdate()
    if found.released is not None:
        raise QuarantineRefused(gettext_noop("This quarantine is over: nothing more is recorded."))
    check_extension_days(found.ends, ends, today)
    _check_kept(found.measure, ends, today)
    QuarantineExtension.objects.create(order=found, before=found.ends, ends=ends, why=reason, by=str(by)[:150])
    found.ends, found.made = ends, timezone.now()
    found.save(update_fields=["ends", "made"])
    record(by, "extend quarantine", found, why=reason, details={"until": ends.isoformat()})
    ordered.send(QuarantineOrder, order=found)
    return found


@transaction.atomic
def offer_hand_over(
    by: object,
    found: QuarantineOrder,
    receiver: User,
    due: datetime,
    *,
    place: Place | None = None,
    means: str = "",
) -> QuarantineHandOver:
    """Offer a person to another account. Until it accepts, the giver answers for the person. Raises
    QuarantineRefused.
    """
    found = _held(found)
    custody_of(found).offered(receiver.pk, due, timezone.now())
    if place is not None:
        _check_same_measure(found, place)
    made = QuarantineHandOver.objects.create(
        order=found, giver=found.holder, receiver=receiver, place=place, means=means[:120], due=due
    )
    record(by, "offer hand-over", found, details={"to": str(receiver), "due": due.isoformat()})
    return made


@transaction.atomic
def accept_hand_over(by: object, found: QuarantineOrder, why: str = "") -> QuarantineOrder:
    """Take a person over. Somebody else than the receiver says why. Raises QuarantineRefused."""
    found = _held(found)
    after, row = custody_of(found).accepted(), _open_row(found)
    reason = "" if by == row.receiver else check_why(why)
    if row.place is not None:
        _check_same_measure(found, row.place)
        found.place = row.place
    row.accepted, row.accepted_by = timezone.now(), str(by)[:150]
    row.save(update_fields=["accepted", "accepted_by"])
    found.holder_id = after.holder
    found.save(update_fields=["holder", "place"])
    record(by, "accept hand-over", found, why=reason, details={"from": str(row.giver)})
    return found


@transaction.atomic
def take_back_hand_over(by: object, found: QuarantineOrder, why: str) -> QuarantineOrder:
    """Take an offer back: the giver keeps the person. Raises QuarantineRefused."""
    found, reason = _held(found), check_why(why)
    custody_of(found).taken_back()
    row = _open_row(found)
    row.taken_back = timezone.now()
    row.save(update_fields=["taken_back"])
    record(by, "take back hand-over", found, why=reason, details={"to": str(row.receiver)})
    return found


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

    Raises QuarantineRefused, DeclarationRefused.
    """
    found = _held(found)
    before = QuarantineVisit.objects.filter(order=found, client_key=client_key[:40]).first() if client_key else None
    if before is not None:
        return _visited(before)
    if found.released is not None:
        raise QuarantineRefused(gettext_noop("This quarantine is over: nothing more is recorded."))
    degrees = degrees_of(temperature)
    made = QuarantineVisit.objects.create(
        order=found,
        day=timezone.localdate(),
        by=str(by)[:150],
        met=met,
        temperature="" if degrees is None else str(degrees),
        symptoms=" ".join(code for code in SYMPTOMS if code in symptoms),
        needs=needs[:500],
        client_key=client_key[:40],
    )
    record(by, "visit quarantine", found, fields=("temperature", "symptoms", "needs"))
    return made


@transaction.atomic
def release(by: object, found: QuarantineOrder, outcome: str) -> QuarantineOrder:
    """End a quarantine, at its end or earlier, with its outcome. Raises QuarantineRefused."""
    found, said = _held(found), check_why(outcome)
    custody_of(found).ended()
    found.released, found.outcome = timezone.now(), said
    found.save(update_fields=["released", "outcome"])
    record(by, "release from quarantine", found, why=said)
    released.send(QuarantineOrder, order=found)
    return found


def custody_of(found: QuarantineOrder) -> Custody:
    """Return who answers for a person now, and what is on offer."""
    row = found.hand_overs.filter(accepted=None, taken_back=None).first()
    offer = Offer(row.receiver_id, row.due) if row else None
    return Custody(found.holder_id, offer, released=found.released is not None)


def overdue_hand_overs(now: datetime | None = None) -> "QuerySet[Any]":
    """Return the offers that nobody accepted in time, of orders that are kept."""
    orders = QuarantineOrder.objects.kept().filter(released=None, measure__in=running(MeasureKind.QUARANTINE))
    rows = QuarantineHandOver.objects.filter(accepted=None, taken_back=None, due__lt=now or timezone.now())
    return rows.filter(order__in=orders).select_related("order__place", "giver", "receiver").order_by("due")


def visits_missing(found: QuarantineOrder, today: date | None = None) -> list[VisitsDue]:
    """Return the visits that an order lacks up to today."""
    visited = found.visits.filter(met=True).values_list("day", flat=True)
    until = found.released and timezone.localtime(found.released).date()
    return visits_due(found.starts, found.ends, found.visits_each_day, visited, today or timezone.localdate(), until)


def _held(found: QuarantineOrder) -> QuarantineOrder:
    """Lock an order. Raises QuarantineRefused if its measure is over."""
    rows = QuarantineOrder.objects.kept().select_for_update(of=("self",)).select_related("measure", "place", "holder")
    row = rows.filter(pk=found.pk).first()
    if row is None:
        raise QuarantineRefused(gettext_noop("The measure is over: nothing more is recorded."))
    return _typed(row)


def _open_row(found: QuarantineOrder) -> Any:
    rows = QuarantineHandOver.objects.select_related("giver", "receiver", "place")
    return rows.get(order=found, accepted=None, taken_back=None)


def _check_same_measure(found: QuarantineOrder, place: Place) -> None:
    held = measure_at(MeasureKind.QUARANTINE, place.path)
    if held is None or held.pk != found.measure_id:
        raise QuarantineRefused(gettext_noop("Another measure or none holds at that place: choose one inside this."))


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


def _typed(row: Any) -> QuarantineOrder:
    found: QuarantineOrder = row
    return found


def _visited(row: Any) -> QuarantineVisit:
    found: QuarantineVisit = row
    return found
