"""PROMISE: the demonstration is a whole district, and its links sign in nowhere else."""

from types import SimpleNamespace

import pytest
from django.test import Client, override_settings

from district.attendance.models import Day, Stay
from district.attendance.models.projections import INSIDE
from district.demo.cast import ACCOUNTS, SITES
from district.demo.fill import fill
from district.demo.links import link_of
from district.exchange.models import OutboxRow
from district.people.models import Person
from district.places.models import Project

DEMO = SimpleNamespace(demo=True, name="demo")


@pytest.fixture
def links(db: None) -> dict[str, str]:
    return {user.username: link_of(user) for user in fill([("worker-a", "2099-12-31"), ("worker-c", "2020-01-31")])}


def test_ok__a_district_with_people_inside(links: dict[str, str], client: Client) -> None:
    assert Project.objects.count() == len(SITES)
    assert Person.objects.filter(worker_id__in=("worker-a", "worker-c")).count() == 2
    assert Stay.objects.filter(INSIDE).count() > 10
    assert Day.objects.count() > 300
    assert OutboxRow.objects.filter(subject="worker-a").exists()
    assert set(links) == {one.username for one in ACCOUNTS}
    with override_settings(CONFIG=DEMO):
        for link in links.values():
            assert client.get(link)["Location"] == "/"
            assert client.get("/").status_code == 200
        shown = client.post(f"/people/{Person.objects.earliest('pk').pk}/reveal/", {"why": "to see it"})
        assert shown.status_code != 302, "no account of a demonstration has a code to type"


def test_fail__the_links_open_nothing_elsewhere(links: dict[str, str], client: Client) -> None:
    link = links["officer"]
    for config in (None, SimpleNamespace(demo=False, name="real")):
        with override_settings(CONFIG=config):
            assert client.get(link).status_code == 404
    with override_settings(CONFIG=DEMO):
        assert client.get(link, REMOTE_ADDR="192.0.2.7").status_code == 404
        assert client.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 404
        assert client.get("/demo/1").status_code == 404
    assert client.get("/").status_code == 302


def test_ok__its_id_numbers_belong_to_no_county() -> None:
    from district.demo.cast import id_number_of

    assert all(id_number_of(number).startswith("449999") for number in range(50))
