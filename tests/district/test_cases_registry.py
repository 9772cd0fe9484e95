"""Cases: their steps in the database, who may do them, what escalates, and what goes with a measure."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from io import BytesIO
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from PIL import Image

from district.audit.models import Entry
from district.cases import registry
from district.cases.models import CalendarDay, Case, CaseStep, DutyHours, MeasureCase
from district.cases.rules import CaseAction, CaseKind, CaseRefused, CaseState
from district.emergency.erasing import erase_some
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.permissions import Role
from district.places.models import Place, Responsibility


def _open(town: SmallDistrict, kind: CaseKind = CaseKind.WHISTLE, site: int = 0, **more: Any) -> Case:
    return registry.open_case(kind, town.projects[site].place, title="Fence is broken", **more)


def _grid(town: SmallDistrict) -> Place:
    found: Place = Place.objects.get_parent(town.projects[0].place)
    return found


def _appoint(town: SmallDistrict) -> None:
    grid = _grid(town)
    Responsibility.objects.create(kind="liaison", user=town.accounts[Role.LIAISON], place=grid, starts=date(2026, 1, 1))


def _photo() -> bytes:
    target, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (80, 60), "red").save(target, "JPEG", exif=exif)
    return target.getvalue()


def test_ok__whole_life_of_a_whistle(town: SmallDistrict) -> None:
    """A site reports, the grid's liaison owns it at once and solves it, the site confirms, the officer closes."""
    _appoint(town)
    site, liaison, officer = (town.accounts[role] for role in (Role.MANAGER, Role.LIAISON, Role.OFFICER))
    case = _open(town, reporter=site)
    assert (case.state, case.owner, case.desk) == ("assigned", liaison, _grid(town))
    case = registry.progress(liaison, case, "On my way")
    case = registry.resolve(liaison, case, "New fence")
    case = registry.confirm(site, case, "It holds")
    case = registry.close(officer, case)
    steps = list(case.steps.values_list("action", flat=True))
    assert steps == ["report", "assign", "progress", "resolve", "confirm", "close"]
    assert case.closed is not None
    assert case.answered is not None
    assert Entry.objects.filter(subject_kind="cases.case", subject_id=str(case.pk)).count() == 6


def test_ok__same_key_is_the_same_case_until_it_closes(town: SmallDistrict) -> None:
    """A gate that stays silent opens one case; after its end the next."""
    first = _open(town, CaseKind.SILENT_GATE, key="silent:g1")
    assert _open(town, CaseKind.SILENT_GATE, key="silent:g1") == first
    Case.objects.filter(pk=first.pk).update(
        state=CaseState.CLOSED.value, closed=timezone.now(), owner=town.accounts[Role.OFFICER]
    )
    second = _open(town, CaseKind.SILENT_GATE, key="silent:g1")
    assert second != first
    first.refresh_from_db()
    with pytest.raises(CaseRefused, match="work on that case"):
        registry.reopen(town.accounts[Role.OFFICER], first, "again")


def test_fail__case_without_words(town: SmallDistrict) -> None:
    """A title says something."""
    with pytest.raises(CaseRefused):
        registry.open_case(CaseKind.WHISTLE, town.root, title=" \0 ")


@pytest.mark.parametrize("who", [Role.OFFICER, Role.LIAISON, Role.GUARD, Role.AUDITOR, Role.CLERK])
def test_fail__others_confirm_for_a_reporter_who_answers(town: SmallDistrict, who: Role) -> None:
    """The site reported: neither the owner nor anybody above confirms for it."""
    _appoint(town)
    case = _open(town, reporter=town.accounts[Role.MANAGER])
    case = registry.progress(town.accounts[Role.LIAISON], case, "seen")
    case = registry.resolve(town.accounts[Role.LIAISON], case, "done")
    with pytest.raises(CaseRefused):
        registry.confirm(town.accounts[who], case)


@pytest.mark.parametrize("how", ["blocked", "silent"])
def test_ok__somebody_above_confirms_for_a_reporter_who_is_gone(town: SmallDistrict, how: str) -> None:
    """The owner still cannot, the officer above the site can."""
    _appoint(town)
    reporter, liaison = town.accounts[Role.MANAGER], town.accounts[Role.LIAISON]
    case = _open(town, reporter=reporter)
    case = registry.progress(liaison, case, "seen")
    case = registry.resolve(liaison, case, "done")
    if how == "blocked":
        reporter.is_active = False
        reporter.save()
    else:
        Case.objects.filter(pk=case.pk).update(confirm_due=timezone.now())
    with pytest.raises(CaseRefused, match="reporter's side"):
        registry.confirm(liaison, case)
    assert registry.confirm(town.accounts[Role.OFFICER], case).state == CaseState.CONFIRMED


def test_ok__hand_over_keeps_the_clocks_and_waits_at_the_other_desk(town: SmallDistrict) -> None:
    """ "Not ours" gives the case to somebody; its deadlines go on, and only the new desk takes it."""
    _appoint(town)
    liaison, other = town.accounts[Role.LIAISON], town.account(Role.OFFICER, place=town.towns[1])
    case = _open(town, reporter=town.accounts[Role.MANAGER])
    moved = registry.hand_over(liaison, case, town.towns[1], "It belongs to the other town")
    assert (moved.state, moved.owner, moved.desk) == ("reported", None, town.towns[1])
    assert (moved.answer_due, moved.solution_due) == (case.answer_due, case.solution_due)
    with pytest.raises(CaseRefused, match="not yours"):
        registry.progress(liaison, moved, "still mine?")
    assert registry.progress(other, moved, "we look").owner == other


def test_fail__hand_over_to_nobody(town: SmallDistrict) -> None:
    """Not to itself, not to a site, not without a reason."""
    officer = town.accounts[Role.OFFICER]
    case = _open(town)
    for to, why in ((case.desk, "no"), (town.projects[1].place, "no"), (town.towns[1], " ")):
        with pytest.raises(CaseRefused):
            registry.hand_over(officer, case, to, why)


def test_fail__owner_who_does_not_work_there(town: SmallDistrict) -> None:
    """A manager of another site and an auditor own nothing here."""
    case = _open(town)
    far = town.account(Role.MANAGER, place=town.projects[3].place)
    for to in (far, town.accounts[Role.AUDITOR]):
        with pytest.raises(CaseRefused, match="choose another"):
            registry.assign(town.accounts[Role.OFFICER], case, to)


def test_fail__guard_sees_no_case_about_health(town: SmallDistrict) -> None:
    """A whistle of the site yes, a hit no."""
    whistle, hit = _open(town), _open(town, CaseKind.HIT, person=town.people[0])
    guard, manager = town.accounts[Role.GUARD], town.accounts[Role.MANAGER]
    assert list(Case.objects.visible_to(guard)) == [whistle]
    assert set(Case.objects.visible_to(manager)) == {whistle, hit}
    with pytest.raises(CaseRefused, match="choose another"):
        registry.assign(town.accounts[Role.OFFICER], hit, guard)


def test_ok__check_list_is_done_with_proof_before_the_case_is_solved(town: SmallDistrict) -> None:
    """Photos lose their metadata; a case with an open task is not solved."""
    officer = town.accounts[Role.OFFICER]
    case = registry.progress(officer, _open(town, CaseKind.HIT, person=town.people[0]), "I take it")
    with pytest.raises(CaseRefused, match="check-list"):
        registry.resolve(officer, case, "done")
    with pytest.raises(CaseRefused, match="photo"):
        registry.respond(officer, case, 1, "isolated")
    with pytest.raises(CaseRefused, match="no photo"):
        registry.respond(officer, case, 1, photo=b"\xff\xd8 no picture")
    for number in (1, 2):
        step = registry.respond(officer, case, number, photo=_photo())
        assert step.photo
    registry.respond(officer, case, 3, "Called both")
    with pytest.raises(CaseRefused, match="task is done"):
        registry.respond(officer, case, 3, "again")
    assert registry.resolve(officer, case, "done").state == CaseState.RESOLVED


def test_ok__photo_keeps_no_metadata() -> None:
    """What the phone wrote into it is gone."""
    from district.cases.photos import clean_photo

    assert b"secret place" in _photo()
    assert b"secret place" not in clean_photo(_photo())


def test_fail__history_is_changed(town: SmallDistrict) -> None:
    """The database refuses it."""
    case = _open(town)
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        CaseStep.objects.filter(case=case).update(by="somebody else")


def test_ok__silent_case_goes_up_to_the_district_and_stays_owned(town: SmallDistrict) -> None:
    """Grid, town, district; then it waits at the top, red."""
    _appoint(town)
    case, now = _open(town, CaseKind.TAMPER), timezone.now()
    desks = [case.desk.depth]
    for _ in range(6):
        now += timedelta(hours=1)
        registry.escalate_due(now)
        case.refresh_from_db()
        desks.append(case.desk.depth)
    assert desks == [3, 2, 1, 1, 1, 1, 1]
    assert (case.escalated, case.escalate_at, case.owner) == (2, None, town.accounts[Role.LIAISON])


def test_ok__solved_case_does_not_escalate(town: SmallDistrict) -> None:
    """It waits for the reporter; a reopened one has new deadlines."""
    _appoint(town)
    site, liaison = town.accounts[Role.MANAGER], town.accounts[Role.LIAISON]
    case = registry.progress(liaison, _open(town, reporter=site), "seen")
    case = registry.resolve(liaison, case, "done")
    registry.escalate_due(timezone.now() + timedelta(days=90))
    case.refresh_from_db()
    assert case.escalated == 0
    again = registry.reopen(site, case, "It broke again")
    assert (again.state, again.owner, again.reopened, again.answered) == ("assigned", liaison, 1, None)
    assert again.escalate_at == again.answer_due


def test_ok__night_duty_owns_what_is_urgent_outside_office_hours(
    town: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest duty of the tree; an ordinary whistle waits for the liaison."""
    _appoint(town)
    officer, by = town.accounts[Role.OFFICER], "test"
    for weekday in range(7):
        registry.add_hours(by, town.root, DutyHours.Kind.NIGHT, weekday, time(0), time(0), officer)
        registry.set_day(by, timezone.localdate() + timedelta(days=weekday - 2), False)
    assert _open(town, CaseKind.FIRE).owner == officer
    assert _open(town).owner == town.accounts[Role.LIAISON]


def test_ok__published_holidays_are_taken_once_and_changes_stay(town: SmallDistrict) -> None:
    """A day that somebody changed is not taken back."""
    registry.set_day("test", date(2026, 10, 1), True, "flood")
    assert registry.seed_calendar(2026) > 20
    assert registry.seed_calendar(2026) == 0
    assert CalendarDay.objects.get(day=date(2026, 10, 1)).works
    assert not CalendarDay.objects.get(day=date(2026, 10, 2)).works


@pytest.mark.parametrize(
    "wrong", [{"weekday": 7}, {"kind": DutyHours.Kind.NIGHT}, {"begins": time(8)}], ids=["weekday", "nobody", "twice"]
)
def test_fail__wrong_hours(town: SmallDistrict, wrong: dict[str, Any]) -> None:
    """Refused with a sentence."""
    registry.add_hours("test", town.root, DutyHours.Kind.OFFICE, 0, time(8), time(12))
    given: dict[str, Any] = {"kind": DutyHours.Kind.OFFICE, "weekday": 0, "begins": time(13), "ends": time(17)}
    with pytest.raises(CaseRefused):
        registry.add_hours("test", town.root, **{**given, **wrong})


def test_ok__case_goes_with_its_measure(town: SmallDistrict) -> None:
    """After the measure's end nobody works on it; then nothing of it is left."""
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    ends = timezone.localdate() + timedelta(days=5)
    measure = start_measure("test", MeasureKind.SCREENING, town.root, ends=ends, **why)
    case = _open(town, CaseKind.HIT, person=town.people[0], measure=measure)
    other = _open(town)
    end_measure("test", measure)
    assert list(Case.objects.kept()) == [other]
    with pytest.raises(CaseRefused, match="measure is over"):
        registry.progress(town.accounts[Role.OFFICER], case, "late")
    while erase_some():
        pass
    assert list(Case.objects.all()) == [other]
    assert not MeasureCase.objects.exists()
    assert not CaseStep.objects.exclude(case=other).exists()


def test_ok__texts_are_encrypted(town: SmallDistrict) -> None:
    """The database's bytes show neither title nor text."""
    case = _open(town, text="Behind the canteen")
    with connection.cursor() as cursor:
        cursor.execute("SELECT title, text FROM cases_case WHERE id = %s", [case.pk])
        assert not re.search(rb"Fence|canteen", b"".join(map(bytes, cursor.fetchone())))
    case.refresh_from_db()
    assert (case.title, case.text) == ("Fence is broken", "Behind the canteen")


_WALK: tuple[tuple[CaseAction, Callable[[Any, Case], object]], ...] = (
    (CaseAction.PROGRESS, lambda by, case: registry.progress(by, case, "note")),
    (CaseAction.RESOLVE, lambda by, case: registry.resolve(by, case, "done")),
    (CaseAction.CONFIRM, registry.confirm),
    (CaseAction.CLOSE, registry.close),
    (CaseAction.REOPEN, lambda by, case: registry.reopen(by, case, "again")),
)


@pytest.mark.parametrize("who", [Role.AUDITOR, Role.SYSTEM])
def test_fail__who_does_not_work_on_cases_does_no_step(town: SmallDistrict, who: Role) -> None:
    """In no state."""
    case = _open(town)
    for state in CaseState:
        closed = timezone.now() if state is CaseState.CLOSED else None
        Case.objects.filter(pk=case.pk).update(state=state.value, owner=town.accounts[Role.OFFICER], closed=closed)
        for _action, step in _WALK:
            with pytest.raises(CaseRefused):
                step(town.accounts[who], case)
