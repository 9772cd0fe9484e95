"""PROMISE: a settled month does not change by itself. What comes later waits on a list until somebody approves it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attendance_rig import GateJournal, at
from district_rig import SmallDistrict
from django.utils import timezone
from two_parts import client_of

from district.attendance.feed_handlers import attach_registered, handle
from district.attendance.models import Correction, Day, Passage, Payroll, PayrollLine
from district.attendance.payrolls import PayrollRefused, settle
from district.attendance.rebuild import rebuild
from district.attendance.requests import approve, refuse
from district.people import registry
from district.people.models import Assignment, Person
from district.permissions import Role


def _settled(town: SmallDistrict, month: date = date(2026, 3, 1)) -> Payroll:
    project = town.projects[0]
    payroll = Payroll.objects.create(project=project, enterprise=project.general_contractor, month=month)
    PayrollLine.objects.create(payroll=payroll, person=town.people[0], days=Decimal(1))
    settle("clerk", payroll)
    return payroll


def _days() -> list[tuple[Any, ...]]:
    return list(Day.objects.order_by("person", "date").values_list("person", "date", "seconds", "missing_exit"))


def test_ok__a_late_passage_waits_and_counts_once_approved(town: SmallDistrict) -> None:
    gate = GateJournal()
    early = [gate.passed("w-1", "in", at(7)), gate.passed("w-1", "out", at(12))]
    late = [gate.passed("w-1", "in", at(13)), gate.passed("w-1", "out", at(17)), gate.passed("w-2", "in", at(8))]
    handle(early)
    payroll, before = _settled(town), _days()
    for _ in range(2):
        handle([*early, *late])
    assert _days() == before and Correction.objects.filter(kind="late", state="open").count() == 3
    rebuild()
    assert _days() == before, "a rebuild keeps it"
    clerk, officer = client_of(town.accounts[Role.CLERK]), client_of(town.accounts[Role.OFFICER])
    assert "kind=late" in clerk.get(f"/attendance/payrolls/{payroll.pk}").text
    assert clerk.get("/attendance/corrections?state=open&kind=late").text.count("工人1") >= 2
    first, second = Correction.objects.filter(person=town.people[0]).order_by("utc")
    assert officer.get(f"/attendance/corrections/{first.pk}").status_code == 200
    assert clerk.post(f"/attendance/corrections/{first.pk}", {"action": "approve", "answer": "a"}).status_code in (
        403,
        404,
    )
    officer.post(f"/attendance/corrections/{first.pk}", {"action": "approve", "answer": "the gate was offline"})
    approve("officer", second)
    assert Day.objects.get(person=town.people[0]).seconds == 9 * 3600
    third = Correction.objects.get(person=town.people[1])
    refuse("officer", third, "paid in the next month")
    after = _days()
    handle([*early, *late])
    rebuild()
    assert _days() == after and Correction.objects.count() == 3


def test_ok__a_corrected_time_and_another_line_leave_a_settled_day(town: SmallDistrict) -> None:
    gate = GateJournal()
    early = [gate.passed("w-1", "in", at(7)), gate.passed("w-1", "out", at(12))]
    handle(early)
    _settled(town)
    before = _days()
    moved = early[1].__class__(**{**early[1].__dict__, "kind": "changed", "why": "time", "corrected_utc": at(10)})
    handle([moved])
    assert _days() == before
    restart = early[0].__class__(kind="restart")
    handle([restart, *early])
    assert _days() == before and Passage.objects.filter(set_aside=False).count() == 2
    approve("officer", Correction.objects.get())
    assert Day.objects.get().seconds == 3 * 3600


def test_ok__a_night_shift_that_ends_in_the_next_month_and_other_ways_in(town: SmallDistrict) -> None:
    gate = GateJournal()
    handle([gate.passed("w-1", "in", at(20, 29)), gate.passed("w-9", "in", at(8, 5))])  # 31 March, 7 March
    _settled(town)
    before = _days()
    handle(
        [
            gate.passed("w-1", "out", at(6, 30)),
            gate.passed("w-1", "in", at(8, 30)),
            gate.passed("w-1", "out", at(17, 30)),
        ]
    )
    person = Person.objects.create(worker_id="w-9", name="九", pinyin="jiu")
    project = town.projects[0]
    Assignment.objects.create(
        person=person, project=project, enterprise=project.general_contractor, starts=date(2026, 1, 5)
    )
    attach_registered()
    changed = [day for day in _days() if day not in before]
    assert [day[1] for day in changed] == [date(2026, 4, 1)]
    late = Correction.objects.filter(kind="late").order_by("utc").values_list("person__worker_id", flat=True)
    assert list(late) == ["w-9", "w-1"]


def test_fail__a_month_that_has_not_ended_is_not_settled(town: SmallDistrict) -> None:
    today = timezone.localdate()
    for month in (today.replace(day=1), today.replace(day=1) + timedelta(days=32)):
        with pytest.raises(PayrollRefused):
            _settled(town, month.replace(day=1))


def test_ok__a_merge_taken_back_leaves_both_as_if_it_had_not_been(town: SmallDistrict) -> None:
    gate, (one, other, *_rest) = GateJournal(), town.people
    handle([gate.passed("w-1", "in", at(7)), gate.passed("w-1", "out", at(12))])
    made = registry.merge("officer", one, other, "the same document")
    handle(
        [gate.passed("w-2", "in", at(8, 1)), gate.passed("w-2", "out", at(17, 1)), gate.passed("w-1", "in", at(7, 2))]
    )
    assert set(Day.objects.values_list("person", flat=True)) == {one.pk}
    registry.undo_merge("officer", made, "they are two")
    assert list(Day.objects.order_by("date").values_list("person", flat=True)) == [one.pk, other.pk, one.pk]
    assert Day.objects.get(person=other).seconds == 9 * 3600
    before = _days()
    rebuild()
    assert _days() == before
