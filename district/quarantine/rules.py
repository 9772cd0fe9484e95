"""What holds for quarantine: days, visits, and that each person is in exactly one hand. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_noop

from common.refusals import TranslatableError

DAYS_MAX = 60
"""No order lasts longer from today on, also after an extension."""
BACK_DAYS = 14
"""An order may begin so long ago, of somebody who is in quarantine already."""
OFFER_MAX = timedelta(days=3)
"""A hand-over takes no longer: the journey from the border to the town."""


class QuarantineRefused(TranslatableError):
    """A step that cannot be. `text` is an English message id, `values` fill it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A hand-over that the receiver has not accepted. Until then the giver answers for the person."""

    receiver: int
    due: datetime


@dataclass(frozen=True, slots=True)
class Custody:
    """Who answers for a person in quarantine. There is always a holder, until the release."""

    holder: int
    offer: Offer | None = None
    released: bool = False

    def offered(self, receiver: int, due: datetime, now: datetime) -> "Custody":
        """Offer the person to another account. Raises QuarantineRefused."""
        self._check_open()
        if self.offer is not None:
            raise QuarantineRefused(gettext_noop("A hand-over is open: wait for it, or take it back first."))
        if receiver == self.holder:
            raise QuarantineRefused(gettext_noop("This account has the person already: choose another."))
        if not now < due <= now + OFFER_MAX:
            raise QuarantineRefused(
                gettext_noop("A hand-over is due within %(days)s days from now: correct the time."),
                days=OFFER_MAX.days,
            )
        return replace(self, offer=Offer(receiver, due))

    def accepted(self) -> "Custody":
        """Pass the person to the receiver, also if the offer is overdue. Raises QuarantineRefused."""
        self._check_open()
        if self.offer is None:
            raise QuarantineRefused(gettext_noop("No hand-over is open: it was accepted or taken back."))
        return Custody(self.offer.receiver)

    def taken_back(self) -> "Custody":
        """Leave the person with the giver. Raises QuarantineRefused."""
        self._check_open()
        if self.offer is None:
            raise QuarantineRefused(gettext_noop("No hand-over is open: it was accepted or taken back."))
        return Custody(self.holder)

    def ended(self) -> "Custody":
        """Release the person. Nobody is released between two hands. Raises QuarantineRefused."""
        self._check_open()
        if self.offer is not None:
            raise QuarantineRefused(gettext_noop("A hand-over is open: accept it or take it back, then release."))
        return replace(self, released=True)

    def overdue(self, now: datetime) -> bool:
        """Say whether the receiver should have accepted by now."""
        return self.offer is not None and self.offer.due < now

    def _check_open(self) -> None:
        if self.released:
            raise QuarantineRefused(gettext_noop("This quarantine is over: nothing more is recorded."))


@dataclass(frozen=True, slots=True)
class VisitsDue:
    """Visits of one day that are missing. `overdue`: the day is over."""

    day: date
    missing: int
    overdue: bool


def check_order_days(starts: date, ends: date, today: date) -> None:
    """Refuse days that are turned round, too long ago or too many. Raises QuarantineRefused."""
    if ends < starts or ends < today:
        raise QuarantineRefused(gettext_noop("The last day is over, or before the first: choose a later one."))
    if starts < today - timedelta(days=BACK_DAYS):
        raise QuarantineRefused(gettext_noop("The first day is too long ago: choose a later one."))
    if ends > max(starts, today) + timedelta(days=DAYS_MAX):
        raise QuarantineRefused(
            gettext_noop("A quarantine ends after %(days)s days at most: choose an earlier last day."), days=DAYS_MAX
        )


def check_extension_days(ends: date, later: date, today: date) -> None:
    """Refuse an extension that extends nothing or too much. Raises QuarantineRefused."""
    if later <= ends:
        raise QuarantineRefused(gettext_noop("An extension ends later than the order: to end it earlier, release."))
    check_order_days(min(ends, today), later, today)


def check_why(text: str) -> str:
    """Return a reason in one line. Raises QuarantineRefused if it says nothing."""
    line = " ".join(text.replace("\0", "").split())
    if len(line) < 2:
        raise QuarantineRefused(gettext_noop("Write the reason."))
    return line[:300]


def visits_due(
    starts: date, ends: date, each_day: int, visited: Iterable[date], today: date, released: date | None = None
) -> list[VisitsDue]:
    """Return the days up to today on which visits are missing, the oldest first. The day of release needs none.

    An order that nobody released goes on after its last day: the person is not free until somebody says so.
    """
    counts: dict[date, int] = {}
    for day in visited:
        counts[day] = counts.get(day, 0) + 1
    last = today if released is None else min(today, released - timedelta(days=1))
    found = []
    for number in range((last - starts).days + 1):
        day = starts + timedelta(days=number)
        missing = each_day - counts.get(day, 0)
        if missing > 0:
            found.append(VisitsDue(day, missing, overdue=day < today))
    return found


def release_due(ends: date, today: date) -> bool:
    """Say whether an order ran to its end, so that somebody must release or extend."""
    return today > ends
