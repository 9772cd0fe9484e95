"""PROMISE: a class counts for who was there at its start, at its drawn moments, and at its end."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from training_rig import event, phone_of, ready_course
from two_parts import client_of

from district.people.models import Certificate, Person
from district.permissions import Role
from district.places.models import Gate
from district.training import registry
from district.training.feed_handlers import handle
from district.training.models import ClassMoment, ClassSession, CourseCompletion, TrainingProof
from district.training.registry.timetable import step_now
from district.training.rules import (
    MOMENT_LASTS,
    START_LASTS,
    ClassTimes,
    Shown,
    Step,
    TrainingRefused,
    drawn_moments,
    steps_lacking,
)

_T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)


def begun_class(town: SmallDistrict, *, moments: int = 1, gate: Gate | None = None) -> ClassSession:
    """Return a class on the first site that has begun, with its moment ten minutes ago."""
    now = timezone.now()
    made = registry.plan_class(
        "teacher",
        ready_course(town),
        town.projects[0],
        starts=now - timedelta(minutes=20),
        ends=now + timedelta(hours=1),
        moments=moments,
        gate=gate,
    )
    begun = registry.ask_step("teacher", made, Step.START)
    ClassSession.objects.filter(pk=begun.pk).update(begun=now - timedelta(minutes=20))
    ClassMoment.objects.filter(session=begun).update(at=now - timedelta(minutes=10))
    begun.refresh_from_db()
    return begun


def shows(session: ClassSession, person: Person, step: Step, seq: int, minutes_ago: float, **more: object) -> None:
    """Let the terminal see a participant."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    handle([event(session.session_name, person.worker_id, seq=seq, step=step.value, utc=at, **more)])


def test_ok__start_moment_and_end_complete_the_course(town: SmallDistrict) -> None:
    session, person = begun_class(town), town.people[0]
    shows(session, person, Step.START, 1, 19)
    shows(session, person, Step.MOMENT, 2, 9)
    assert not CourseCompletion.objects.exists()
    ClassMoment.objects.update(at=timezone.now() - timedelta(hours=1))
    registry.ask_step("teacher", session, Step.END)
    ClassMoment.objects.update(at=timezone.now() - timedelta(minutes=10))
    shows(session, person, Step.END, 3, 0)
    shows(session, person, Step.END, 3, 0)
    made = CourseCompletion.objects.get()
    assert (made.person, made.in_class, made.by) == (person, True, "")
    assert Certificate.objects.get(person=person).is_training


def test_fail__who_left_in_between_completes_nothing(town: SmallDistrict) -> None:
    session, person = begun_class(town), town.people[0]
    shows(session, person, Step.START, 1, 19)
    ClassSession.objects.filter(pk=session.pk).update(ending=timezone.now())
    shows(session, person, Step.END, 2, 0)
    assert not CourseCompletion.objects.exists()


def test_fail__another_gate_than_the_terminal_does_not_count(town: SmallDistrict) -> None:
    terminal = Gate.objects.create(project=town.projects[0], gate_id="room-1")
    session = begun_class(town, gate=terminal)
    shows(session, town.people[0], Step.START, 1, 19)
    shows(session, town.people[0], Step.START, 2, 18, gate_id="room-1")
    assert [(one.gate_name, one.proven) for one in TrainingProof.objects.order_by("utc")] == [
        ("gate-1", False),
        ("room-1", True),
    ]


def test_fail__steps_come_in_their_time(town: SmallDistrict) -> None:
    session = begun_class(town)
    with pytest.raises(TrainingRefused, match="still to come"):
        registry.ask_step("teacher", session, Step.END)
    with pytest.raises(TrainingRefused, match="close it instead"):
        registry.cancel_class("teacher", session)
    with pytest.raises(TrainingRefused, match="not asked"):
        registry.confirm_class_step("teacher", session, town.people[0], Step.END, "I know him")
    now = timezone.now()
    later = registry.plan_class(
        "teacher", session.course, town.projects[0], starts=now + timedelta(days=1), ends=now + timedelta(hours=26)
    )
    with pytest.raises(TrainingRefused, match="too early"):
        registry.ask_step("teacher", later, Step.START)
    registry.cancel_class("teacher", later)
    other = ready_course(town, place=town.projects[3].place)
    for fields, why in (
        ({"course": other}, "does not hold"),
        ({"ends": now + timedelta(minutes=5)}, "20 minutes"),
        ({"starts": now - timedelta(hours=3), "ends": now - timedelta(hours=1)}, "is over"),
    ):
        given_ = {"course": session.course, "starts": now, "ends": now + timedelta(hours=1), **fields}
        with pytest.raises(TrainingRefused, match=why):
            registry.plan_class("teacher", given_.pop("course"), town.projects[0], **given_)


def test_ok__the_page_of_a_class_shows_its_code_and_who_took_part(town: SmallDistrict) -> None:
    course = ready_course(town)
    manager = client_of(town.accounts[Role.MANAGER])
    now = timezone.localtime()
    sent = {
        "course": course.pk,
        "project": town.projects[0].pk,
        "starts": f"{now:%Y-%m-%dT%H:%M}",
        "ends": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "moments": 0,
    }
    page = manager.post("/training/classes/add/", sent).headers["Location"]
    with mock.patch("district.training.codes.hq_door") as door:
        door.return_value.training_code.return_value = "SGT1:ABC"
        assert "Not begun yet." in manager.get(page).content.decode()
        assert not door.called
        manager.post(f"{page}step/", {"what": "start"})
        assert "<svg" in manager.get(page).content.decode()
        liaison = client_of(town.accounts[Role.LIAISON]).get(f"{page}now/").content.decode()
        assert 'class="class-code"' not in liaison, "who may not teach sees no code"
        phone = phone_of(town, town.people[0])
        session = ClassSession.objects.get()
        assert f"/me/classes/{session.pk}/code/" in phone.get("/me/courses/").content.decode()
        assert phone.get(f"/me/classes/{session.pk}/code/").status_code == 200
        assert door.return_value.training_code.call_args.kwargs["worker_id"] == town.people[0].worker_id
        manager.post(f"{page}confirm/", {"worker_id": town.people[0].worker_id, "why": "id card compared"})
        manager.post(f"{page}step/", {"what": "end"})
        manager.post(f"{page}confirm/", {"worker_id": town.people[0].worker_id, "why": "id card compared"})
        foreign = manager.post(f"{page}confirm/", {"worker_id": town.people[-1].worker_id, "why": "id card compared"})
        assert foreign.status_code == 404
    done = CourseCompletion.objects.get()
    assert done.person == town.people[0] and str(town.accounts[Role.MANAGER]) in done.by
    manager.post(f"{page}step/", {"what": "close"})
    shown = manager.get(page).content.decode()
    assert town.people[0].name in shown and "completed" in shown
    assert Client().get(page).status_code == 302


@settings(max_examples=100)
@given(st.integers(0, 5), st.integers(20, 600), st.text(max_size=8))
def test_ok__moments_lie_inside_the_class_and_apart(count: int, minutes: int, seed: str) -> None:
    ends = _T0 + timedelta(minutes=minutes)
    drawn = drawn_moments(_T0, ends, count, seed)
    assert len(drawn) == count and list(drawn) == sorted(drawn)
    assert all(_T0 < at < ends for at in drawn)
    assert drawn == drawn_moments(_T0, ends, count, seed)


_shown = st.builds(
    Shown, st.sampled_from(list(Step)), st.integers(0, 120).map(lambda minutes: _T0 + timedelta(minutes=minutes))
)


@settings(max_examples=100)
@given(st.lists(_shown, max_size=8), st.lists(st.integers(0, 120), max_size=3), st.none() | st.integers(60, 120))
def test_ok__a_step_more_never_makes_more_lacking(proofs: list[Shown], at: list[int], over: int | None) -> None:
    moments = tuple(sorted(_T0 + timedelta(minutes=one) for one in at))
    times = ClassTimes(_T0, moments, _T0 + timedelta(minutes=over) if over else None)
    lacking = steps_lacking(times, proofs)
    for one in range(len(proofs)):
        assert set(lacking) <= set(steps_lacking(times, proofs[:one]))
    if not lacking:
        assert {Step.START, Step.END} <= {one.step for one in proofs}
        for moment in moments:
            assert (times.over is not None and moment >= times.over) or any(
                one.step is Step.MOMENT and moment <= one.utc < moment + MOMENT_LASTS for one in proofs
            )


def test_ok__a_class_asks_for_one_step_at_a_time(town: SmallDistrict) -> None:
    session = begun_class(town, moments=1)
    assert session.begun is not None
    moment = session.moments.get().at
    assert step_now(session, moment + timedelta(minutes=1)) is Step.MOMENT
    assert step_now(session, moment + MOMENT_LASTS) is Step.START
    assert step_now(session, session.begun + START_LASTS) is None
    session.ending = timezone.now()
    assert step_now(session, timezone.now()) is Step.END
    session.over = timezone.now()
    assert step_now(session, timezone.now()) is None
