"""People in the same vehicle: how near they sat, as far as that is known. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import chain

from district.tracing.rules.contacts import Certainty, Encounter, ReasonKind
from district.tracing.rules.window import days_span

CAR, COACH, TRAIN = "car", "coach", "train"
_SEAT = re.compile(r"(\d{1,3})([A-Z]?)")
_SEATS_IN_A_ROW = 5
"""Of seats that have only numbers. The most that are usual: so nobody near is missed."""


@dataclass(frozen=True, slots=True)
class TripFact:
    """One declared trip. Empty texts are not known."""

    person: int
    mode: str
    number: str
    day: date
    carriage: str = ""
    seat: str = ""
    from_code: str = ""
    to_code: str = ""

    @property
    def vehicle(self) -> tuple[str, str, date]:
        """Return what people in the same vehicle share."""
        return self.mode, self.number, self.day

    @property
    def route(self) -> tuple[str, str, str, date]:
        """Return what people on the same route share."""
        return self.mode, self.from_code, self.to_code, self.day


@dataclass(frozen=True)
class SeatsApart:
    """How far two seats are from each other. `columns` is None for seats without a letter."""

    rows: int
    columns: int | None


def seats_apart(one: str, other: str) -> SeatsApart | None:
    """Return the distance of two seats of one carriage; None if it cannot be known, such as without a seat."""
    first, second = _SEAT.fullmatch(one), _SEAT.fullmatch(other)
    if first is None or second is None or bool(first[2]) != bool(second[2]):
        return None
    numbers = abs(int(first[1]) - int(second[1]))
    if first[2]:
        return SeatsApart(numbers, abs(ord(first[2]) - ord(second[2])))
    return SeatsApart(numbers // _SEATS_IN_A_ROW, None)


def travelled_together(case: TripFact, other: TripFact, near_rows: int, zone: tzinfo) -> Encounter | None:
    """Return how two trips met: the same vehicle, or perhaps it. None if they did not."""
    span = days_span(case.day, case.day, zone)
    if case.number and other.number:
        if case.vehicle != other.vehicle:
            return None
        key = f"{case.mode} {case.number} {case.day}"
        certainty, apart = _nearness(case, other, near_rows)
        rows, columns = (apart.rows, apart.columns) if apart else (None, None)
        return Encounter(other.person, case.person, ReasonKind.TRIP, key, span, certainty, rows, columns)
    if case.mode == CAR or case.route != other.route or not (case.from_code and case.to_code):
        return None
    key = f"{case.mode} {case.from_code} {case.to_code} {case.day}"
    return Encounter(other.person, case.person, ReasonKind.ROUTE, key, span, Certainty.POSSIBLE)


def on_trips_together(
    cases: Iterable[TripFact], others: Iterable[TripFact], near_rows: int, zone: tzinfo
) -> Iterator[Encounter]:
    """Return each trip that somebody made, or may have made, in the vehicle of one of the cases."""
    vehicles: dict[tuple[str, str, date], list[TripFact]] = defaultdict(list)
    routes: dict[tuple[str, str, str, date], list[TripFact]] = defaultdict(list)
    for one in cases:
        vehicles[one.vehicle].append(one)
        routes[one.route].append(one)
    for other in others:
        beside = vehicles.get(other.vehicle, []) if other.number else []
        perhaps = routes.get(other.route, [])
        for one in chain(beside, (row for row in perhaps if not (row.number and other.number))):
            found = travelled_together(one, other, near_rows, zone) if one.person != other.person else None
            if found is not None:
                yield found


def _nearness(case: TripFact, other: TripFact, near_rows: int) -> tuple[Certainty, SeatsApart | None]:
    if case.mode == CAR:
        return Certainty.CERTAIN, SeatsApart(0, None)
    carriages = case.carriage and other.carriage
    if (case.mode == TRAIN and not carriages) or (carriages and case.carriage != other.carriage):
        return Certainty.POSSIBLE, None
    apart = seats_apart(case.seat, other.seat)
    if apart is None:
        return (Certainty.LIKELY if carriages or case.mode == COACH else Certainty.POSSIBLE), None
    return (Certainty.CERTAIN if apart.rows <= near_rows else Certainty.LIKELY), apart
