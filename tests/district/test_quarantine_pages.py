"""PROMISE: officers, liaisons and the worker's own phone follow a quarantine from order to release; gates obey."""

from datetime import timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from two_parts import client_of

from district.audit.models import Entry
from district.cases.models import Case
from district.emergency import registry as measures
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.exchange.models import OutboxRow
from district.permissions import Role
from district.phones.links import make_links
from district.quarantine import registry
from district.quarantine.models import QuarantineHandOver, QuarantineNeed, QuarantineOrder, QuarantineVisit
from district.quarantine.risk_source import LIST, risks_of

SECRET = "Room 308, Dunhe hotel"


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=40)
    why = {"purpose": "Follow contacts", "legal_basis": "Emergency response law, article 56"}
    return measures.start_measure("test", MeasureKind.QUARANTINE, town.root, ends=ends, **why)


def _form(town: SmallDistrict, **more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "worker": "w-1",
        "place": town.towns[0].pk,
        "where": SECRET,
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=14)).isoformat(),
        "visits_each_day": 2,
        "holder": town.accounts[Role.OFFICER].username,
        "why": "same train",
        **more,
    }


def _order(town: SmallDistrict, measure: EmergencyMeasure, who: Any = None, **more: Any) -> QuarantineOrder:
    today = timezone.localdate()
    given = {"holder": town.accounts[Role.OFFICER], "where": SECRET, **more}
    days = (given.pop("starts", today), today + timedelta(days=14))
    return registry.order("test", who or town.people[0], measure, town.towns[0], *days, "same train", **given)


def _phone(town: SmallDistrict) -> Client:
    phone = Client()
    assert phone.post(f"/i/{make_links('clerk', town.projects[0], [town.people[0]])[0].secret}").status_code == 302
    return phone


def test_ok__from_order_over_two_hands_to_release_on_pages(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The whole way on pages: order, offer, accept, visit, extend, release; the gates follow."""
    officer = client_of(town.accounts[Role.OFFICER])
    assert officer.post("/quarantine/add/", _form(town)).status_code == 302
    order = QuarantineOrder.objects.get()
    assert [one.list_name for one in risks_of(["w-1"])] == [LIST]
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, subject="w-1").count() == 1
    liaison = town.account(Role.LIAISON, place=town.towns[0])
    page, walker = f"/quarantine/{order.pk}/", client_of(liaison)
    offer = {"receiver": liaison.username, "means": "bus", "hours": 2}
    assert officer.post(f"{page}hand-over/", offer).status_code == 302
    assert officer.post(f"{page}release/", {"outcome": "healthy"}).status_code == 422
    assert "accept" in walker.get(page).content.decode()
    assert walker.post(f"{page}accept/").status_code == 302
    visit = {"temperature": "36.6", "client_key": "k1"}
    for _again in range(2):  # a double click
        assert walker.post(f"{page}visit/", visit).status_code == 302
    assert QuarantineVisit.objects.count() == 1
    later = (order.ends + timedelta(days=3)).isoformat()
    assert officer.post(f"{page}extend/", {"later-ends": later, "later-why": "still coughs"}).status_code == 302
    assert walker.post(f"{page}release/", {"outcome": "healthy"}).status_code == 403
    assert officer.post(f"{page}release/", {"outcome": "healthy"}).status_code == 302
    assert risks_of(["w-1"]) == []
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, subject="w-1").count() == 4
    assert "Released" in officer.get(page).content.decode()


WRONG = (
    ("worker", "nobody", "Nobody you may see fits"),
    ("worker", "工人", "Several people fit"),
    ("name", "Li Si", "not both"),
    ("holder", "stranger", "choose one of the list"),
    ("ends", "2020-01-01", "choose a later one"),
    ("visits_each_day", "99", "less than or equal to 6"),
    ("place", "999999", "Select a valid choice"),
)


def test_fail__a_wrong_order_says_why_and_loses_nothing(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    officer = client_of(town.accounts[Role.OFFICER])
    for field, value, said in WRONG:
        page = officer.post("/quarantine/add/", _form(town, **{field: value}))
        assert page.status_code == 422
        assert said in page.content.decode()
        assert SECRET in page.content.decode()
    assert not QuarantineOrder.objects.exists()


def test_ok__a_traveller_who_is_no_worker(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Somebody by name alone is found by the whole name, and no gate hears of it."""
    officer = client_of(town.accounts[Role.OFFICER])
    officer.post("/quarantine/add/", _form(town, worker="", name="Wang  Xiaoming", phone="13800000000"))
    assert not OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK).exists()
    assert "Wang Xiaoming" in officer.get("/quarantine/?q=wang+xiaoming").content.decode()
    assert "Wang Xiaoming" not in officer.get("/quarantine/?q=wang").content.decode()
    order = QuarantineOrder.objects.get()
    with pytest.raises(ValueError, match="sees nobody"):
        registry.offer_hand_over(
            "test", order, town.account(Role.OFFICER, place=town.towns[1]), timezone.now() + timedelta(hours=1)
        )


def test_fail__who_may_not(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The neighbour, the guard, the employer and the auditor each reach no further than their role."""
    order = _order(town, measure)
    page = f"/quarantine/{order.pk}/"
    neighbour = client_of(town.account(Role.OFFICER, place=town.towns[1]))
    assert neighbour.get(page).status_code == 404
    assert client_of(town.accounts[Role.GUARD]).get(page).status_code == 403
    employer = client_of(town.accounts[Role.CLERK])
    assert employer.get(page).status_code == 200
    assert employer.post(f"{page}release/", {"outcome": "healthy"}).status_code == 403
    assert employer.post("/quarantine/add/", _form(town, worker="w-2")).status_code == 403
    auditor = client_of(town.accounts[Role.AUDITOR])
    assert SECRET not in auditor.get(page).content.decode()
    assert auditor.post(f"{page}visit/", {}).status_code == 403
    manager = client_of(town.accounts[Role.MANAGER])
    assert manager.get(page).status_code == 404  # the town follows it, not the site


def test_ok__who_reads_an_address_says_why(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The account that has the person sees it at once; others type a reason. Both are recorded."""
    order = _order(town, measure)
    page, other = f"/quarantine/{order.pk}/", client_of(town.account(Role.OFFICER, place=town.towns[0]))
    assert SECRET not in other.get(page).content.decode()
    assert other.post(f"{page}show/", {"why": ""}).status_code == 422
    assert SECRET in other.post(f"{page}show/", {"why": "stand-in"}).content.decode()
    assert SECRET in client_of(town.accounts[Role.OFFICER]).get(page).content.decode()
    reads = Entry.objects.filter(action="read", subject_kind="quarantine.quarantineorder")
    assert {one.details["why"] for one in reads} == {"stand-in", "follows the quarantine"}


def test_ok__only_the_receiver_or_an_officer_accepts(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Another account of the place cannot take a person; an officer can for the receiver, with a reason."""
    order, receiver = _order(town, measure), town.account(Role.LIAISON, place=town.towns[0])
    registry.offer_hand_over("test", order, receiver, timezone.now() + timedelta(hours=1))
    page = f"/quarantine/{order.pk}/accept/"
    other = client_of(town.account(Role.LIAISON, place=town.towns[0]))
    assert "Only the receiver" in other.post(page, {"accept-why": "I am near"}).content.decode()
    officer = client_of(town.accounts[Role.OFFICER])
    assert officer.post(page).status_code == 422
    assert officer.post(page, {"accept-why": "phone is broken"}).status_code == 302
    order.refresh_from_db()
    assert order.holder == receiver


def test_ok__the_receiving_town_sees_the_offer_and_then_the_person(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    """Nobody is lost between two towns: both see the person until the second accepts."""
    order, receiver = _order(town, measure), town.account(Role.OFFICER, place=town.towns[1])
    giver, taker = town.account(Role.OFFICER, place=town.towns[0]), client_of(receiver)
    page = f"/quarantine/{order.pk}/"
    assert taker.get(page).status_code == 404
    registry.offer_hand_over("test", order, receiver, timezone.now() + timedelta(hours=1), place=town.towns[1])
    assert taker.get("/quarantine/?state=to_me").content.decode().count(page) == 1
    assert [client_of(giver).get(page).status_code, taker.get(page).status_code] == [200, 200]
    assert taker.post(f"{page}accept/").status_code == 302
    assert [client_of(giver).get(page).status_code, taker.get(page).status_code] == [404, 200]


def test_ok__the_own_phone_answers_and_asks(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Answers count once and are no visit; fever and a need open cases; the page says whom to call."""
    phone = _phone(town)
    assert phone.get("/me/quarantine/").status_code == 404
    order = _order(town, measure)
    assert SECRET in phone.get("/me/quarantine/").content.decode()
    answer = {"temperature": "38.2", "symptoms": ["cough"], "needs": "insulin", "client_key": "a"}
    for _again in range(2):
        assert phone.post("/me/quarantine/", answer).status_code == 302
    assert (QuarantineVisit.objects.count(), QuarantineNeed.objects.count()) == (1, 1)
    assert registry.visits_missing(order)[0].missing == 2
    assert sorted(Case.objects.values_list("source", flat=True)) == ["quarantine", "quarantine"]
    wrong = phone.post("/me/quarantine/", {"temperature": "hot", "needs": "rice and oil"})
    assert wrong.status_code == 422
    assert "rice and oil" in wrong.content.decode()
    assert not Entry.objects.filter(actor__contains="w-1", action="visit quarantine").exists()
    need = QuarantineNeed.objects.get()
    holder = client_of(town.accounts[Role.OFFICER])
    assert holder.post(f"/quarantine/{order.pk}/need/{need.pk}/", {"answer": "brought"}).status_code == 302
    assert holder.post(f"/quarantine/{order.pk}/need/{need.pk}/", {"answer": "again"}).status_code == 422


def test_ok__what_is_overdue_opens_one_case_each(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """A late hand-over, missing visits, an end without release, and an account without rights: each one case."""
    yesterday = timezone.localdate() - timedelta(days=1)
    order = _order(town, measure)
    registry.offer_hand_over("x", order, town.account(Role.LIAISON, place=town.towns[0]), timezone.now() + timedelta(1))
    assert not registry.warn_of_overdue()
    assert not Case.objects.exists()
    QuarantineHandOver.objects.update(due=timezone.now() - timedelta(hours=1))
    QuarantineOrder.objects.update(starts=yesterday - timedelta(days=3), ordered=yesterday, ends=yesterday)
    town.accounts[Role.OFFICER].grants.update(ended=timezone.now())
    for _again in range(2):
        registry.warn_of_overdue()
    titles = sorted(one.title.split()[0] for one in Case.objects.all())
    assert titles == ["Nobody", "Not", "Not", "Quarantine"]
    Case.objects.all().delete()
    registry.warn_of_overdue()
    assert not Case.objects.exists()  # closed cases do not come back the same day


def test_ok__gates_hear_of_a_later_first_day_on_that_day(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    order = _order(town, measure, starts=timezone.localdate() + timedelta(days=1))
    assert risks_of(["w-1"]) == []
    registry.tell_gates()
    assert not OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK).exists()
    QuarantineOrder.objects.filter(pk=order.pk).update(starts=timezone.localdate())
    for _again in range(2):
        registry.tell_gates()
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK).count() == 1
    assert len(risks_of(["w-1"])) == 1


def test_ok__after_the_measure_nothing_is_left_and_gates_open(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Pages close at once, rows and cases go, and the gates hear of it."""
    order = _order(town, measure)
    registry.visit("test", order, temperature="38.5", needs="insulin")
    officer, phone = client_of(town.accounts[Role.OFFICER]), _phone(town)
    OutboxRow.objects.all().delete()
    measures.end_measure("test", measure)
    assert officer.get("/quarantine/").status_code == 404
    assert phone.get("/me/quarantine/").status_code == 404
    assert "quarantine" not in phone.get("/me/").content.decode()
    while erase_some():
        pass
    assert not any(model.objects.exists() for model in (QuarantineOrder, QuarantineVisit, QuarantineNeed, Case))
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.RISK, subject="w-1").count() == 1
    assert risks_of(["w-1"]) == []
    assert not [one for one in Entry.objects.all() if "same train" in str(one.details)]
