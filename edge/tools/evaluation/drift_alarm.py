"""Measure the drift alarm on simulated sites with scores of real photos: its errors and its delay.

A site has a crew drawn from the people on the photos. Each passes twice on six days a week, and one approach in twenty
is a stranger's. Part of the crew is replaced every week. A worker scores the same at every pass, which is the hardest
case. Only new people bring new scores, so a change of crew resembles drift as much as possible.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from edge.core.domain import Sight
from edge.core.score_counts import DayScores, bin_of
from edge.matcher.score_monitor.drift import RECENT_DAYS, REFERENCE_DAYS, WORKERS_MIN, find_drift
from edge.tools.evaluation.walkups import NOT_SEEN, WalkUpOutcome

PASSES = 2
STRANGERS = 0.05
NEW_PER_WEEK = 0.1
MONTH_DAYS = 30
SITES = 100
CREWS = (50, 200)
_START = date(2026, 1, 5)


@dataclass(frozen=True, slots=True)
class Detection:
    """Sites where `condition` begins on one day: the share that raised an alarm within MONTH_DAYS (`told`).

    `delay_days` is the median of the days until then; `named` is what was reported first.
    """

    condition: str
    told: float
    delay_days: float
    named: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DriftRates:
    """`false_alarms`: share of months without a change in which at least one alarm was raised.

    `new_crew`: the same when everybody is replaced on one day.
    """

    crew: int
    sites: int
    false_alarms: float
    new_crew: float
    detections: Sequence[Detection]


def drift_rates(
    glances: Mapping[str, Sequence[WalkUpOutcome]], clear: str, crew: int, sites: int = SITES
) -> DriftRates:
    """Compute the alarm's rates at sites of this many workers.

    `glances` are the outcomes by condition, of the same people in the same order. `clear` names the condition before
    any change.

    Raises:
        ValueError: fewer than WORKERS_MIN enrolled people.
    """
    if sum(o.walkup.enrolled for o in glances[clear]) < WORKERS_MIN:
        raise ValueError(f"the drift alarm needs {WORKERS_MIN} people to be tried on; walk up with more")
    runs = {
        name: [_first_alarm(_site(glances[clear], after, crew, seed, False)) for seed in range(sites)]
        for name, after in glances.items()
    }
    replaced = [_first_alarm(_site(glances[clear], glances[clear], crew, seed, True)) for seed in range(sites)]
    return DriftRates(
        crew=crew,
        sites=sites,
        false_alarms=float(np.mean([alarm is not None for alarm in runs[clear]])),
        new_crew=float(np.mean([alarm is not None for alarm in replaced])),
        detections=[_detection(name, alarms) for name, alarms in runs.items() if name != clear],
    )


def _site(
    before: Sequence[WalkUpOutcome], after: Sequence[WalkUpOutcome], crew: int, seed: int, all_new: bool
) -> tuple[list[DayScores], date]:
    """Simulate the days of one site, two months before the change and one after. Returns the change's first day too."""
    random = np.random.default_rng(seed)
    mated = np.flatnonzero([o.walkup.enrolled for o in before])
    others = np.flatnonzero([not o.walkup.enrolled for o in before])
    changed = _START + timedelta(days=REFERENCE_DAYS + RECENT_DAYS + seed % 7)
    here = random.choice(mated, crew)
    days = []
    for n in range((changed - _START).days + MONTH_DAYS):
        day = _START + timedelta(days=n)
        if day.weekday() == 0:
            new = random.random(crew) < NEW_PER_WEEK
            here = np.where(new, random.choice(mated, crew), here)
        if all_new and day == changed:
            here = random.choice(mated, crew)
        if day.weekday() == 6:
            continue
        now = after if day >= changed else before
        came = random.binomial(crew * PASSES, STRANGERS) if len(others) else 0
        strangers = random.choice(others, came) if came else others[:0]
        days.append(_day(day, [now[i] for i in here], [now[i] for i in strangers]))
    return days, changed


def _day(day: date, crew: Sequence[WalkUpOutcome], strangers: Sequence[WalkUpOutcome]) -> DayScores:
    passes = [*crew] * PASSES + [*strangers]
    return DayScores(
        day=day,
        model_id="simulated",
        workers=sum(o.sight == Sight.KNOWN for o in crew),
        accepted=Counter(bin_of(o.score) for o in passes if o.sight == Sight.KNOWN),
        unknown=Counter(bin_of(o.score) for o in passes if o.sight == Sight.UNKNOWN),
        unusable=sum(o.sight == NOT_SEEN for o in passes),
    )


def _first_alarm(site: tuple[list[DayScores], date]) -> tuple[int, str] | None:
    """The number of days from the change to the first alarm, and what it named; None without an alarm."""
    days, changed = site
    for n in range(1, MONTH_DAYS + 1):
        today = changed + timedelta(days=n)
        alarms = [shift for shift in find_drift(days, today) if shift.alarming]
        if alarms:
            return n, max(alarms, key=lambda shift: shift.index / shift.limit).kind.value
    return None


def _detection(condition: str, alarms: Sequence[tuple[int, str] | None]) -> Detection:
    told = [alarm for alarm in alarms if alarm is not None]
    named = Counter(name for _, name in told)
    return Detection(
        condition=condition,
        told=len(told) / len(alarms),
        delay_days=float(np.median([n for n, _ in told])) if told else 0.0,
        named={name: count / len(told) for name, count in named.items()},
    )
