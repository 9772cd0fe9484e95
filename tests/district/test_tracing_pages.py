"""PROMISE: officers trace on pages. Only those of the investigation's place see who is traced, and why."""

import re
from datetime import timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from two_parts import client_of

from district.audit.models import Entry
from district.cases.models import Case
from district.declarations.models import Trip
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.permissions import Role
from district.quarantine import registry as quarantine
from district.quarantine.models import QuarantineOrder
from district.tracing import registry
from district.tracing.models import Contact, Investigation

WHY = {"purpose": "Find contacts", "legal_basis": "Emergency response law"}
_TOKEN = re.compile(r'csrfmiddlewaretoken" value="\w+|X-CSRFToken": "\w+|id="[\w-]+"')
"""Random letters and digits."""
KINDS = (MeasureKind.DECLARATIONS, MeasureKind.TRACING, MeasureKind.QUARANTINE)


@pytest.fixture
def travelled(town: SmallDistrict) -> SmallDistrict:
    """Person 0 of the first town sat in a train near person 6 of the second. Person 1 is in the team of person 0."""
    ends, today = timezone.localdate() + timedelta(days=20), timezone.localdate()
    measures = [start_measure("test", kind, town.root, ends=ends, **WHY) for kind in KINDS]
    for who, seat in ((0, "3A"), (6, "4C")):
        trip = {"mode": "train", "number": "G1234", "day": today, "carriage": "8", "seat": seat}
        Trip.objects.create(measure=measures[0], person=town.people[who], **trip)
    return town


def _form(town: SmallDistrict, **changed: Any) -> dict[str, Any]:
    usual = {
        "who": town.people[0].worker_id,
        "place": town.towns[0].pk,
        "last_day": timezone.localdate().isoformat(),
        "days": 14,
        "hops": 1,
        "overlap_minutes": 15,
        "gate_minutes": 5,
        "why": "confirmed by the hospital",
    }
    return usual | changed


def _traced(town: SmallDistrict) -> tuple[Client, Investigation]:
    officer = client_of(town.account(Role.OFFICER, place=town.towns[0]))
    answer = officer.post("/tracing/open/", _form(town))
    assert answer.status_code == 302, answer.text
    assert registry.search_next()
    return officer, Investigation.objects.get()


def test_ok__from_the_case_to_the_release_of_a_contact(travelled: SmallDistrict) -> None:
    """One officer opens, sees why, calls, orders quarantine, and ends the follow-up."""
    officer, made = _traced(travelled)
    page = officer.get(f"/tracing/{made.pk}/").text
    for text in ("工人7", "工人2", "G1234", "1 row apart", "Team 1"):
        assert text in page
    contact = Contact.objects.get(person=travelled.people[6])
    Person.objects.filter(pk=contact.person_id).update(phone="+8613800001234")
    address = f"/tracing/contacts/{contact.pk}/"
    assert "13800001234" not in officer.get(address).text
    sheet = officer.post(f"{address}number/").text
    assert "13800001234" in sheet
    assert f"on {timezone.localdate()} at the latest" in sheet
    assert officer.post(f"{address}call/", {"outcome": "well", "note": "no complaint"}).status_code == 302
    today = timezone.localdate()
    days = {"starts": today.isoformat(), "ends": (today + timedelta(days=14)).isoformat()}
    answer = officer.post(f"{address}quarantine/", {"place": travelled.towns[0].pk, "where": "Hotel 5", **days})
    assert answer.status_code == 302, answer.text
    order = QuarantineOrder.objects.get(person=contact.person)
    assert officer.post(f"{address}release/", {"reason": "over"}).status_code == 302
    contact.refresh_from_db()
    assert contact.released is None
    quarantine.release("test", order, "well")
    officer.post(f"{address}release/", {"reason": "over"})
    contact.refresh_from_db()
    assert contact.released is not None
    assert "工人7" not in officer.get("/tracing/calls/").text
    assert "工人7" in officer.get("/tracing/calls/?state=released").text


def test_ok__the_contacts_own_town_calls_and_does_not_learn_who_the_case_is(travelled: SmallDistrict) -> None:
    """Nothing that it reads names the case, the train, the seat or the other town's site."""
    _officer, made = _traced(travelled)
    account = travelled.account(Role.OFFICER, place=travelled.towns[1])
    other, contact = client_of(account), Contact.objects.get(person=travelled.people[6])
    address = f"/tracing/contacts/{contact.pk}/"
    read = [
        other.get("/tracing/").text,
        other.get("/tracing/calls/").text,
        other.get("/tracing/calls/?state=all&format=csv").getvalue().decode(),
        other.get(address).text,
        other.post(f"{address}number/").text,
        *(f"{case.title} {case.text} {case.source} {case.key}" for case in Case.objects.visible_to(account)),
        *(str(entry.details) for entry in Entry.objects.visible_to(account)),
    ]
    read = [_TOKEN.sub("", text) for text in read]
    assert "工人7" in read[1]
    assert "工人7" in read[2]
    assert "工人2" not in read[1]
    for secret in ("工人1<", "工人1,", "工人1 ", '"w-1"', "G1234", "3A", "4C", "Site 1", "confirmed by"):
        assert all(secret not in text for text in read), secret
    assert other.get(f"/tracing/{made.pk}/").status_code == 404
    for step in ("search", "close"):
        assert other.post(f"/tracing/{made.pk}/{step}/", {"reason": "x"}).status_code == 404
    assert other.post(f"{address}call/", {"outcome": "ill"}).status_code == 302
    contact.refresh_from_db()
    assert contact.outcome == "ill"


def test_ok__the_page_waits_for_the_search_and_shows_how_it_ended(
    travelled: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at the wait are no looks at contacts, so the audit record has none of them."""
    officer, made = _traced(travelled)
    address = f"/tracing/{made.pk}/"
    assert officer.get(f"{address}searching/").headers["HX-Refresh"] == "true"
    officer.post(f"{address}search/")
    assert "being searched" in officer.get(address).text
    reads = Entry.objects.filter(action="read").count()
    assert officer.get(f"{address}searching/").status_code == 204
    assert Entry.objects.filter(action="read").count() == reads
    other = client_of(travelled.account(Role.OFFICER, place=travelled.towns[1]))
    assert other.get(f"{address}searching/").status_code == 404
    monkeypatch.setattr("district.tracing.registry.investigations.CONTACTS_MAX", 1)
    assert registry.search_next()
    page = officer.get(address).text
    assert "More than 1 contacts" in page
    assert "being searched" not in page


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.LIAISON, Role.CLERK, Role.MANAGER, Role.GUARD])
def test_fail__other_roles_find_no_page(travelled: SmallDistrict, role: Role) -> None:
    _officer, made = _traced(travelled)
    client, contact = client_of(travelled.accounts[role]), Contact.objects.all()[0]
    for address in ("", "open/", "calls/", f"{made.pk}/", f"contacts/{contact.pk}/", f"contacts/{contact.pk}/number/"):
        assert client.get(f"/tracing/{address}").status_code in (403, 404)
        assert client.post(f"/tracing/{address}").status_code in (403, 404)


def test_ok__an_auditor_reads_all_and_changes_nothing(travelled: SmallDistrict) -> None:
    _officer, made = _traced(travelled)
    auditor, contact = client_of(travelled.accounts[Role.AUDITOR]), Contact.objects.all()[0]
    assert "工人7" in auditor.get(f"/tracing/{made.pk}/").text
    for step in (
        f"{made.pk}/search",
        f"{made.pk}/close",
        f"contacts/{contact.pk}/number",
        f"contacts/{contact.pk}/call",
    ):
        assert auditor.post(f"/tracing/{step}/", {"outcome": "well", "reason": "x"}).status_code == 403


def test_ok__the_file_says_all_reasons_and_the_record_who_read(travelled: SmallDistrict) -> None:
    officer, made = _traced(travelled)
    lines = (
        officer.get(f"/tracing/{made.pk}/?format=csv&columns=name,reasons,certainty").getvalue().decode().splitlines()
    )
    assert [line for line in lines if "工人7" in line and "G1234" in line]
    assert officer.get(f"/tracing/{made.pk}/?format=xlsx").status_code == 200
    officer.get(f"/tracing/contacts/{made.contacts.all()[0].pk}/")
    done = set(Entry.objects.filter(subject_kind__startswith="tracing.").values_list("subject_kind", "action"))
    assert {("tracing.investigation", "open investigation"), ("tracing.contact", "read")} <= done


def test_fail__wrong_inputs_lose_nothing(travelled: SmallDistrict) -> None:
    """A wrong name, a namesake, a future day and a foreign person are refused. What was typed stays."""
    officer = client_of(travelled.account(Role.OFFICER, place=travelled.towns[0]))
    Person.objects.filter(pk__in=[travelled.people[n].pk for n in (0, 1)]).update(name="王伟")
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    for changed in ({"who": "nobody"}, {"who": travelled.people[6].worker_id}, {"last_day": tomorrow}, {"days": 99}):
        answer = officer.post("/tracing/open/", _form(travelled, **changed))
        assert answer.status_code == 422
        assert "confirmed by the hospital" in answer.text
    answer = officer.post("/tracing/open/", _form(travelled, who="王伟"))
    assert answer.status_code == 422
    assert answer.text.count('type="radio"') == 2
    assert not Investigation.objects.exists()
    chosen = _form(travelled, who="王伟", person=travelled.people[0].pk)
    assert officer.post("/tracing/open/", chosen).status_code == 302
    assert officer.post("/tracing/open/", chosen).status_code == 422
    assert registry.search_next()
    contact = Contact.objects.all()[0]
    answer = officer.post(f"/tracing/contacts/{contact.pk}/call/", {"outcome": "", "note": "rang at noon"})
    assert answer.status_code == 422
    assert "rang at noon" in answer.text


def test_fail__after_the_measure_there_is_no_page(travelled: SmallDistrict) -> None:
    officer, made = _traced(travelled)
    end_measure("test", EmergencyMeasure.objects.get(kind=MeasureKind.TRACING))
    contact = Contact.objects.all()[0]
    for address in ("", "calls/", f"{made.pk}/", f"contacts/{contact.pk}/"):
        assert officer.get(f"/tracing/{address}").status_code == 404
    assert officer.post(f"/tracing/contacts/{contact.pk}/number/").status_code == 404


def test_ok__each_town_gets_one_case_to_call_and_one_for_who_is_ill(travelled: SmallDistrict) -> None:
    officer, made = _traced(travelled)
    officer.post(f"/tracing/{made.pk}/search/")
    assert registry.search_next()
    assert sorted(Case.objects.values_list("place__name", flat=True)) == ["Guicheng", "Shishan"]
    contact = Contact.objects.get(person=travelled.people[6])
    for _twice in range(2):
        officer.post(f"/tracing/contacts/{contact.pk}/call/", {"outcome": "ill"})
    assert Case.objects.filter(person=contact.person).count() == 1


def test_fail__an_investigation_with_waiting_calls_closes_only_for_a_reason(travelled: SmallDistrict) -> None:
    officer, made = _traced(travelled)
    officer.post(f"/tracing/{made.pk}/close/")
    made.refresh_from_db()
    assert made.closed is None
    officer.post(f"/tracing/{made.pk}/close/", {"reason": "a false alarm"})
    made.refresh_from_db()
    assert made.closed is not None
    assert "Nobody waits" in officer.get("/tracing/calls/").text
