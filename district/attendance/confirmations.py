"""Workers confirm their month on the phone, or say what is wrong."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Day, MonthConfirmation
from district.attendance.rules.ledger import LedgerRow, month_days
from district.audit.record import record
from district.people.models import Person
from district.phones.links import known_of
from district.phones.rules import Question
from district.places.models import Project

LINK_DAYS = 30
_SALT = "attendance.month"


WRONG_MAX, WRONG_S = 5, 24 * 3600
"""Wrong answers to the question who is there, of one month, and how long they count."""


class NotTheWorker(ValueError):
    """Somebody who cannot show to be the worker. The text says what to do."""


class LinkExpired(ValueError):
    """A link that is too old or was never given. The text says what to do."""


def ask(by: object, site: Project, month: date, rows: Iterable[LedgerRow]) -> list[MonthConfirmation]:
    """Ask people to confirm a month. Who answered already, and whose days did not change, is not asked again."""
    rows = list(rows)
    with transaction.atomic():
        MonthConfirmation.objects.bulk_create(
            [
                MonthConfirmation(
                    project=site,
                    person_id=row.person_id,
                    month=month,
                    enterprise_id=row.enterprise_id,
                    asked_by=str(by),
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )
        found = list(of_month(site, month, [row.person_id for row in rows]))
        record(by, "ask_confirmation", site, details={"month": f"{month:%Y-%m}", "people": str(len(found))})
    return found


def of_month(site: Project, month: date, people: Iterable[int]) -> Any:
    """Return the confirmations of a month that were asked for."""
    rows = MonthConfirmation.objects.filter(project=site, month=month, person__in=set(people))
    return rows.select_related("person").order_by("person__pinyin")


def states(site: Project, month: date, rows: Iterable[LedgerRow]) -> dict[int, str]:
    """Return for each person: `asked`, `agrees`, `objects`, or `changed` after the answer."""
    shown = {row.person_id: hash_of_row(row) for row in rows}
    found = {}
    for one in MonthConfirmation.objects.filter(project=site, month=month, person__in=shown):
        if one.answered is None:
            found[one.person_id] = "asked"
        elif one.shown_hash != shown[one.person_id]:
            found[one.person_id] = "changed"
        else:
            found[one.person_id] = "agrees" if one.agrees else "objects"
    return found


def hash_of_row(row: LedgerRow) -> str:
    """Return the SHA-256 of what a worker saw: day, time inside, and whether something is missing."""
    days = [[number, day.seconds, day.flagged] for number, day in sorted(row.days.items())]
    return hashlib.sha256(json.dumps(days).encode()).hexdigest()


def link_token(confirmation: MonthConfirmation) -> str:
    """Return the secret part of the worker's address. It opens this one month alone."""
    return signing.TimestampSigner(salt=_SALT).sign(str(confirmation.pk))


def opened(token: str) -> MonthConfirmation:
    """Return what a link opens. Raises LinkExpired."""
    try:
        number = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=timedelta(days=LINK_DAYS))
        found: MonthConfirmation = MonthConfirmation.objects.select_related("person", "project__place").get(
            pk=int(number)
        )
    except (signing.BadSignature, ValueError, MonthConfirmation.DoesNotExist):
        raise LinkExpired(_("This link is too old: ask the site's office for a new one.")) from None
    return found


def shown_days(confirmation: MonthConfirmation) -> list[Day]:
    """Return the worker's own days of the month."""
    days = month_days(confirmation.month)
    rows = Day.objects.filter(person=confirmation.person, project=confirmation.project)
    return list(rows.filter(date__gte=days[0], date__lte=days[-1]).order_by("date"))


def proof_of(confirmation: MonthConfirmation, typed: str) -> str:
    """Return how somebody without the worker's phone shows to be the worker. The link passes through the office, which
    must not answer for the worker. Raises NotTheWorker.
    """
    known, key = known_of(confirmation.person), f"attendance.month.wrong.{confirmation.pk}"
    if known.question is Question.NONE:
        return "link"
    wrong = int(cache.get(key, 0))
    if wrong >= WRONG_MAX:
        raise NotTheWorker(_("Too many wrong answers. Open the month on your own phone, or come back tomorrow."))
    if not known.agrees(typed):
        cache.set(key, wrong + 1, WRONG_S)
        record("worker", "month_refused", confirmation)
        raise NotTheWorker(_("That does not fit. The worker answers, and nobody else."))
    return "number"


@transaction.atomic
def answer(
    confirmation: MonthConfirmation, row: LedgerRow, *, agrees: bool, objection: str, shown: str, proof: str
) -> bool:
    """Store the worker's answer. Return False if the days changed since the page was shown: nothing is stored.
    `proof`: how the worker was known: by the own phone, a number or the link alone. It is in the audit record.
    """
    if shown != hash_of_row(row):
        return False
    confirmation.answered, confirmation.agrees = timezone.now(), agrees
    confirmation.objection = "" if agrees else objection.strip()[:300]
    confirmation.days, confirmation.seconds = row.present, sum(day.seconds for day in row.days.values())
    confirmation.shown_hash = shown
    confirmation.save()
    person: Person = confirmation.person
    action = "confirm_month" if agrees else "object_month"
    record(person.worker_id, action, confirmation, details={"known_by": proof})
    return True
