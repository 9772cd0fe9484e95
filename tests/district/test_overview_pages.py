"""PROMISE: the shared pages open for every role, in both languages, and keep what an account chose."""

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.urls import reverse

from district.permissions import Role
from district.web.models import SavedView
from district.web.registry import navigation_entries


def test_ok__every_entry_of_the_navigation_leads_to_a_page() -> None:
    assert all(reverse(entry.url_name) for entry in navigation_entries())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", list(Role))
def test_ok__the_first_page_opens(town: SmallDistrict, client: Client, role: Role, language: str) -> None:
    client.force_login(town.accounts[role])
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
