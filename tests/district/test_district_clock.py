"""PROMISE: a clock that was wrong for a while leaves nothing waiting, nothing lost, and no door open for longer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attendance_rig import GateJournal
from district_hq import hq_in
from district_rig import SmallDistrict
from django.contrib.sessions.models import Session
from django.utils import timezone
from two_parts import client_of

from district.accounts import registry as accounts
from district.accounts.models import AccountInvitation
from district.attendance.feed_handlers import handle
from district.attendance.models import Passage, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.projection import close_overdue
from district.emergency import registry as measures
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind, MeasureRefused
from district.exchange import days, failed, hand_over, outbox
from district.exchange.leases import WorkerProcess
from district.exchange.models import DayTurn, FailedEntry, OutboxRow
from district.people import worker_rounds as people_rounds
from district.people.models import Assignment, Person
from district.permissions import Role
from district.phones.links import make_links, open_link
from district.quarantine.models import QuarantineOrder
from district.quarantine.registry.watching import tell_gates
from district.screening.models import Hit, KeyList
from district.screening.registry.warning import end_some
from district.screening.risk_source import risks_of
from district.screening.rules import HitBasis, HitState
from district.web.clock import follow_clock, is_proven
from district.web.models import ClockMark
from district.wire import FeedEntry, FeedKind

RIGHT = timezone.now()
YEAR = timedelta(days=365)
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, db: None) -> Clock:
    """Return what sets the clock of this machine."""

    def to(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    to(RIGHT)
    follow_clock()
    return to


def _ahead_and_back(clock: Clock, do: Callable[[], object]) -> None:
    clock(RIGHT + YEAR)
    follow_clock()
    do()
    clock(RIGHT + timedelta(minutes=5))
    follow_clock()


def test_ok__changes_made_in_a_wrong_year_reach_hq(clock: Clock, town: SmallDistrict, tmp_path: Path) -> None:
    def work() -> None:
        outbox.put(OutboxRow.Kind.WORKER, "w-1")
        OutboxRow.objects.update(next_try=timezone.now())
        failed.set_aside(FeedEntry(FeedKind.EVENT, "site-1", "gate-1", "e", 1), KeyError("x"))

    with hq_in(tmp_path / "hq") as hq:
        _ahead_and_back(clock, work)
        hand_over.hand_over()
        assert hq.worker("w-1") is not None
    assert FailedEntry.objects.get().next_try <= timezone.now()


def test_ok__days_that_did_not_come_yet_are_taken_back(clock: Clock, town: SmallDistrict) -> None:
    soon = timezone.localdate(RIGHT) + timedelta(days=30)
    Assignment.objects.filter(person__worker_id="w-1").update(ends=soon)
    days.follow_days()
    _ahead_and_back(clock, days.follow_days)
    assert DayTurn.objects.get().date == timezone.localdate()
    assert OutboxRow.objects.filter(subject="w-1").count() == 2, "gone in the wrong year, and back again"


def test_ok__who_is_inside_is_inside_again(clock: Clock, town: SmallDistrict) -> None:
    handle([GateJournal().passed("w-1", "in", RIGHT - timedelta(hours=1))])

    def wrong_year() -> None:
        assert close_overdue()
        assert not Stay.objects.filter(INSIDE)

    _ahead_and_back(clock, wrong_year)
    assert Stay.objects.filter(INSIDE).count() == 1


def test_ok__links_and_sessions_do_not_last_a_year(clock: Clock, town: SmallDistrict) -> None:
    secrets: list[str] = []

    def work() -> None:
        accounts.new_link(None, town.accounts[Role.GUARD])
        secrets.append(make_links("test", town.projects[0], town.people[:1])[0].secret)
        client_of(town.accounts[Role.CLERK])

    _ahead_and_back(clock, work)
    assert AccountInvitation.objects.get().expires <= timezone.now() + timedelta(hours=accounts.LINK_HOURS)
    assert open_link(secrets[0]) is not None
    assert all(one.expire_date <= timezone.now() + timedelta(hours=12) for one in Session.objects.all())
    clock(RIGHT + timedelta(days=20))
    assert open_link(secrets[0]) is None


def test_ok__a_lease_of_another_machine_does_not_last_a_year(clock: Clock) -> None:
    clock(RIGHT + YEAR)
    assert WorkerProcess(machine="elsewhere", process="1/1").take("a")
    clock(RIGHT)
    assert WorkerProcess().take("a")


@pytest.mark.parametrize("wrong", [RIGHT + 4 * YEAR, datetime(1970, 1, 1, 1, tzinfo=UTC)])
def test_fail__a_wrong_year_erases_nobody(
    clock: Clock, town: SmallDistrict, monkeypatch: pytest.MonkeyPatch, wrong: datetime
) -> None:
    monkeypatch.setitem(people_rounds._next, "s", 0.0)
    person = town.people[0]
    hold = timezone.localdate(RIGHT) + timedelta(days=300)
    Person.objects.filter(pk=person.pk).update(erase_on=hold)
    Assignment.objects.filter(person=person).update(ends=timezone.localdate(RIGHT))
    clock(wrong)
    for _ in range(2):  # before and after the worker noticed
        people_rounds.erase_people_due()
        follow_clock()
    clock(RIGHT)
    follow_clock()
    person.refresh_from_db()
    assert person.erased is None and person.erase_on == hold


def test_ok__after_a_day_a_jump_is_the_truth(clock: Clock) -> None:
    clock(RIGHT + timedelta(days=9))  # the worker was off for a week
    assert not is_proven(timezone.now())
    follow_clock()
    assert not is_proven(timezone.now())
    clock(RIGHT + timedelta(days=10, minutes=1))
    follow_clock()
    assert is_proven(timezone.now())


def test_ok__hq_in_1970_moves_no_passage_there(clock: Clock, town: SmallDistrict) -> None:
    came = RIGHT - timedelta(hours=1)
    entry = GateJournal().passed("w-1", "in", came)
    object.__setattr__(entry, "received_utc", datetime(1970, 1, 1, tzinfo=UTC))
    handle([entry])
    assert Passage.objects.get().utc == came


def _listed(town: SmallDistrict) -> EmergencyMeasure:
    """Return a measure of a month that has a key list."""
    measure = measures.start_measure(
        "test",
        MeasureKind.SCREENING,
        town.root,
        purpose="Exercise",
        legal_basis="Article 1",
        ends=timezone.localdate() + timedelta(days=30),
    )
    KeyList.objects.create(measure=measure, name="list", starts=measure.starts, ends=measure.ends)
    return measure


def test_fail__a_clock_that_jumped_erases_no_emergency(clock: Clock, town: SmallDistrict) -> None:
    _listed(town)
    _ahead_and_back(clock, lambda: [erase_some() for _ in range(5)])
    assert KeyList.objects.kept().count() == 1
    assert measures.running(MeasureKind.SCREENING).exists()


def test_ok__what_a_person_ended_is_erased_also_while_the_clock_is_not_proven(
    clock: Clock, town: SmallDistrict
) -> None:
    measure = _listed(town)
    clock(RIGHT + YEAR)
    follow_clock()
    EmergencyMeasure.objects.filter(pk=measure.pk).update(ended=timezone.now())
    while erase_some():
        pass
    assert not KeyList.objects.exists()


def test_fail__a_clock_set_back_brings_no_measure_back(clock: Clock, town: SmallDistrict) -> None:
    measure = _listed(town)
    clock(RIGHT + timedelta(days=31))
    ClockMark.objects.update(seen=timezone.now(), jumped=None)
    while erase_some():
        pass
    clock(RIGHT)
    follow_clock()
    assert not measures.running(MeasureKind.SCREENING).exists()
    with pytest.raises(MeasureRefused):
        measures.extend_measure("test", measure, timezone.localdate() + timedelta(days=40), "longer")


def test_fail__a_clock_that_jumped_lifts_nobody_who_is_held(clock: Clock, town: SmallDistrict) -> None:
    measure, person = _listed(town), town.people[0]
    hit = Hit.objects.create(
        measure=measure,
        person=person,
        list=KeyList.objects.get(),
        basis=HitBasis.NUMBER,
        state=HitState.IN_FORCE,
        until=RIGHT + timedelta(days=10),
    )
    _ahead_and_back(clock, lambda: (end_some(), OutboxRow.objects.update(done=timezone.now())))
    hit.refresh_from_db()
    assert hit.state == HitState.IN_FORCE
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, subject=person.worker_id, done=None).exists()
    assert [one.worker_id for one in risks_of([person.worker_id])] == [person.worker_id]


def test_fail__a_clock_that_jumped_frees_nobody_in_quarantine(clock: Clock, town: SmallDistrict) -> None:
    ends = timezone.localdate() + timedelta(days=14)
    measure = measures.start_measure(
        "test", MeasureKind.QUARANTINE, town.root, purpose="Exercise", legal_basis="Article 1", ends=ends
    )
    order = QuarantineOrder.objects.create(
        measure=measure,
        person=town.people[0],
        place=town.towns[0],
        holder=town.accounts[Role.OFFICER],
        starts=timezone.localdate(),
        ends=ends,
        gates_told=RIGHT,
    )
    _ahead_and_back(clock, lambda: OutboxRow.objects.update(done=timezone.now()))
    tell_gates()
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, done=None).exists()
    order.refresh_from_db()
    assert order.gates_told is not None and order.gates_told <= timezone.now()
