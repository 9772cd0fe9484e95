"""Which trainings sites ask for: set and ended by who may change the place."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.audit.record import record
from district.outgoing import send_workers
from district.people.models import Assignment, Certificate, RequiredTraining, in_force
from district.people.registry.base import RecordRefused
from district.people.rules.trainings import kind_form
from district.places.models import Place


@transaction.atomic
def require_training(by: object, place: Place, kind: str, trade: str = "") -> RequiredTraining:
    """Ask for a kind of training at a place and all sites below it. Raises RecordRefused."""
    kind = " ".join(kind.replace("\0", "").split())[:60]
    if not kind:
        raise RecordRefused(_("The kind is missing: type what the certificate is for."))
    row = RequiredTraining(place=place, kind=kind, trade=trade)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise RecordRefused(_("This place asks for that training already.")) from None
    record(by, "add", row, fields=("place", "kind", "trade"), place_path=place.path)
    send_workers(_workers(place, trade))
    return row


@transaction.atomic
def end_requirement(by: object, row: RequiredTraining, why: str = "") -> None:
    """Stop asking for a training."""
    workers = _workers(row.place, row.trade)
    record(by, "remove", row, fields=("place", "kind", "trade"), why=why, place_path=row.place.path)
    row.delete()
    send_workers(workers)


def concerned(place: Place, trade: str = "") -> Any:
    """Return the work of today and later at the sites of a place."""
    first, end = place.branch
    rows = Assignment.objects.filter(
        in_force(timezone.localdate()), project__place__path__gte=first, project__place__path__lt=end
    )
    return rows.filter(trade=trade) if trade else rows


def lacking(place: Place, kind: str, trade: str = "") -> tuple[int, int]:
    """Count the people concerned, and those of them whom gates would refuse today."""
    people = set(concerned(place, trade).order_by().values_list("person", flat=True))
    today, wanted = timezone.localdate(), kind_form(kind)
    held = Certificate.objects.filter(is_training=True).order_by().values_list("person", "kind", "expires")
    in_time = {
        person for person, what, until in held if kind_form(what) == wanted and (until is None or until >= today)
    }
    return len(people), len(people - in_time)


def _workers(place: Place, trade: str) -> Iterable[str]:
    found = concerned(place, trade).order_by().values_list("person__worker_id", flat=True)
    return sorted(set(found))
