"""PROMISE: stays and days follow from the passages alone, in any order, and however often these arrive."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from attendance_rig import CHINA, GateJournal, at
from district_rig import SmallDistrict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from district.attendance.feed_handlers import attach_registered, handle, place_waiting
from district.attendance.models import Day, FeedGap, Passage, Stay, UnplacedEntry
from district.attendance.models.projections import INSIDE
from district.attendance.projection import close_overdue
from district.attendance.rebuild import rebuild
from district.attendance.rules.working_time import DEFAULTS, Step, days_of, stays_of, wall_clock_s
from district.people.models import Person

NOW = at(12, 20)


def shown(model: type[Stay] | type[Day]) -> list[tuple[Any, ...]]:
    """Return all rows without their numbers."""
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in ("id", "entry_id")]
    return sorted(model.objects.values_list(*names), key=str)


def test_ok__a_day_has_first_in_last_out_and_the_hours_between(town: SmallDistrict) -> None:
    gate = GateJournal()
    handle(
        [
            gate.passed("w-1", "in", at(7.5)),
            gate.passed("w-1", "out", at(12)),
            gate.passed("w-1", "in", at(13)),
            gate.passed("w-1", "out", at(18)),
            gate.refused("w-2", "training_lapsed", at(7.6)),
            gate.passed("w-2", "in", at(7.7), outcome="not_taken"),
        ]
    )
    day = Day.objects.get()
    assert (day.person.worker_id, day.first_in, day.last_out, day.seconds) == ("w-1", at(7.5), at(18), 34_200)
    assert (day.enterprise, day.team) == (town.enterprises[0], town.projects[0].teams.get())
    assert (day.night_seconds, day.missing_exit, day.missing_entry, day.corrected) == (0, False, False, False)
    assert Passage.objects.get(granted=False).reason == "training_lapsed"


def test_ok__a_night_shift_with_a_break_is_one_day(town: SmallDistrict) -> None:
    gate = GateJournal()
    times = [("in", at(20)), ("out", at(24.5)), ("in", at(25.5)), ("out", at(30.5))]
    handle([gate.passed("w-1", direction, when) for direction, when in times])
    day = Day.objects.get()
    assert (str(day.date), day.seconds, day.night_seconds) == ("2026-03-02", int(9.5 * 3600), int((2.5 + 4.5) * 3600))


def test_ok__who_does_not_leave_is_inside_then_flagged(town: SmallDistrict) -> None:
    gate = GateJournal()
    now = datetime.now(CHINA)
    handle([gate.passed("w-1", "in", now - timedelta(hours=2)), gate.passed("w-2", "in", now - timedelta(hours=17))])
    assert list(Stay.objects.filter(INSIDE).values_list("person__worker_id", flat=True)) == ["w-1"]
    assert not close_overdue()
    assert close_overdue(now + timedelta(hours=15))
    assert not Stay.objects.filter(INSIDE)
    assert Day.objects.filter(missing_exit=True, seconds=0).count() == 2


def test_ok__who_enters_another_site_has_left_the_first(town: SmallDistrict) -> None:
    first, second = GateJournal(), GateJournal("site-2", "gate-2")
    handle([first.passed("w-1", "in", at(8)), second.passed("w-1", "in", at(11)), second.passed("w-1", "out", at(15))])
    assert list(Day.objects.order_by("project").values_list("seconds", "missing_exit")) == [(0, True), (14_400, False)]


def test_ok__the_same_page_twice_changes_nothing(town: SmallDistrict) -> None:
    gate = GateJournal()
    page = [gate.passed("w-1", "in", at(8)), gate.passed("w-1", "out", at(17)), gate.passed("w-2", "in", at(9))]
    handle(page)
    before = shown(Stay), shown(Day), set(Stay.objects.values_list("pk", flat=True))
    handle(page)
    assert (shown(Stay), shown(Day), set(Stay.objects.values_list("pk", flat=True))) == before


def test_ok__a_corrected_time_moves_the_day(town: SmallDistrict) -> None:
    gate = GateJournal()
    entry = gate.passed("w-1", "in", at(8, 3), trusted=False)
    handle([entry])
    handle([replace(entry, kind="changed", why="time", corrected_utc=at(7)), gate.passed("w-1", "out", at(16))])
    assert [(str(day.date), day.seconds) for day in Day.objects.all()] == [("2026-03-02", 32_400)]


def test_ok__a_line_that_restarts_is_counted_from_its_beginning(town: SmallDistrict) -> None:
    gate = GateJournal()
    old = [gate.passed("w-1", "in", at(8)), gate.passed("w-1", "out", at(17))]
    handle(old)
    handle([replace(old[0], kind="restart"), replace(old[0], utc=at(9), received_utc=at(9))])
    assert Passage.objects.count() == Stay.objects.count() == 1
    assert Day.objects.get().first_in == at(9)


def test_ok__missing_events_are_noted_once(town: SmallDistrict) -> None:
    entry = replace(GateJournal().passed("w-1", "in", at(8)), kind="missing", seq=5, last_seq=9, why="age")
    handle([entry])
    handle([entry])
    gap = FeedGap.objects.get()
    assert (gap.project, gap.seq, gap.last_seq) == (town.projects[0], 5, 9)


def test_ok__events_of_an_unknown_site_wait_until_somebody_registers_it(town: SmallDistrict) -> None:
    handle([GateJournal("site-9").passed("w-1", "in", at(8))])
    assert (Passage.objects.count(), UnplacedEntry.objects.count()) == (0, 1)
    town.projects[3].site_id = "site-9"
    town.projects[3].save()
    assert place_waiting()
    assert not place_waiting()
    assert (Passage.objects.get().project, UnplacedEntry.objects.count()) == (town.projects[3], 0)


def test_ok__nobody_knows_the_worker_and_the_passage_stays(town: SmallDistrict) -> None:
    handle([GateJournal().passed("w-99", "in", at(8)), GateJournal(gate_id="g2").passed(None, "in", at(8))])
    assert set(Passage.objects.values_list("worker_id", "person")) == {("w-99", None), ("", None)}
    assert not Stay.objects.exists()
    person = town.people[0]
    person.worker_id = "w-99"
    person.save()
    assert attach_registered()
    assert not attach_registered()
    assert Stay.objects.get().person == person


_STEPS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 1), st.booleans(), st.integers(0, 4 * 96), st.sampled_from([0, 2, 4, 7])
    ),
    max_size=14,
    unique_by=lambda step: (step[0], step[3], step[4]),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_ok__sql_says_what_the_rules_say(town: SmallDistrict, steps: Any, size: int, random: Any) -> None:
    Passage.objects.all().delete()
    Stay.objects.all().delete()
    Day.objects.all().delete()
    gates = [GateJournal(), GateJournal("site-2", "gate-2")]
    entries = [
        gates[site].passed(f"w-{who + 1}", "in" if inwards else "out", at(quarter / 4) + timedelta(minutes=minutes))
        for who, site, inwards, quarter, minutes in steps
    ]
    shuffled = list(entries)
    random.shuffle(shuffled)
    for first in range(0, len(shuffled), size):
        handle(shuffled[first : first + size])
    said = _by_rules(town, entries)
    assert _in_tables() == said
    rebuild()
    assert _in_tables() == said


def _by_rules(town: SmallDistrict, entries: list[Any]) -> list[tuple[Any, ...]]:
    sites = {project.site_id: project.pk for project in town.projects}
    found = []
    for person in Person.objects.filter(worker_id__in=["w-1", "w-2", "w-3"]):
        steps = [
            Step(sites[e.site_id], e.utc, wall_clock_s(e.utc, CHINA), '"in"' in e.body)
            for e in entries
            if e.worker_id == person.worker_id
        ]
        for day in days_of(stays_of(steps, lambda _site, _local: DEFAULTS, datetime.now(CHINA))):
            flags = any(s.missing_exit for s in day.stays), any(s.missing_entry for s in day.stays)
            found.append(
                (person.pk, day.site, day.date, day.first_in, day.last_out, day.seconds, day.night_seconds, *flags)
            )
    return sorted(found, key=str)


def _in_tables() -> list[tuple[Any, ...]]:
    flags = ("missing_exit", "missing_entry")
    names = ("person_id", "project_id", "date", "first_in", "last_out", "seconds", "night_seconds", *flags)
    return sorted(Day.objects.values_list(*names), key=str)
