"""Worlds in which people travel, work and pass gates, drawn at random and stored in a district."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from district_rig import SmallDistrict
from hypothesis import strategies as st

from district.attendance.models import Day, FeedLine, Passage, Stay
from district.declarations.models import Trip
from district.emergency.models import EmergencyMeasure
from district.people.models import Assignment, Team
from district.tracing.rules import Certainty, TraceLimits

CHINA = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 3, 2)
DAYS, PEOPLE, SITES = 3, 5, 2
START = datetime(2026, 3, 2, tzinfo=CHINA)
STEP = 10
"""Minutes of one step of the clock in these worlds."""
STEPS = DAYS * 24 * 60 // STEP
LONG = 16 * 60 // STEP


@dataclass(frozen=True)
class WorldTrip:
    """A declared trip. Days count from the first day of the world."""

    who: int
    mode: str
    number: str
    day: int
    carriage: str
    seat: str
    origin: str
    end: str


@dataclass(frozen=True)
class WorldStay:
    """A stay on a site, in steps of the clock."""

    who: int
    site: int
    came: int
    steps: int
    seen: str
    """`both`, `entry`, `exit`, or `inside` for somebody who is still there."""


@dataclass(frozen=True)
class WorldPass:
    """A passage of a gate, in seconds since the world began."""

    who: int
    site: int
    gate: int
    second: int
    counts: bool


@dataclass(frozen=True)
class TracedWorld:
    """All that people did, and what counts as an encounter."""

    trips: list[WorldTrip]
    stays: list[WorldStay]
    passes: list[WorldPass]
    days: set[tuple[int, int, int]]
    """Who, site, day: a gate saw this member of the site's team."""
    registered: dict[int, tuple[int, int, int]]
    """Of who: site, first and last day in its team."""
    now: int
    limits: TraceLimits


_who, _site, _day = st.integers(0, PEOPLE - 1), st.integers(0, SITES - 1), st.integers(-1, DAYS)
_trips = st.builds(
    WorldTrip,
    _who,
    st.sampled_from(["train", "flight", "coach", "car"]),
    st.sampled_from(["", "G1", "G2"]),
    _day,
    st.sampled_from(["", "8", "9"]),
    st.sampled_from(["", "1A", "3F", "9C", "12", "40"]),
    st.sampled_from(["", "420100"]),
    st.sampled_from(["", "440600"]),
)
_stays = st.builds(
    WorldStay,
    _who,
    _site,
    st.integers(-30, STEPS),
    st.integers(1, 60),
    st.sampled_from(["both", "both", "entry", "exit", "inside"]),
)
_seconds = st.integers(0, 40).map(lambda n: n * 30) | st.integers(-900, DAYS * 86_400 + 900)
_passes = st.builds(WorldPass, _who, _site, st.integers(0, 1), _seconds, st.sampled_from([True, True, True, False]))
_spans = st.tuples(_site, st.integers(-3, DAYS), st.integers(0, 4)).map(lambda x: (x[0], x[1], x[1] + x[2]))
WORLDS = st.builds(
    TracedWorld,
    st.lists(_trips, max_size=8),
    st.lists(_stays, max_size=8),
    st.lists(_passes, max_size=8),
    st.sets(st.tuples(_who, _site, _day), max_size=6),
    st.dictionaries(_who, _spans, max_size=4),
    st.integers(STEPS // 2, STEPS + 50),
    st.builds(
        TraceLimits,
        days=st.just(DAYS),
        hops=st.integers(1, 2),
        overlap_minutes=st.sampled_from([10, 60, 600]),
        gate_minutes=st.sampled_from([0, 1, 5]),
        onward=st.sampled_from(list(Certainty)),
    ),
)


def clock(step: float) -> datetime:
    """Return the moment of a step."""
    return START + timedelta(minutes=step * STEP)


class StoredWorld:
    """A world in the database."""

    def __init__(self, town: SmallDistrict, measure: EmergencyMeasure, world: TracedWorld) -> None:
        self.people, self.projects = town.people[:PEOPLE], town.projects[:SITES]
        self.teams = [Team.objects.get(project=project) for project in self.projects]
        Assignment.objects.all().delete()
        for who, (site, first, last) in world.registered.items():
            Assignment.objects.create(
                person=self.people[who],
                project=self.projects[site],
                enterprise=self.teams[site].enterprise,
                team=self.teams[site],
                starts=FIRST + timedelta(days=first),
                ends=FIRST + timedelta(days=last) if last % 2 or last < DAYS else None,
            )
        self._travel(measure, world)
        self._attend(world)

    def _travel(self, measure: EmergencyMeasure, world: TracedWorld) -> None:
        unique = {(t.who, t.day, t.mode, t.number, t.origin, t.end): t for t in world.trips}
        world.trips[:] = unique.values()
        Trip.objects.bulk_create(
            Trip(
                measure=measure,
                person=self.people[t.who],
                mode=t.mode,
                number=t.number,
                day=FIRST + timedelta(days=t.day),
                carriage=t.carriage,
                seat=t.seat,
                from_code=t.origin,
                to_code=t.end,
            )
            for t in world.trips
        )

    def _attend(self, world: TracedWorld) -> None:
        lines = [FeedLine.objects.create(gate_id=f"gate-{n}", line="epoch") for n in range(2)]
        for number, row in enumerate(world.passes):
            utc = START + timedelta(seconds=row.second)
            self._passage(lines[row.gate], number, row.who, row.site, utc, set_aside=not row.counts)
        elsewhere = FeedLine.objects.create(gate_id="", line="phones")
        for number, stay in enumerate(world.stays):
            came, left = clock(stay.came), clock(stay.came + stay.steps)
            entry = self._passage(elsewhere, number, stay.who, stay.site, came, source=Passage.Source.PHONE)
            Stay.objects.create(
                entry=entry,
                project=self.projects[stay.site],
                person=self.people[stay.who],
                date=came.date(),
                came=left if stay.seen == "exit" else came,
                left=None if stay.seen in ("entry", "inside") else left,
                missing_exit=stay.seen == "entry",
                missing_entry=stay.seen == "exit",
            )
        Day.objects.bulk_create(
            Day(
                person=self.people[who],
                project=self.projects[site],
                team=self.teams[site],
                date=FIRST + timedelta(days=day),
            )
            for who, site, day in world.days
        )

    def _passage(
        self, line: FeedLine, seq: int, who: int, site: int, utc: datetime, *, set_aside: bool = False, source: str = ""
    ) -> Passage:
        return Passage.objects.create(
            line=line,
            seq=seq,
            project=self.projects[site],
            person=self.people[who],
            utc=utc,
            local=0,
            direction="in",
            granted=seq % 2 == 0,
            source=source or Passage.Source.GATE,
            set_aside=set_aside,
        )
