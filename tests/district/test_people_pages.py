"""PROMISE: the pages of people show and change only what the account may, and record every look at sensitive data."""

from datetime import timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from id_numbers import id_number
from sign_in_rig import prove
from two_parts import client_of

from district.accounts import limits
from district.audit.models import Entry
from district.people import registry
from district.people.listing import listed_people
from district.people.models import (
    AccessCard,
    Assignment,
    BankAccount,
    Consent,
    DuplicateCandidate,
    IdDocument,
    Merge,
    Person,
    Team,
)
from district.people.urls import urlpatterns
from district.permissions import Role

DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}' OR 1=1 --"


def _full(town: SmallDistrict) -> Person:
    """Return a person of the first site with a row in every table."""
    person = town.people[0]
    registry.change_person("test", person, {"phone": "13800138000", "address": HOSTILE, "emergency_contact": "妈妈"})
    registry.set_document("test", person, "01", id_number(3))
    registry.set_bank_account("test", person, "ICBC", "6222020000000000000")
    registry.save_certificate("test", person, kind=HOSTILE, expires=timezone.localdate() + DAY, is_training=True)
    registry.save_insurance("test", person, kind="accident", expires=timezone.localdate() - DAY)
    registry.add_card("test", person, "0012345")
    registry.give_consent("test", person, Consent.Purpose.FACE, "1")
    return person


def _addresses(person: Person) -> list[str]:
    """Return every page of people that is read by GET."""
    rows = {
        "row_key": person.certificates.get().pk, "table": "certificate",
    }  # fmt: skip
    found = []
    for pattern in urlpatterns:
        name = f"people:{pattern.name}"
        if pattern.name == "insurance":
            found.append(reverse(name, args=[person.pk, person.insurances.get().pk]))
        elif pattern.name in {"certificate", "remove"}:
            found.append(
                reverse(name, kwargs={k: v for k, v in {"key": person.pk, **rows}.items() if k in str(pattern.pattern)})
            )
        elif pattern.name in {"change_work", "end_work", "lead_team"}:
            found.append(reverse(name, args=[person.assignments.get().pk]))
        elif pattern.name in {"team", "change_team", "end_team"}:
            found.append(reverse(name, args=[person.assignments.get().team_id]))
        elif pattern.name == "end_employment":
            found.append(reverse(name, args=[person.employments.get().pk]))
        elif pattern.name not in {"pair", "decide", "undo_merge"}:
            found.append(reverse(name, args=[person.pk] if "key" in str(pattern.pattern) else []))
    return found


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_ok__every_page_opens_and_escapes_what_people_typed(town: SmallDistrict, language: str) -> None:
    person, client = _full(town), client_of(town.accounts[Role.CLERK])
    for address in _addresses(person):
        response = client.get(address, headers={"Accept-Language": language})
        assert response.status_code in {200, 302, 403, 405}, address  # 403: merging and erasing are others' work
        assert b"<script>alert" not in response.content, address
        assert b"style=" not in response.content, address


@pytest.mark.parametrize("role", [Role.CLERK, Role.MANAGER])
def test_fail__no_role_opens_a_foreign_person(town: SmallDistrict, role: Role) -> None:
    person = _full(town)
    foreign = (
        town.account(role, enterprise=town.enterprises[1])
        if role is Role.CLERK
        else town.account(role, place=town.projects[3].place)
    )
    client = client_of(foreign)
    for address in _addresses(person):
        if str(person.pk) not in address.split("/") or "/people/work" in address:
            continue
        for response in (client.get(address), client.post(address, {"why": "x", "ends": "2026-11-01"})):
            assert response.status_code in {403, 404, 405}, (role, address)
    assert person.assignments.get().ends is None


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OFFICER])
def test_fail__who_only_reads_changes_nothing(town: SmallDistrict, role: Role) -> None:
    person, client = _full(town), client_of(town.accounts[role])
    before = list(Entry.objects.values_list("action", flat=True))
    for address in _addresses(person):
        client.post(address, {"why": "x", "ends": "2026-11-01", "decision": "same", "reason": ""})
    after = list(Entry.objects.values_list("action", flat=True))[len(before) :]
    assert set(after) <= {"read", "ask erasure"}, after
    assert person.assignments.get().ends is None


def test_ok__sensitive_fields_are_shown_once_for_a_recorded_reason(town: SmallDistrict) -> None:
    person, client = _full(town), client_of(town.accounts[Role.MANAGER])
    address = reverse("people:reveal", args=[person.pk])
    page = client.get(reverse("people:person", args=[person.pk])).content.decode()
    assert id_number(3) not in page + client.get(address).content.decode()
    assert "13800138000" not in page
    assert client.post(address, {"why": ""}).status_code == 200
    assert not Entry.objects.filter(action="read").exists()
    shown = client.post(address, {"why": "platform asks"}).content.decode()
    assert id_number(3) in shown
    assert "+8613800138000" in shown
    entry = Entry.objects.get(action="read", subject_id=str(person.pk))
    assert entry.details["why"] == "platform asks"
    assert "id number" in entry.details["fields"]
    assert "platform asks" in client.get(reverse("people:held", args=[person.pk])).content.decode()


def _adding(town: SmallDistrict, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "01", "number": id_number(9), "name": "王小明", "sex": "", "birth": "", "nation": "", "phone": "",
        "address": "", "emergency_contact": "", "project": town.projects[0].pk, "enterprise": town.enterprises[0].pk,
        "team": "", "trade": "020", "role": "20", "starts": timezone.localdate().isoformat(), "ends": "", **changes,
    }  # fmt: skip


def test_ok__a_clerk_adds_a_person_with_the_first_work(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.CLERK])
    response = client.post(reverse("people:add"), _adding(town), follow=True)
    assert response.status_code == 200
    person = Person.objects.get(name="王小明")
    assert person.assignments.get().trade == "020"
    assert "王小明" in client.get(reverse("people:people"), {"q": "wxm"}).content.decode()
    again = client.post(reverse("people:add"), _adding(town, project=town.projects[3].pk), follow=True)
    assert "known by the id number" in again.content.decode()
    assert Person.objects.filter(name="王小明").count() == 1


WRONG_FIELDS = (
    ("number", "440605199001010000", "check digit"),
    ("name", " ", "required"),
    ("phone", "call me", "cannot be read"),
    ("ends", "2020-01-01", "before the first day"),
    ("starts", "1020-01-01", "compare the year"),
    ("project", "999999", "valid choice"),
    ("enterprise", "0", "valid choice"),
    ("trade", "999", "valid choice"),
    ("birth", "31.02.1990", "valid date"),
)


def test_fail__a_wrong_field_keeps_the_form_and_stores_nothing(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.CLERK])
    before = Person.objects.count()
    for field, value, words in WRONG_FIELDS:
        response = client.post(reverse("people:add"), _adding(town, **{field: value}))
        assert response.status_code == 422, field
        assert words in response.content.decode(), field
    assert Person.objects.count() == before


def test_fail__a_clerk_assigns_nobody_elsewhere(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.CLERK])
    for project, enterprise in ((town.projects[1], town.enterprises[1]), (town.projects[0], town.enterprises[1])):
        response = client.post(reverse("people:add"), _adding(town, project=project.pk, enterprise=enterprise.pk))
        assert response.status_code == 422
    assert not Person.objects.filter(name="王小明").exists()


def test_fail__two_clerks_change_one_record(town: SmallDistrict) -> None:
    client, person = client_of(town.accounts[Role.CLERK]), town.people[0]
    address = reverse("people:change", args=[person.pk])
    seen = client.get(address).context["form"].initial["seen"]
    registry.change_person("other", person, {"name": "工人甲"})
    response = client.post(address, {"name": "工人乙", "seen": seen})
    assert response.status_code == 422
    assert "meanwhile" in response.content.decode()
    assert Person.objects.get(pk=person.pk).name == "工人甲"


def test_ok__an_empty_sensitive_field_stays_and_a_dash_removes_it(town: SmallDistrict) -> None:
    person, client = _full(town), client_of(town.accounts[Role.CLERK])
    form = {"name": person.name, "phone": "", "address": "-", "emergency_contact": ""}
    person.refresh_from_db()
    client.post(reverse("people:change", args=[person.pk]), {**form, "sex": "m", "birth": "1990-01-01"})
    person.refresh_from_db()
    assert (person.phone, person.address, person.emergency_contact) == ("+8613800138000", "", "妈妈")


def test_ok__chosen_people_end_after_a_preview(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.MANAGER])
    picked = {"pick": [person.pk for person in town.people], "action": "end"}
    preview = client.post(reverse("people:end_many"), picked)
    assert preview.context["left_out"] == 6
    assert Assignment.objects.filter(ends__isnull=False).count() == 0
    ends = timezone.localdate().isoformat()
    client.post(reverse("people:end_many"), {**picked, "ends": ends, "why": "roof done"})
    assert Assignment.objects.filter(ends=ends).count() == 2


def test_ok__lists_show_what_visible_to_gives(town: SmallDistrict) -> None:
    for user in [*town.accounts.values(), town.account(Role.MANAGER, place=town.towns[0])]:
        listed = {person.pk for person in listed_people(user)}
        assert listed == set(Person.objects.visible_to(user).living().values_list("pk", flat=True)), user
        for project in town.projects:
            seen = {person.pk for person in listed_people(user, project)}
            assert seen <= listed


def test_ok__the_list_is_filtered_and_exported(town: SmallDistrict) -> None:
    person = _full(town)
    client = client_of(town.accounts[Role.MANAGER])
    found = {}
    for state in ("", "all", "left", "expired", "soon", "noway", "nodocument", "nonsense"):
        query = {"state": state, "site": town.projects[0].pk, "trade": "1000"}
        assert client.get(reverse("people:people"), query).status_code == 200
        response = client.get(reverse("people:people"), {"state": state, "format": "csv", "columns": "worker_id"})
        found[state] = set(b"".join(response).decode("utf-8-sig").split()[2:])  # type: ignore[arg-type]
    assert b"".join(client.get(reverse("people:people"), {"format": "xlsx"}))[:2] == b"PK"  # type: ignore[arg-type]
    both, own = {"w-1", "w-2"}, {person.worker_id}
    nothing: set[str] = set()
    assert found == {
        "": both, "all": both, "left": nothing, "expired": nothing, "soon": own, "noway": both,
        "nodocument": both - own, "nonsense": found["nonsense"],
    }  # fmt: skip


def test_ok__every_list_is_a_file_without_formulas(town: SmallDistrict) -> None:
    person = _full(town)
    registry.save_certificate("test", person, kind="=1+1", expires=timezone.localdate())
    client = client_of(town.accounts[Role.CLERK])
    for name in ("people", "work", "employments", "papers", "insurances", "teams", "consents", "documents", "merges"):
        response = client.get(reverse(f"people:{name}"), {"format": "csv"})
        text = b"".join(response).decode()  # type: ignore[arg-type]
        assert response.status_code == 200, name
        assert id_number(3) not in text
        assert "\n=1" not in text
        assert ",=1" not in text


def test_ok__a_human_decides_about_two_like_records(town: SmallDistrict) -> None:
    birth = timezone.localdate() - 12_000 * DAY
    for person, name in ((town.people[0], "王小明"), (town.people[1], "王晓明")):
        registry.change_person("test", person, {"name": name, "birth": birth})
    candidate = DuplicateCandidate.objects.get()
    client = client_of(town.accounts[Role.MANAGER])
    assert "王晓明" in client.get(reverse("people:pair", args=[candidate.pk])).content.decode()
    decide = reverse("people:decide", args=[candidate.pk])
    client.post(decide, {"decision": "same", "stays": town.people[5].pk})
    assert not Merge.objects.exists()
    client.post(decide, {"decision": "same", "stays": town.people[1].pk})
    merge = Merge.objects.get()
    assert (merge.person_id, merge.absorbed_id) == (town.people[1].pk, town.people[0].pk)
    assert client.get(reverse("people:person", args=[town.people[0].pk])).status_code in {302, 404}
    undo = reverse("people:undo_merge", args=[merge.pk])
    client.post(undo, {"reason": "two brothers"})
    town.people[0].refresh_from_db()
    assert town.people[0].merged_into is None
    assert DuplicateCandidate.objects.get().decision == "different"


def test_fail__a_pair_across_two_employers_is_not_shown_to_one(town: SmallDistrict) -> None:
    birth = timezone.localdate() - 12_000 * DAY
    for person in (town.people[0], town.people[2]):
        registry.change_person("test", person, {"name": "王小明", "birth": birth})
    key = DuplicateCandidate.objects.get().pk
    assert client_of(town.accounts[Role.MANAGER]).get(reverse("people:pair", args=[key])).status_code == 404
    assert client_of(town.accounts[Role.OFFICER]).get(reverse("people:pair", args=[key])).status_code == 200


def test_ok__the_person_takes_a_file_with_everything(town: SmallDistrict) -> None:
    person, client = _full(town), client_of(town.accounts[Role.MANAGER])
    address = reverse("people:take", args=[person.pk])
    assert client.post(address, {}).status_code == 302
    file = client.post(address, {"reason": "asked by the worker"}).json()
    text = str(file)
    for held in (id_number(3), "6222020000000000000", "+8613800138000", "0012345", "ICBC", "accident"):
        assert held in text
    assert any(one["why"] == "asked by the worker" for one in file["seen_by"])


@pytest.mark.parametrize("name", ["reveal", "bank", "take"])
def test_fail__a_stolen_session_reads_and_changes_no_sensitive_field(town: SmallDistrict, name: str) -> None:
    person, client = _full(town), Client()
    client.force_login(town.accounts[Role.MANAGER])
    address = reverse(f"people:{name}", args=[person.pk])
    typed = {"why": "asked", "reason": "asked", "bank": "CCB", "number": "6217231208010442535"}
    answer = client.post(address, typed)
    assert answer["Location"].startswith("/account/2fa/reauthenticate/?next=")
    assert BankAccount.objects.get(person=person).bank == "ICBC"
    assert not Entry.objects.filter(action__in=["read", "export"]).exists()
    assert "6217231208010442535" not in str(Session.objects.values_list("session_data", flat=True))
    going_on = prove(client, next_path=address)
    if name == "take":  # a file cannot be the answer to a code: the page asks for the reason once more
        assert client.get(going_on["Location"])["Location"] == reverse("people:held", args=[person.pk])
        assert client.post(address, typed).json()
    elif name == "bank":
        assert BankAccount.objects.get(person=person).bank == "CCB", "what was typed is not lost"
    else:
        assert id_number(3) in going_on.content.decode()


def test_ok__a_team_gets_a_leader_who_works_there(town: SmallDistrict) -> None:
    client, row = client_of(town.accounts[Role.MANAGER]), Assignment.objects.get(person=town.people[0])
    client.post(reverse("people:lead_team", args=[row.pk]))
    assert Team.objects.get(pk=row.team_id).leader == town.people[0]
    registry.end_assignment("test", row, timezone.localdate() - DAY)
    assert Team.objects.get(pk=row.team_id).leader is None


def test_ok__a_number_that_another_record_holds_merges_both(town: SmallDistrict) -> None:
    one, two = town.people[:2]
    registry.change_person("test", two, {"name": one.name})
    registry.set_document("test", one, "01", id_number(3))
    client = client_of(town.accounts[Role.MANAGER])
    form = {"kind": "01", "number": id_number(3), "expires": "", "issuer": ""}
    response = client.post(reverse("people:document", args=[two.pk]), form, follow=True)
    assert "both were merged" in response.content.decode()
    assert Person.objects.get(pk=two.pk).merged_into == one
    assert IdDocument.objects.count() == 1
    assert AccessCard.objects.count() == 0


def test_fail__an_account_cannot_try_out_who_is_registered(
    town: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ID_NUMBERS", limits.Bucket("id numbers", 2, 120.0))
    own, client = town.people[0], client_of(town.accounts[Role.MANAGER])
    registry.set_document("test", own, "01", id_number(50))
    foreign = registry.add_person("test", registry.PersonDraft(name="李四", id_number=id_number(51))).person
    page = reverse("people:add")

    def said(number: str, name: str) -> str:
        return client.post(page, _adding(town, number=number, name=name)).content.decode()

    for _time in range(3):
        assert "another name" in said(id_number(50), "王五"), "people of the own site are no secret"
    for _time in range(2):
        assert "another name" in said(id_number(51), "王五")
    refusals = [said(id_number(51), foreign.name), said(id_number(52), "赵六")]
    assert all("wait 2 minutes" in one for one in refusals), "a free number looks the same"
    document = client.post(reverse("people:document", args=[own.pk]), {"kind": "01", "number": id_number(51)})
    assert "wait 2 minutes" in document.content.decode()
    assert not Assignment.objects.filter(person=foreign).exists()
