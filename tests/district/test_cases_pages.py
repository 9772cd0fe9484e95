"""Pages of cases: a whole life by forms, wrong inputs, who sees what, a worker's phone."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from two_parts import client_of

from district.audit.models import Entry
from district.cases import clock_set_back, registry
from district.cases.models import CalendarDay, Case, DutyHours
from district.cases.photos import clean_photo
from district.cases.rules import CaseKind, CaseRefused
from district.cases.waiting import waiting_for
from district.people.held import held_of
from district.permissions import Role
from district.phones import sessions
from district.phones.models import WorkerPhone
from district.phones.rules import hash_of
from district.places.models import Place, Responsibility


def _photo() -> SimpleUploadedFile:
    target = BytesIO()
    Image.new("RGB", (80, 60), "red").save(target, "JPEG")
    return SimpleUploadedFile("photo.jpg", target.getvalue(), "image/jpeg")


def _appoint(town: SmallDistrict) -> None:
    grid = Place.objects.get_parent(town.projects[0].place)
    Responsibility.objects.create(kind="liaison", user=town.accounts[Role.LIAISON], place=grid, starts=date(2026, 1, 1))


def _hit(town: SmallDistrict) -> Case:
    return registry.open_case(CaseKind.HIT, town.projects[0].place, title="List 7: 工人1", person=town.people[0])


def _phone(town: SmallDistrict, number: int = 0) -> Client:
    WorkerPhone.objects.create(person=town.people[number], secret_hash=hash_of(f"secret-{number}"), kind="test")
    client = Client()
    client.cookies[sessions.COOKIE] = f"secret-{number}"
    return client


def _post(client: Client, case: Case, step: str, **data: Any) -> Any:
    answer = client.post(f"/cases/{case.pk}/{step}/", data)
    case.refresh_from_db()
    return answer


def test_ok__site_reports_liaison_solves_site_confirms_all_by_forms(town: SmallDistrict) -> None:
    """Each page offers the next step to who has it."""
    _appoint(town)
    site, liaison = (client_of(town.accounts[role]) for role in (Role.MANAGER, Role.LIAISON))
    given = {"category": "safety", "place": town.projects[0].place_id, "title": "Fence is broken", "photos": _photo()}
    answer = site.post("/cases/report/", given)
    case = Case.objects.get()
    assert answer.url == f"/cases/{case.pk}/"
    assert "The next step is yours" in liaison.get(answer.url).content.decode()
    assert _post(liaison, case, "progress", said="On my way", photos=_photo()).status_code == 302
    assert _post(liaison, case, "resolve", said="New fence").status_code == 302
    assert "Yes, confirm" in site.get(answer.url).content.decode()
    assert _post(site, case, "confirm").status_code == 302
    assert _post(site, case, "close").status_code == 302
    assert (case.state, case.photos.count()) == ("closed", 2)
    first = case.photos.all()[0]
    assert site.get(f"/cases/{case.pk}/photo/{first.pk}/")["Content-Type"] == "image/jpeg"


def test_ok__site_proves_the_tasks_of_a_hit_and_the_liaison_solves_it(town: SmallDistrict) -> None:
    """The site sees it, does the check-list with photos, and owns nothing."""
    _appoint(town)
    case = _hit(town)
    assert set(case.notices.values_list("user", flat=True)) == {
        town.accounts[Role.MANAGER].pk,
        town.accounts[Role.LIAISON].pk,
    }
    site, liaison = (client_of(town.accounts[role]) for role in (Role.MANAGER, Role.LIAISON))
    wrong = site.post(f"/cases/{case.pk}/task/1/", {"said": "isolated at 8"})
    assert (wrong.status_code, b"proven by one" in wrong.content) == (422, True)
    assert b"isolated at 8" in wrong.content
    for number in (1, 2):
        site.post(f"/cases/{case.pk}/task/{number}/", {"photos": _photo()})
    site.post(f"/cases/{case.pk}/task/3/", {"said": "Called both"})
    assert not case.response.filter(done=None).exists()
    assert _post(site, case, "resolve", said="done").status_code == 422
    _post(liaison, case, "progress", said="seen")
    assert _post(liaison, case, "resolve", said="all done").status_code == 302
    assert _post(client_of(town.accounts[Role.OFFICER]), case, "confirm").status_code == 302
    assert site.get(f"/cases/{case.pk}/task/1/photo/").status_code == 200


def test_fail__guard_and_another_site_see_nothing_of_a_hit(town: SmallDistrict) -> None:
    """Neither page nor list nor photo nor news."""
    case = _hit(town)
    for who in (town.accounts[Role.GUARD], town.account(Role.MANAGER, place=town.projects[3].place)):
        client = client_of(who)
        assert client.get(f"/cases/{case.pk}/").status_code == 404
        assert client.post(f"/cases/{case.pk}/progress/", {"said": "mine"}).status_code == 404
        assert f">#{case.pk}<" not in client.get("/cases/").content.decode()


def test_ok__lists_show_no_title_about_health_and_the_page_is_recorded(town: SmallDistrict) -> None:
    """A title may hold a name: who opens the case is in the audit record."""
    case = _hit(town)
    client = client_of(town.accounts[Role.OFFICER])
    for address in ("/cases/", "/cases/board/", "/cases/?format=csv"):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert "工人1" not in body.decode()
        assert "Match with a key list" in body.decode()
    client.get(f"/cases/{case.pk}/")
    assert Entry.objects.filter(action="read", subject_kind="cases.case", subject_id=str(case.pk)).count() == 1


@pytest.mark.parametrize(
    ("step", "data", "sentence"),
    [
        ("progress", {"said": " "}, "required"),
        ("progress", {"said": "typed words", "photos": SimpleUploadedFile("x.jpg", b"<script>")}, "no photo"),
        ("hand_over", {"said": "not ours"}, "required"),
        ("resolve", {"said": "typed words"}, "moved on"),
    ],
)
def test_fail__wrong_form_keeps_what_was_typed(
    town: SmallDistrict, step: str, data: dict[str, Any], sentence: str
) -> None:
    """One sentence, and the words stay."""
    case = registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
    answer = client_of(town.accounts[Role.OFFICER]).post(f"/cases/{case.pk}/{step.replace('_', '-')}/", data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "reported"
    if step == "progress" and "photos" in data:
        assert "typed words" in answer.content.decode()


def test_ok__double_click_makes_one_step(town: SmallDistrict) -> None:
    """The second press finds the case moved on."""
    case = registry.open_case(
        CaseKind.WHISTLE, town.projects[0].place, title="Fence", reporter=town.accounts[Role.MANAGER]
    )
    officer = client_of(town.accounts[Role.OFFICER])
    _post(officer, case, "progress", said="seen")
    assert [_post(officer, case, "resolve", said="done").status_code for _ in range(2)] == [302, 422]
    assert case.steps.filter(action="resolve").count() == 1


def test_ok__report_that_is_sent_twice_is_one_case(town: SmallDistrict) -> None:
    """On the console and on a phone."""
    given = {"category": "safety", "place": town.projects[0].place_id, "title": "Fence is broken", "once": "a1"}
    site, phone = client_of(town.accounts[Role.MANAGER]), _phone(town)
    assert len({site.post("/cases/report/", given).url for _ in range(2)}) == 1
    given = {"category": "safety", "site": town.projects[0].pk, "text": "Fence is broken", "once": "a1"}
    assert len({phone.post("/me/problems", given).url for _ in range(2)}) == 1
    assert Case.objects.count() == 2
    assert 'name="once" value="' in phone.get("/me/problems").content.decode()


def test_fail__huge_photo_fills_no_memory(town: SmallDistrict) -> None:
    """A PNG of 36 million pixels has 100 kB; it is refused before it is read. A large JPEG is read small."""
    target, jpeg = BytesIO(), BytesIO()
    Image.new("1", (6_000, 6_000)).save(target, "PNG")
    with pytest.raises(CaseRefused, match="too large"):
        clean_photo(target.getvalue())
    Image.new("L", (6_000, 4_000)).save(jpeg, "JPEG")
    with Image.open(BytesIO(clean_photo(jpeg.getvalue()))) as small:
        assert max(small.size) <= 1_280


def test_ok__clock_that_was_ahead_delays_no_escalation(town: SmallDistrict) -> None:
    """Put right once, and not again."""
    case = registry.open_case(CaseKind.TAMPER, town.projects[0].place, title="Opened")
    planned = case.escalate_at
    assert planned is not None
    Case.objects.filter(pk=case.pk).update(escalate_at=planned + timedelta(days=90))
    for _ in range(2):
        clock_set_back.repair(timezone.now())
        case.refresh_from_db()
        assert case.escalate_at == planned


def test_ok__liaison_hands_a_case_up_and_loses_no_clock(town: SmallDistrict) -> None:
    """Places above are offered, those of other branches are not."""
    case = registry.open_case(CaseKind.WHISTLE, town.projects[0].place, title="Fence")
    liaison = client_of(town.accounts[Role.LIAISON])
    page = liaison.get(f"/cases/{case.pk}/").content.decode()
    assert "Guicheng" in page
    assert "Shishan" not in page
    assert _post(liaison, case, "hand-over", desk=town.towns[1].pk, said="theirs").status_code == 422
    assert _post(liaison, case, "hand-over", desk=town.towns[0].pk, said="not ours").status_code == 302
    assert case.desk == town.towns[0]


def test_ok__worker_reports_by_phone_and_confirms_there(town: SmallDistrict) -> None:
    """Nobody else confirms for the worker while there is time."""
    phone, officer = _phone(town), town.accounts[Role.OFFICER]
    given = {"category": "wages", "site": town.projects[0].pk, "text": "January is not paid", "photos": _photo()}
    answer = phone.post("/me/problems", given)
    case = Case.objects.get()
    assert answer.url == f"/me/problems/{case.pk}"
    registry.progress(officer, case, "I ask them")
    registry.resolve(officer, case, "Paid today")
    with pytest.raises(CaseRefused):
        registry.confirm(town.account(Role.OFFICER, place=town.root), case)
    assert _phone(town, 1).get(answer.url).status_code == 404
    assert phone.post(answer.url, {"answer": "no", "said": " "}).status_code == 422
    phone.post(answer.url, {"answer": "no", "said": "Half of it only"})
    case.refresh_from_db()
    assert (case.state, case.reopened) == ("assigned", 1)
    registry.progress(officer, case, "again")
    registry.resolve(officer, case, "All of it")
    phone.post(answer.url, {"answer": "yes"})
    case.refresh_from_db()
    assert case.state == "confirmed"


def test_ok__discreet_report_is_kept_from_the_site(town: SmallDistrict) -> None:
    """The site and the employers do not see it; the liaison does, without a name."""
    given = {"category": "wages", "site": town.projects[0].pk, "text": "Not paid", "discreet": "on"}
    _phone(town).post("/me/problems", given)
    case = Case.objects.get()
    for role in (Role.MANAGER, Role.GUARD, Role.CLERK):
        assert client_of(town.accounts[role]).get(f"/cases/{case.pk}/").status_code == 404
    page = client_of(town.accounts[Role.LIAISON]).get(f"/cases/{case.pk}/").content.decode()
    assert "kept from the site" in page
    assert town.people[0].name not in page
    assert town.people[0].worker_id not in page
    assert not [one for one in held_of(town.people[0]) if one.label == "Cases"]
    assert not Entry.objects.filter(subject_kind="cases.case", actor__contains=town.people[0].worker_id).exists()


def test_fail__phone_reports_for_another_site_or_without_end(town: SmallDistrict) -> None:
    """A worker reports where they work, ten times a day at most."""
    phone = _phone(town)
    given = {"category": "safety", "site": town.projects[2].pk, "text": "Hole in the floor"}
    assert phone.post("/me/problems", given).status_code == 422
    given["site"] = town.projects[0].pk
    answers = [phone.post("/me/problems", given).status_code for _ in range(11)]
    assert answers == [302] * 10 + [422]


def test_ok__officer_sets_days_and_hours(town: SmallDistrict) -> None:
    """All chosen weekdays or none; a town's officer changes no day of the district."""
    officer = client_of(town.accounts[Role.OFFICER])
    officer.post("/cases/duty/day/", {"day": "2026-05-04", "works": "0", "name": "Flood"})
    assert not CalendarDay.objects.get().works
    hours = {"place": town.towns[0].pk, "kind": "office", "weekdays": [0, 1], "begins": "08:00", "ends": "12:00"}
    officer.post("/cases/duty/add/", hours)
    assert officer.post("/cases/duty/add/", {**hours, "weekdays": [2, 1]}).status_code == 422
    assert DutyHours.objects.count() == 2
    part = client_of(town.account(Role.OFFICER, place=town.towns[1]))
    assert part.post("/cases/duty/day/", {"day": "2026-05-05", "works": "0"}).status_code == 403
    own = DutyHours.objects.all()[0]
    assert part.post(f"/cases/duty/{own.pk}/remove/").status_code == 404
    assert officer.post(f"/cases/duty/{own.pk}/remove/").status_code == 302


def test_ok__first_page_shows_the_cases_whose_next_step_is_the_accounts(town: SmallDistrict) -> None:
    """The owner's, the reporter's, the desk's; a site's as long as its tasks are not done."""
    _appoint(town)
    hit = _hit(town)
    fence = registry.open_case(
        CaseKind.WHISTLE, town.projects[0].place, title="Fence", reporter=town.accounts[Role.MANAGER]
    )

    def waiting(role: Role) -> set[int]:
        return {one.pk for one in waiting_for(town.accounts[role])}

    assert waiting(Role.LIAISON) == {hit.pk, fence.pk}
    assert (waiting(Role.MANAGER), waiting(Role.OFFICER), waiting(Role.GUARD)) == ({hit.pk}, set(), set())
    registry.progress(town.accounts[Role.LIAISON], fence, "seen")
    registry.resolve(town.accounts[Role.LIAISON], fence, "done")
    assert waiting(Role.MANAGER) == {hit.pk, fence.pk}
    assert f"#{fence.pk} Fence" in client_of(town.accounts[Role.MANAGER]).get("/").content.decode()
