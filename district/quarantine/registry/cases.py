"""Cases that a quarantine opens, so that nobody is forgotten."""

from collections.abc import Callable
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.quarantine.models import (
    QuarantineHandOver,
    QuarantineNeed,
    QuarantineOrder,
    QuarantineVisit,
    QuarantineWarning,
)


def warn_once(found: QuarantineOrder, key: str, title: Callable[[], str], due: datetime | None = None) -> bool:
    """Open a case of an order, if none was opened for the same thing. Return whether it was opened.

    `title` is asked in the district's language: a worker's phone may have another.
    """
    _row, new = QuarantineWarning.objects.get_or_create(order=found, key=key[:60])
    if new:
        with override(settings.LANGUAGE_CODE):
            open_case(
                CaseKind.CONTACT,
                found.place,
                title=title(),
                person=found.person,
                measure=found.measure,
                source="quarantine",
                key=f"quarantine {found.pk} {key}",
                due=due,
            )
    return bool(new)


def warn_of_illness(found: QuarantineOrder, visit: QuarantineVisit) -> None:
    """Open a case: somebody in quarantine is ill. One for each day."""
    warn_once(found, f"ill {visit.day}", lambda: _("Ill in quarantine: %(who)s") % {"who": found})


def warn_of_need(need: QuarantineNeed) -> None:
    """Open a case: somebody in quarantine needs something."""
    found = need.order
    warn_once(
        found,
        f"need {need.pk}",
        lambda: _("Needed in quarantine by %(who)s: %(what)s") % {"who": found, "what": need.text},
    )


def warn_of_hand_over(row: QuarantineHandOver) -> bool:
    """Open a case: nobody accepted a person in time. The giver still answers."""
    said = {"who": row.order, "giver": _name(row.giver), "receiver": _name(row.receiver)}
    return warn_once(
        row.order,
        hand_over_key(row),
        lambda: _("Not accepted in time: %(who)s, from %(giver)s to %(receiver)s") % said,
    )


def warn_of_visits(found: QuarantineOrder, day: date) -> bool:
    """Open a case: visits of a day are missing."""
    said = {"who": found, "day": day}
    return warn_once(found, visits_key(day), lambda: _("Not visited on %(day)s: %(who)s") % said)


def warn_of_end(found: QuarantineOrder) -> bool:
    """Open a case: the last day is over, and nobody released or extended."""
    said = {"who": found, "day": found.ends}
    return warn_once(
        found, end_key(found.ends), lambda: _("Quarantine ended on %(day)s, release or extend: %(who)s") % said
    )


def warn_of_holder(found: QuarantineOrder, day: date) -> bool:
    """Open a case: the account that answers for somebody does not see it any more. One for each day."""
    said = {"who": found, "holder": _name(found.holder)}
    return warn_once(
        found, holder_key(day), lambda: _("Nobody answers for %(who)s: %(holder)s has no role there") % said
    )


def hand_over_key(row: QuarantineHandOver) -> str:
    """Return the key of a warning about a hand-over."""
    return f"hand-over {row.pk}"


def end_key(ends: date) -> str:
    """Return the key of a warning about a last day."""
    return f"end {ends}"


def visits_key(day: date) -> str:
    """Return the key of a warning about missing visits."""
    return f"visits {day}"


def holder_key(day: date) -> str:
    """Return the key of a warning about an account without rights."""
    return f"holder {day}"


def _name(user: object) -> str:
    return getattr(user, "name", "") or str(user)
