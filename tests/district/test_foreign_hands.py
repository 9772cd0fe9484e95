"""PROMISE: what belongs to others stays theirs, also by a guessed address, a forged value or a clever file."""

import base64
import json
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from id_numbers import id_number
from two_parts import client_of, role_accounts, two_parts
from url_walk import every_page

from district.accounts import registry as accounts
from district.accounts.models import Grant, User
from district.audit.models import Entry
from district.people import registry
from district.people.models import Assignment, Consent, Person
from district.permissions import PERMISSIONS, Role
from district.phones import links

RECORDS = ("1987-06-05", "zzown number", "zzown contract_number", "zzown text_version", "Han")
LISTS = [page.route for page in every_page() if not page.arguments and page.module.startswith("district.")]
FORGED = (
    ["\ud800", 1], ["0001-01-01T00:00:00+14:00", 1], ["9999-12-31T23:59:59-12:00", 1], ["9999-12-31", 1], [1e308, 1],
    [float("nan"), 1], ["x", 10**30], [{}, 1], [True, "²"], ["x" * 400, 1],
)  # fmt: skip


@pytest.fixture
def phone(town: SmallDistrict) -> Client:
    """Return the phone of the first worker, who agreed to the face."""
    person = town.people[0]
    made = links.make_links("test", town.projects[0], [person])[0]
    client = Client(raise_request_exception=False)
    assert client.post(f"/i/{made.secret}", {"answer": ""}).status_code == 302
    registry.give_consent("test", person, Consent.Purpose.FACE, "1")
    return client


@pytest.mark.django_db
def test_fail__a_guard_sees_names_and_no_records() -> None:
    two_parts()
    Person.objects.update(birth=date(1987, 6, 5), nation="01")
    client = client_of(role_accounts()[Role.GUARD])
    found = []
    for page in every_page():
        if page.permissions and page.permissions[0] in PERMISSIONS[Role.GUARD]:
            for address in page.own():
                query = "?columns=birth,nation,expires,province,sex" if not page.arguments else ""
                text = client.get(address + query).text
                found += [f"{address}: {word}" for word in RECORDS if f">{word}<" in text or f"{word} " in text]
    assert not found, "\n".join(found)


def test_fail__a_site_manager_ends_no_work_on_another_site(town: SmallDistrict) -> None:
    person, today = town.people[0], timezone.localdate()
    registry.assign("test", person, town.projects[3], town.enterprises[0], starts=today)
    employed = person.employments.get()
    client = client_of(town.accounts[Role.MANAGER])
    answer = client.post(reverse("people:end_employment", args=[employed.pk]), {"ends": today.isoformat()})
    assert answer.status_code == 422
    assert not Assignment.objects.filter(person=person, ends__isnull=False).exists()
    other = registry.employ("test", person, town.enterprises[1], starts=today)
    assert client.post(reverse("people:end_employment", args=[other.pk]), {"ends": today}).status_code == 404


def test_fail__an_account_between_two_roles_belongs_to_nobody_below_it(town: SmallDistrict) -> None:
    officer = town.account(Role.OFFICER, place=town.towns[0])
    Grant.objects.create(user=officer, role=Role.GUARD, place=town.projects[0].place, given_by="test")
    Grant.objects.filter(user=officer).update(ended=timezone.now())
    client = client_of(town.accounts[Role.MANAGER])
    assert client.post(f"/accounts/{officer.pk}/link/", {"lost_phone": "yes"}).status_code == 403
    accounts.new_link(town.accounts[Role.OFFICER], officer)


@pytest.mark.parametrize("username", ["worker", "Worker", "w-abcdefgh"])
def test_fail__an_account_is_not_called_as_a_worker_in_the_audit(username: str) -> None:
    with pytest.raises(accounts.NotAllowed):
        accounts.check_username(username)


def test_ok__a_list_found_by_an_id_number_is_recorded(town: SmallDistrict) -> None:
    registry.set_document("test", town.people[0], "01", id_number(3))
    client = client_of(town.accounts[Role.CLERK])
    assert town.people[0].name in client.get(f"/people/?q={id_number(3)}").text
    assert Entry.objects.get(action="search").subject_id == str(town.people[0].pk)
    client.get("/people/?q=110101199003070000")
    assert Entry.objects.filter(action="search").count() == 1


@pytest.mark.django_db
def test_fail__a_forged_cursor_gives_the_first_page() -> None:
    two_parts()
    users = role_accounts()
    clients = {role: client_of(users[role]) for role in (Role.OFFICER, Role.CLERK)}
    found = []
    for route in LISTS:
        for number, values in enumerate(FORGED[len(route) % 3 :: 3]):
            client = clients[Role.OFFICER if number % 2 else Role.CLERK]
            cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
            answer = client.get(f"/{route}?after={cursor}")
            if answer.status_code >= 500:
                found.append(f"{route} {values!r}"[:120])
            if number == 0 and b"/table" not in getattr(answer, "content", b""):
                break
    assert not found, "\n".join(found)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/i/a%00b", "/me/at/%00", "/join/%00/"])
def test_fail__a_nul_in_an_address_reaches_no_database(client: Client, address: str) -> None:
    assert client.get(address).status_code == 400


@pytest.mark.django_db
def test_fail__a_stranger_fills_no_disk(client: Client) -> None:
    big = SimpleUploadedFile("big.xlsx", b"x" * 70_000)
    assert client.post("/account/login/", {"file": big}).status_code == 413
    endless = client.generic("POST", "/account/login/", b"x", CONTENT_LENGTH=str(10**12))
    assert endless.status_code == 413


def test_fail__a_form_with_many_photos_takes_no_memory(phone: Client) -> None:
    photo = b"\xff\xd8\xff" + b"x" * 3_000_000
    files: dict[str, Any] = {f"photo{number}": BytesIO(photo) for number in range(4)}
    answer = phone.post("/me/photo", files)
    assert answer.status_code in {400, 413}
    assert phone.post("/me/photo", {"photo": BytesIO(photo)}).status_code == 302


@pytest.mark.django_db
def test_fail__the_owner_of_the_database_runs_no_code_through_the_cache(tmp_path: Any) -> None:
    cache.set("plain", {"a": [1, 2.5, "x", None, True]}, 60)
    assert cache.get("plain") == {"a": [1, 2.5, "x", None, True]}
    cache.set("gone", 1, -1)
    assert cache.get("gone") is None
    attack = base64.b64encode(f"cos\nsystem\n(S'touch {tmp_path}/run'\ntR.".encode()).decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache SET value = %s", [attack])
    assert cache.get("plain") is None
    assert not (tmp_path / "run").exists()


@pytest.mark.django_db
def test_fail__next_leads_nowhere_else() -> None:
    user = User.objects.create(username="guard-next")
    client = client_of(user)
    for address in (
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
    ):
        for page in ("/language", "/views"):
            answer = client.post(page, {"language": "en", "next": address})
            assert "evil" not in answer.get("Location", "") and "javascript" not in answer.get("Location", "")
