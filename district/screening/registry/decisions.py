"""Decide hits: somebody compares both records, and says why."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import READ, record
from district.screening.models import Hit, KeyList, KeyRow, send_risks
from district.screening.registry.warning import warn_of
from district.screening.rules import HitState, ScreeningRefused, check_step, end_of_hit, said

READ_FIELDS = ("name", "id number", "phone", "birth")
TRIP_FIELDS = ("trips",)


def confirm_hit(by: object, hit: Hit, why: str, until: datetime | None = None) -> Hit:
    """Put a hit in force at the sites of its person, until its list's end or earlier. Raises ScreeningRefused."""
    return _decide(by, hit, HitState.IN_FORCE, "confirm hit", why, until)


def dismiss_hit(by: object, hit: Hit, why: str) -> Hit:
    """Say that a candidate is somebody else. The same row of a later list brings no candidate. Raises
    ScreeningRefused.
    """
    return _decide(by, hit, HitState.DISMISSED, "dismiss hit", why)


def lift_hit(by: object, hit: Hit, why: str) -> Hit:
    """Take a hit out of force: the gates admit its person again. Raises ScreeningRefused."""
    return _decide(by, hit, HitState.LIFTED, "lift hit", why)


@transaction.atomic
def read_row(by: object, hit: Hit, why: str) -> KeyRow | None:
    """Return the list's row of a hit; None of a rule. The look at both records is recorded. Raises ScreeningRefused."""
    found = Hit.objects.kept().select_related("row", "person").filter(pk=hit.pk).first()
    if found is None:
        raise ScreeningRefused(gettext_noop("The measure of this hit is over: nothing is left to decide."))
    record(by, READ, found.person, fields=READ_FIELDS if found.row else TRIP_FIELDS, why=said(why))
    return found.row  # type: ignore[no-any-return]


@transaction.atomic
def _decide(by: object, hit: Hit, state: HitState, action: str, why: str, until: datetime | None = None) -> Hit:
    """Note a decision, and queue the person for HQ. The audit record holds no reason: it outlives the measure."""
    # A withdrawal of the list waits, and lifts what is decided here. New hits of the list do not wait.
    KeyList.objects.select_for_update(no_key=True).filter(pk=hit.list_id).first()
    found = Hit.objects.kept().select_for_update(of=("self",)).filter(pk=hit.pk).first()
    if found is None:
        raise ScreeningRefused(gettext_noop("The measure of this hit is over: nothing is left to decide."))
    check_step(HitState(found.state), state)
    now = timezone.now()
    found.state, found.why = state, said(why)
    found.decided, found.decided_by = now, str(by)[:150]
    if state is HitState.IN_FORCE:
        found.until = last_moment(found, until)
        if found.until <= now or found.list.withdrawn is not None:
            raise ScreeningRefused(gettext_noop("The list or the chosen time is over: choose a later one."))
    found.save()
    send_risks(Hit.objects.filter(pk=found.pk))
    if state is HitState.IN_FORCE:
        warn_of([found])
    record(by, action, found, details={"list": str(found.list_id)})
    return found  # type: ignore[no-any-return]


def last_moment(hit: Hit, wished: datetime | None = None) -> datetime:
    """Return when a hit ends at the latest, or as wished if that is earlier."""
    measure, zone = hit.measure, timezone.get_current_timezone()
    return end_of_hit(hit.made, hit.list.ends, measure.ends, measure.kept_days, zone, wished)
