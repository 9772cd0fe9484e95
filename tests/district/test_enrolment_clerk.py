"""PROMISE: a clerk invites the people of the own sites, and no others; what HQ refuses is seen."""

import re

from district_rig import SmallDistrict
from django.test import Client

from district.audit.models import Entry
from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.people.models import AccessCard, Invitation
from district.permissions import Role
from district.phones.links import make_links


def signed_in(town: SmallDistrict, role: Role) -> Client:
    client = Client()
    client.force_login(town.accounts[role])
    return client


def test_ok__a_manager_makes_links_that_are_shown_once(town: SmallDistrict) -> None:
    client, site = signed_in(town, Role.MANAGER), town.projects[0]
    assert client.get("/enrolment/").headers["Location"] == f"/enrolment/{site.pk}/"
    assert town.people[0].name in client.get(f"/enrolment/{site.pk}/").content.decode()
    page = client.post(f"/enrolment/{site.pk}/invite", {"pick": [town.people[0].pk, town.people[1].pk]})
    links = re.findall(r'value="(http://[^"]+/i/\w+)"', page.content.decode())
    assert len(links) == 2
    secrets = [link.rpartition("/")[2] for link in links]
    assert not Invitation.objects.filter(secret_hash__in=secrets).exists()
    assert Client().get(links[0].partition("testserver")[2]).status_code == 200
    assert Entry.objects.filter(action="make link").count() == 2
    client.post(f"/enrolment/{site.pk}/invite", {"pick": [town.people[0].pk]})
    assert Client().get(links[0].partition("testserver")[2]).status_code == 410, "a new link ends the earlier one"


def test_fail__nobody_invites_people_of_other_sites(town: SmallDistrict) -> None:
    client, own, other = signed_in(town, Role.MANAGER), town.projects[0], town.projects[1]
    assert client.get(f"/enrolment/{other.pk}/").status_code == 404
    assert client.post(f"/enrolment/{other.pk}/invite", {"pick": [town.people[2].pk]}).status_code == 404
    client.post(f"/enrolment/{own.pk}/invite", {"pick": [town.people[2].pk, "x", "9" * 40, "-1"]})
    assert not Invitation.objects.exists()
    for role in (Role.GUARD, Role.AUDITOR, Role.LIAISON):
        assert signed_in(town, role).get("/enrolment/").status_code == 403


def test_ok__a_lost_phone_is_signed_out(town: SmallDistrict) -> None:
    person, site, phone = town.people[0], town.projects[0], Client()
    phone.post(f"/i/{make_links('clerk', site, [person])[0].secret}")
    assert phone.get("/me/kept").status_code == 200
    signed_in(town, Role.MANAGER).post(f"/enrolment/{site.pk}/phones", {"pick": [person.pk]})
    assert phone.get("/me/kept").status_code == 403


def test_ok__a_clerk_of_an_employer_sees_its_own_people_alone(town: SmallDistrict) -> None:
    client = signed_in(town, Role.CLERK)
    page = client.get("/enrolment/").content.decode()
    assert "Site 1" in page and "Site 4" in page and "Site 2" not in page


def test_ok__the_exchange_page_says_what_hq_refuses(town: SmallDistrict) -> None:
    outbox.put(OutboxRow.Kind.WORKER, "w-1")
    OutboxRow.objects.update(refusal="name: holds a character that cannot be seen", next_try="2030-01-01T00:00Z")
    client = signed_in(town, Role.SYSTEM)
    page = client.get("/exchange/").content.decode()
    assert "cannot be seen" in page and "No worker runs" in page
    client.post("/exchange/again")
    assert OutboxRow.objects.filter(next_try__year=2030).count() == 0
    assert signed_in(town, Role.MANAGER).get("/exchange/").status_code == 403
    assert signed_in(town, Role.MANAGER).post("/exchange/again").status_code == 403


def test_ok__who_chose_a_card_gets_one_at_the_office(town: SmallDistrict) -> None:
    site, (first, second, *_others) = town.projects[0], town.people
    first.way = second.way = "card"
    first.save()
    second.save()
    client = signed_in(town, Role.MANAGER)
    address = f"/enrolment/{site.pk}/card/{first.pk}"
    assert address in client.get(f"/enrolment/{site.pk}/").content.decode()
    for wrong in ("", "12a", "1" * 33, "\u0661\u0662"):
        assert client.post(address, {"number": wrong}).status_code == 422
    assert client.post(address, {"number": "00 1234-5678"}).status_code == 302
    assert [card.number for card in AccessCard.objects.filter(person=first)] == ["0012345678"], "zeros stay"
    assert OutboxRow.objects.filter(subject=first.worker_id).exists()
    assert address not in client.get(f"/enrolment/{site.pk}/").content.decode()
    refused = client.post(f"/enrolment/{site.pk}/card/{second.pk}", {"number": "0012345678"})
    assert refused.status_code == 422 and "0012345678" in refused.content.decode(), "what was typed stays"
    assert not AccessCard.objects.filter(person=second).exists()
    for number in (town.people[2].pk, 10**9):
        assert client.post(f"/enrolment/{site.pk}/card/{number}", {"number": "5"}).status_code == 404
    assert signed_in(town, Role.GUARD).get(address).status_code == 403
