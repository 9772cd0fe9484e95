"""Draw the passages of a synthetic district, day by day: shifts, lunch breaks, nights, forgotten exits, refusals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from district.attendance.intake import lines_of
from district.attendance.rules.working_time import DAY, EPOCH, wall_clock_s
from district.attendance.simulation.bulk import unindexed, write_block
from district.attendance.simulation.register import RegisteredPeople
from district.attendance.simulation.size import SimulationSize

PRESENT, NIGHT, FORGETS, LEAVES_BETWEEN, REFUSED = 0.93, 0.08, 0.01, 0.15, 0.02
_DAY_TIMES = (6.8, 11.6, 13.1, 18.1, 15.0, 15.4)
_NIGHT_TIMES = (19.8, 24.2, 25.0, 30.1, 27.0, 27.3)
_EPOCH = "synthetic"


@dataclass(frozen=True)
class _DrawnDay:
    """The passages of one day, sorted by gate and time, as arrays."""

    who: Any
    local: Any
    inwards: Any
    granted: Any


def write_passages(size: SimulationSize, people: RegisteredPeople) -> int:
    """Write the passages of all days, and entries of just now. Return how many there are."""
    drawn, total = np.random.default_rng(size.seed + 1), 0
    gates = sorted({gate for found in people.gates.values() for gate in found})
    lines = lines_of((gate, _EPOCH) for gate in gates)
    of_project = {project: np.array([lines[g, _EPOCH] for g in found]) for project, found in people.gates.items()}
    written = dict.fromkeys(lines.values(), 0)
    first = (size.first_day - EPOCH).days
    with unindexed("attendance_passage"):
        for number in range(first, first + size.days):
            with transaction.atomic():
                total += _write_day(_draw(number, people, drawn), people, of_project, written, drawn)
        with transaction.atomic():
            total += _write_day(_draw_inside(people, drawn), people, of_project, written, drawn)
    return total


def _draw_inside(people: RegisteredPeople, drawn: np.random.Generator) -> _DrawnDay:
    """Let most people enter in the last two hours: they are inside now."""
    who = np.nonzero(drawn.random(len(people.person)) < PRESENT)[0]
    now, yes = wall_clock_s(timezone.now(), timezone.get_default_timezone()), np.ones(len(who), bool)
    return _DrawnDay(who=who, local=now - drawn.integers(60, 7_200, len(who)), inwards=yes, granted=yes)


def _draw(number: int, people: RegisteredPeople, drawn: np.random.Generator) -> _DrawnDay:
    count = len(people.person)
    present = drawn.random(count) < PRESENT
    night = (np.arange(count) // 15) % 12 == 0  # whole teams work at night
    times = np.where(night[:, None], _NIGHT_TIMES, _DAY_TIMES) * 3600 + drawn.normal(0, 600, (count, 6))
    taken = np.ones((count, 6), bool) & present[:, None]
    taken[:, 3] &= drawn.random(count) >= FORGETS
    taken[:, 4:] &= (drawn.random(count) < LEAVES_BETWEEN)[:, None]
    who, step = np.nonzero(taken)
    local = number * DAY + times[who, step].astype(np.int64)
    inwards = np.isin(step, (0, 2, 5))
    refused = np.nonzero(present & (drawn.random(count) < REFUSED))[0]
    return _DrawnDay(
        who=np.concatenate([who, refused]),
        local=np.concatenate([local, number * DAY + times[refused, 0].astype(np.int64) - 60]),
        inwards=np.concatenate([inwards, np.ones(len(refused), bool)]),
        granted=np.concatenate([np.ones(len(who), bool), np.zeros(len(refused), bool)]),
    )


def _write_day(
    day: _DrawnDay,
    people: RegisteredPeople,
    of_project: dict[int, Any],
    written: dict[int, int],
    drawn: np.random.Generator,
) -> int:
    project = people.project[day.who]
    line = np.zeros(len(project), np.int64)
    for one in np.unique(project):
        at = np.nonzero(project == one)[0]
        line[at] = drawn.choice(of_project[int(one)], len(at))
    order = np.lexsort((day.local, line))
    who, local, line = day.who[order], day.local[order], line[order]
    ends = np.concatenate([np.nonzero(np.diff(line))[0] + 1, [len(line)]])
    seq, begin = np.zeros(len(line), np.int64), 0
    for end in ends:
        number = int(line[begin])
        seq[begin:end] = written[number] + 1 + np.arange(end - begin)
        written[number] += int(end - begin)
        begin = int(end)
    columns = {
        "line_id": line,
        "seq": seq,
        "project_id": people.project[who],
        "person_id": people.person[who],
        "enterprise_id": people.enterprise[who],
        "assignment_id": people.assignment[who],
    }
    _write(columns, local, day.inwards[order], day.granted[order])
    return len(line)


def _write(columns: dict[str, Any], local: Any, inwards: Any, granted: Any) -> None:
    """Write the rows in groups of one direction: a group has the same texts in all rows."""
    now = datetime.fromtimestamp(int(local[0]), tz=timezone.get_default_timezone())
    shift = wall_clock_s(now, timezone.get_default_timezone()) - int(now.timestamp())
    for goes_in, passed in ((True, True), (False, True), (True, False)):
        at = np.nonzero((inwards == goes_in) & (granted == passed))[0]
        if len(at):
            write_block(
                "attendance_passage",
                {
                    **{name: column[at] for name, column in columns.items()},
                    "utc": (local[at] - shift).astype("datetime64[s]"),
                    "local": local[at],
                    "direction": "in" if goes_in else "out",
                    "granted": np.full(len(at), passed),
                    "reason": "passed" if passed else "training_lapsed",
                    "worker_id": "",
                    "source": "gate",
                    "set_aside": np.zeros(len(at), bool),
                },
            )
