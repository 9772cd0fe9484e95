"""How large a synthetic district is."""

from dataclasses import dataclass
from datetime import date, timedelta

PEOPLE_PER_TEAM = 15


class DatabaseNotEmpty(RuntimeError):
    """Synthetic people would stand among real ones. The text says what to do."""


@dataclass(frozen=True, slots=True)
class SimulationSize:
    """How large, how long, and from which random numbers: the same size gives the same district."""

    people: int = 100_000
    sites: int = 300
    gates: int = 1_000
    days: int = 60
    last_day: date = date(2026, 4, 30)
    seed: int = 1

    @property
    def first_day(self) -> date:
        """Return the day with the first passages."""
        return self.last_day - timedelta(days=self.days - 1)
