"""PROMISE: the shared pages open for every role, in both languages, and keep what an account chose."""

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.urls import reverse

from district.permissions import Role
from district.places.models import Place
from district.web.models import SavedView
from district.web.registry import navigation_entries


def test_ok__every_entry_of_the_navigation_leads_to_a_page() -> None:
    assert all(reverse(entry.url_name) for entry in navigation_entries())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", list(Role))
def test_ok__the_first_page_opens(town: SmallDistrict, client: Client, role: Role, language: str) -> None:
    client.force_login(town.accounts[role])
    outline = {"type": "Polygon", "coordinates": [[[113.0, 23.0], [113.1, 23.0], [113.1, 23.1], [113.0, 23.0]]]}
    Place.objects.filter(kind=Place.Kind.TOWN).update(outline=outline)
    answer = client.get("/", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


def test_ok__the_language_stays_chosen(town: SmallDistrict, client: Client) -> None:
    user = town.accounts[Role.GUARD]
    client.force_login(user)
    answer = client.post("/language", {"language": "zh-hans", "next": "https://evil.example/"})
    user.refresh_from_db()
    assert (answer["Location"], user.language) == ("/", "zh-hans")
    assert '<html lang="zh-hans">' in client.get("/").text


def test_ok__a_view_is_kept_and_removed_by_its_owner_alone(town: SmallDistrict, client: Client) -> None:
    client.force_login(town.accounts[Role.CLERK])
    client.post("/views", {"table": "people", "name": "Expiring", "query": "?sort=-added", "next": "/people"})
    view = SavedView.objects.get()
    client.force_login(town.accounts[Role.MANAGER])
    client.post("/views", {"remove": str(view.pk)})
    assert SavedView.objects.get().query == "sort=-added"
    client.force_login(town.accounts[Role.CLERK])
    client.post("/views", {"remove": str(view.pk)})
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["hours", "days", "trades", "origins"])
def test_ok__each_chart_opens(town: SmallDistrict, client: Client, name: str) -> None:
    client.force_login(town.accounts[Role.MANAGER])
    assert client.get(f"/charts/{name}").status_code == 200


def test_fail__a_form_that_was_open_too_long_says_what_to_do(town: SmallDistrict) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(town.accounts[Role.CLERK])
    answer = client.post("/views", {"name": "x"}, headers={"Accept-Language": "en"})
    assert (answer.status_code, "what you typed is still there" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gong ren 3", "工人3"),
        ("gongren3", "工人3"),
        ("工人", "工人1"),
        ("w-5", "工人5"),
        ("Site 2", "Site 2"),
        ("Builder", "Builder 1"),
    ],
)
def test_ok__search_finds_by_name_pinyin_and_number(town: SmallDistrict, client: Client, text: str, found: str) -> None:
    client.force_login(town.accounts[Role.OFFICER])
    assert found in client.get("/search", {"q": text}).text


@pytest.mark.parametrize("text", ["", "w", "%", "_%", "'; drop table", "{{ 7 }}", "\0\0", "x" * 5000, "王" * 80])
def test_fail__nonsense_finds_nothing_and_says_what_to_type(town: SmallDistrict, client: Client, text: str) -> None:
    client.force_login(town.accounts[Role.OFFICER])
    answer = client.get("/search", {"q": text}, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert "Nothing found" in answer.text or "Type at least" in answer.text


def test_fail__search_shows_nobody_elses_people(town: SmallDistrict, client: Client) -> None:
    client.force_login(town.accounts[Role.MANAGER])
    assert "工人3" not in client.get("/search", {"q": "gongren"}).text
