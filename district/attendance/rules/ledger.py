"""The month ledger: what each day is worth, and the totals. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from district.attendance.rules.working_time import HOUR

TOLERANCE_S = 1800
"""So much less than a full day still is one: people queue at the gate."""


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """One cell. `units`: 1, 0.5 or 0 working days."""

    seconds: int
    night_seconds: int
    units: Decimal
    flagged: bool
    corrected: bool

    @property
    def hours(self) -> float:
        """Return hours, to one place."""
        return round(self.seconds / HOUR, 1)


@dataclass(slots=True)
class LedgerRow:
    """One person's month on a site."""

    person_id: int
    name: str
    trade: str
    team_id: int | None = None
    enterprise_id: int | None = None
    days: dict[int, LedgerDay] = field(default_factory=dict)
    """Day of the month -> cell."""
    confirmation: str = ""

    @property
    def present(self) -> int:
        """Return on how many days the person was there."""
        return len(self.days)

    @property
    def units(self) -> Decimal:
        """Return the working days."""
        return sum((day.units for day in self.days.values()), Decimal(0))

    @property
    def hours(self) -> float:
        """Return the hours inside."""
        return round(sum(day.seconds for day in self.days.values()) / HOUR, 1)

    @property
    def night_hours(self) -> float:
        """Return the hours at night."""
        return round(sum(day.night_seconds for day in self.days.values()) / HOUR, 1)

    @property
    def flags(self) -> int:
        """Return how many days lack an entry or exit."""
        return sum(day.flagged for day in self.days.values())

    def cells(self, numbers: Iterable[int]) -> list[LedgerDay | None]:
        """Return a cell for each day of the month."""
        return [self.days.get(number) for number in numbers]


def work_units(seconds: int, full_day_s: int) -> Decimal:
    """Return what time inside is worth: a full day, half of one, or nothing."""
    whole, half = least_seconds(full_day_s)
    return Decimal(1) if seconds >= whole else Decimal("0.5") if seconds >= half else Decimal(0)


def least_seconds(full_day_s: int) -> tuple[int, int]:
    """Return from which time inside a day counts as a full one, and as half of one."""
    whole = full_day_s - TOLERANCE_S
    return whole, -(-whole // 2)


def month_days(month: date) -> list[date]:
    """Return the days of a month."""
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return [first + timedelta(days=number) for number in range((after - first).days)]


@dataclass(frozen=True, slots=True)
class PaidDifference:
    """What a payroll says of one person, and what the gates saw."""

    person_id: int
    name: str
    paid: Decimal | None
    """None: not on the payroll."""
    seen: Decimal
    present: int

    @property
    def kind(self) -> str:
        """Return `paid_absent`, `unpaid`, `more`, `less` or ``."""
        if self.paid is None:
            return "unpaid" if self.present else ""
        if self.paid > 0 and not self.present:
            return "paid_absent"
        if self.paid > self.seen:
            return "more"
        return "less" if self.paid < self.seen else ""


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """What the gates saw of one person in a month."""

    present: int = 0
    """On how many days."""
    units: Decimal = Decimal(0)
    """Working days."""


def differences(
    seen: Mapping[int, SeenPerson], paid: Mapping[int, Decimal], names: Mapping[int, str]
) -> list[PaidDifference]:
    """Hold paid days against seen days, both ways, by person."""
    nothing = SeenPerson()
    found = []
    for person in sorted(seen.keys() | paid.keys()):
        there = seen.get(person, nothing)
        found.append(PaidDifference(person, names[person], paid.get(person), there.units, there.present))
    order = ("paid_absent", "more", "unpaid", "less")
    return sorted((one for one in found if one.kind), key=lambda one: (order.index(one.kind), one.name))
