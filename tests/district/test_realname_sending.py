"""PROMISE: what the registry and the gates say reaches the platform at least once, counts once, and nothing is lost."""

import json
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from district_rig import SmallDistrict
from realname_rig import (
    DONE,
    NOW,
    SECRET,
    RealnameRig,
    complete,
    give_photo,
    line_of_gate,
    realname_rig,
    valid_id,
    waiting,
)

from district.attendance.models import Passage
from district.demo.fill import DemoEntry
from district.enrolment.models import PlatformPhoto
from district.exchange.rounds import registered_handlers
from district.people.models import Assignment, Consent, Employment, Person, Team
from district.platform_sim.signatures import Refused
from district.realname import look
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.rules.lacks import Lack

State, Kind = Upload.State, Upload.Kind


@pytest.fixture
def rig(town: SmallDistrict) -> RealnameRig:
    """Return the first site, ready to upload."""
    return realname_rig(town)


@pytest.mark.parametrize("signer", ["national", "md5", "md5-body"])
def test_ok__company_team_workers_entries_and_passages_arrive(town: SmallDistrict, signer: str) -> None:
    rig = realname_rig(town, signer)
    first, second = rig.people
    rig.passage(first, 240)
    rig.passage(second, 239)
    rig.passage(first, 10, "out")
    rig.rounds()
    assert rig.states() == DONE | {"ATTENDANCE done": 1}
    held = rig.sim.projects[rig.project.code]
    assert set(held.attendance) == {
        (valid_id(0), "2026-11-20 08:00:00", "01"),
        (valid_id(1), "2026-11-20 08:01:00", "01"),
        (valid_id(0), "2026-11-20 11:50:00", "02"),
    }
    assert {worker["workerName"] for worker in held.workers.values()} == {first.name, second.name}
    assert held.inside == {valid_id(0): True, valid_id(1): True}
    assert Team.objects.get(project=rig.project).platform_number.isdecimal()
    assert (rig.site.trouble, waiting(rig)) == ("", 0)


def test_ok__a_quiet_site_makes_no_calls(rig: RealnameRig) -> None:
    rig.passage(rig.people[0], 240)
    rig.rounds()
    made = len(rig.sim.calls)
    rig.rounds(15, timedelta(minutes=1))  # the registry is held against the queue once more
    assert len(rig.sim.calls) == made


def test_ok__twenty_passages_go_in_one_call(town: SmallDistrict) -> None:
    rig = realname_rig(town, batch_wait_s=600)
    person = rig.people[0]
    rig.rounds(20)
    for number in range(25):
        rig.passage(person, 100 - number, "in" if number % 2 else "out")
    rig.rounds(3)
    assert rig.held() == 20  # a full batch does not wait
    rig.rounds(15, timedelta(minutes=1))
    assert rig.held() == 25
    assert rig.sim.calls.count("WorkerAttendance.Add") == 2


def test_ok__a_rebuild_of_the_projections_sends_nothing_twice(rig: RealnameRig) -> None:
    rig.passage(rig.people[0], 240)
    rig.rounds()
    Passage.objects.all().delete()
    rig.passage(rig.people[0], int((rig.now - NOW).total_seconds() / 60) + 240, seq=99)
    made = rig.sim.calls.count("WorkerAttendance.Add")
    rig.rounds(15, timedelta(minutes=1))
    assert rig.sim.calls.count("WorkerAttendance.Add") >= made
    assert PassageUpload.objects.count() == rig.held()


def test_ok__a_passage_of_a_gate_whose_clock_is_ahead_is_found_at_once(rig: RealnameRig) -> None:
    rig.rounds()
    utc = rig.now + timedelta(minutes=3)
    body = json.dumps({"direction": "in", "clock_trusted": True, "outcome": "passed"})
    worker_id, site_id = rig.people[0].worker_id, rig.project.site_id
    entry = DemoEntry(site_id, "gate-1", 1, "passage", worker_id, utc, body, received_utc=rig.now)
    for handle in registered_handlers():
        handle([entry])
    assert Passage.objects.get().utc == rig.now
    rig.rounds(5)
    assert rig.held() == 1


def test_ok__a_photo_that_comes_later_is_noticed_at_once(rig: RealnameRig) -> None:
    person = rig.people[0]
    photo = PlatformPhoto.objects.get(person=person)
    PlatformPhoto.objects.filter(person=person).delete()
    rig.rounds()
    assert Upload.objects.get(kind=Upload.Kind.WORKER, person=person).lack == Lack.PHOTO
    photo.save(force_insert=True)
    rig.rounds(5)
    assert Upload.objects.get(kind=Upload.Kind.WORKER, person=person).state == Upload.State.DONE


def test_ok__the_simulated_platform_knows_a_right_check_digit(rig: RealnameRig) -> None:
    rig.sim.projects[rig.project.code].workers.clear()
    for number, wanted in (("11010519491231002X", True), ("110105194912310021", False)):
        sealed = rig.sim.scheme.seal_number(number, SECRET)
        with nullcontext() if wanted else pytest.raises(Refused, match="idCardNumber"):
            assert rig.sim._number("01", sealed, rig.sim.projects[rig.project.code]) == number


def test_ok__a_passage_that_was_stored_without_a_note_is_found(rig: RealnameRig) -> None:
    rig.rounds(20)
    passage = rig.passage(rig.people[0], 30)
    SiteUpload.objects.update(changed_from=None)
    rig.rounds(15, timedelta(minutes=1))
    assert rig.held() == 1
    assert passage.pk


def test_ok__refusals_of_gates_strangers_and_corrections_stay_here(rig: RealnameRig) -> None:
    person = rig.people[0]
    common = {"line": line_of_gate(), "local": 0, "project": rig.project, "utc": rig.now, "direction": "in"}
    Passage.objects.create(**common, seq=1, person=person, granted=False, reason="expired")
    Passage.objects.create(**common, seq=2, person=None, granted=True, reason="granted")
    Passage.objects.create(**common, seq=3, person=person, granted=True, reason="granted", source="correction")
    Passage.objects.create(**common, seq=4, person=person, granted=True, reason="granted", set_aside=True)
    rig.rounds(15, timedelta(minutes=1))
    assert PassageUpload.objects.count() == 0


def test_ok__a_change_is_an_update_and_an_exit_is_told(rig: RealnameRig) -> None:
    rig.rounds(20)
    person = rig.people[0]
    person.name = "新名字"
    person.save()
    Assignment.objects.filter(person=person).update(ends=date(2026, 11, 19))
    rig.rounds(20)
    held = rig.sim.projects[rig.project.code]
    assert held.workers[valid_id(0)]["workerName"] == "新名字"
    assert rig.sim.calls.count("ProjectWorker.Update") == 1
    rig.rounds(15, timedelta(minutes=1))
    assert held.inside[valid_id(0)] is False


def test_ok__a_move_to_another_team_goes_before_its_passages(rig: RealnameRig) -> None:
    rig.rounds(20)
    person = rig.people[0]
    other = Team.objects.create(project=rig.project, enterprise=rig.project.general_contractor, name="夜班")
    assignment = Assignment.objects.get(person=person)
    assignment.team = other
    assignment.save()
    rig.passage(person, 1)
    rig.rounds(40)
    assert rig.held() == 1
    other.refresh_from_db()
    held = rig.sim.projects[rig.project.code]
    assert set(held.attendance.values()) == {int(other.platform_number)}


def test_fail__what_is_missing_is_named_and_goes_by_itself_once_it_is_there(rig: RealnameRig) -> None:
    first, second = rig.people
    PlatformPhoto.objects.filter(person=first).delete()
    second.address = ""
    second.save()
    rig.passage(first, 10)
    rig.rounds(20)
    workers = Upload.objects.filter(kind=Kind.WORKER)
    assert dict(workers.values_list("person", "lack")) == {first.pk: Lack.PHOTO, second.pk: Lack.ADDRESS}
    assert (rig.held(), waiting(rig)) == (0, 1)
    Consent.objects.filter(person=first).delete()
    give_photo(first)
    second.address = "佛山"
    second.save()
    rig.rounds(40)
    assert rig.states() == DONE | {"ATTENDANCE done": 1}


def test_fail__one_wrong_passage_does_not_hold_the_others(rig: RealnameRig) -> None:
    rig.rounds(20)
    person = rig.people[0]
    for number in range(9):
        rig.passage(person, 60 - number)
    wrong = rig.passage(person, -60 * 24)  # a gate whose clock is a day ahead
    rig.rounds(40)
    assert rig.held() == 9
    refused = Upload.objects.get(state=State.REFUSED)
    assert "考勤时间" in refused.refusal
    assert refused.person == person
    assert [row.utc for row in refused.passages.all()] == [wrong.utc]


def test_ok__who_was_entered_on_the_platform_by_hand_is_found(rig: RealnameRig) -> None:
    rig.rounds(20)
    held = rig.sim.projects[rig.project.code]
    person = _newcomer(rig)
    rig.passage(person, 5)
    rig.rounds(10)
    assert Upload.objects.get(kind=Kind.WORKER, person=person).lack == Lack.PHOTO
    held.workers[valid_id(7)] = held.workers[valid_id(0)] | {"workerName": "手工"}
    SiteUpload.objects.update(reconciled=None)
    rig.rounds(15, timedelta(minutes=1))
    assert Upload.objects.get(kind=Kind.WORKER, person=person).state == State.DONE
    assert rig.held() == 1
    assert held.workers[valid_id(7)]["workerName"] == person.name


def test_ok__reconciliation_sends_again_what_the_platform_lost(rig: RealnameRig) -> None:
    person = rig.people[0]
    for number in range(6):
        rig.passage(person, 60 - number)
    rig.rounds(40)
    held = rig.sim.projects[rig.project.code]
    lost = sorted(held.attendance)[:2]
    for key in lost:
        del held.attendance[key]
    del held.workers[valid_id(1)]
    rig.now += timedelta(days=1)
    rig.rounds(3)
    assert rig.site.lacking == 2
    rig.rounds(20, timedelta(minutes=1))
    assert rig.held() == 6
    assert set(held.workers) == {valid_id(0), valid_id(1)}
    calls = len(rig.sim.calls)
    rig.now += timedelta(days=1)
    rig.rounds(5)
    assert rig.site.lacking == 0
    assert len(rig.sim.calls) == calls + 2  # workers, and one question for a day without passages


def test_ok__workers_whom_only_the_platform_has_are_counted(rig: RealnameRig) -> None:
    rig.rounds(20)
    held = rig.sim.projects[rig.project.code]
    held.workers[valid_id(500)] = held.workers[valid_id(0)]
    SiteUpload.objects.update(reconciled=None)
    rig.rounds(20)
    assert rig.site.unknown_workers == 1


def test_ok__what_was_confirmed_long_ago_is_forgotten_and_not_sent_again(rig: RealnameRig) -> None:
    passage = rig.passage(rig.people[0], 60)
    rig.rounds(40)
    rig.now += look.KEPT + timedelta(days=1)
    assert look.forget(rig.now) == 1
    made = rig.sim.calls.count("WorkerAttendance.Add")
    SiteUpload.objects.update(changed_from=passage.utc)
    rig.rounds(10)
    assert rig.sim.calls.count("WorkerAttendance.Add") == made


def test_ok__a_site_that_is_turned_off_sends_nothing(rig: RealnameRig) -> None:
    SiteUpload.objects.update(enabled=False)
    rig.passage(rig.people[0], 5)
    rig.rounds(20)
    assert rig.sim.calls == []
    assert Upload.objects.count() == 0


def _newcomer(rig: RealnameRig) -> Person:
    enterprise = rig.project.general_contractor
    person = Person.objects.create(worker_id="w-new", name="新人", pinyin="xin ren")
    Employment.objects.create(person=person, enterprise=enterprise, starts=date(2026, 11, 1))
    Assignment.objects.create(
        person=person,
        project=rig.project,
        enterprise=enterprise,
        team=Team.objects.get(project=rig.project),
        starts=date(2026, 11, 1),
    )
    complete(person, 7)
    return person
