"""What is counted: one file for each part of the district. Each `count` reads rows of one day and yields figures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from district.days import start_of_day
from district.figures.rules import FigureName


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """One figure before it is stored. `measure`: its measure's key; None outside of measures."""

    place: int
    name: FigureName
    value: int
    part: str = ""
    measure: int | None = None


@dataclass(frozen=True)
class FigureSource:
    """A part of the figures. `live`: it knows only now, so that past days keep what was counted on them."""

    names: frozenset[FigureName]
    count: Callable[[date], Iterable[CountedFigure]]
    live: bool = False


def end_of(day: date) -> datetime:
    """Return the last moment of a day that is known: its end, or now."""
    return min(start_of_day(day) + timedelta(days=1), timezone.now())
