"""Pages of the figures: the slider, the places below, the file, and the daily report."""

import csv
import io
from datetime import timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from two_parts import client_of

from district.figures.registry import fill_day
from district.permissions import Role


@pytest.fixture
def counted(town: SmallDistrict) -> SmallDistrict:
    """Count today."""
    fill_day(timezone.localdate())
    return town


def test_ok__officer_goes_down_the_tree(counted: SmallDistrict) -> None:
    """Each place below is a link to its own picture of the same day."""
    client, today = client_of(counted.accounts[Role.OFFICER]), timezone.localdate().isoformat()
    text = client.get("/figures/").content.decode()
    below = f"/figures/?place={counted.towns[0].pk}&amp;day={today}"
    assert below in text
    assert "0 / 4" in text
    site = counted.projects[0].place
    assert "0 / 1" in client.get(f"/figures/?place={site.pk}").content.decode()


@pytest.mark.parametrize("query", ["at=0", "at=９", "at=99999999999", "day=0001-01-01", "day=9999-12-31", "day=%00"])
def test_ok__any_day_answers(counted: SmallDistrict, query: str) -> None:
    """A day that was not counted says so; a wrong one is today or the nearest."""
    client = client_of(counted.accounts[Role.OFFICER])
    assert client.get(f"/figures/?{query}").status_code == client.get(f"/figures/report/?{query}").status_code == 200


def test_fail__foreign_place_is_not_found(counted: SmallDistrict) -> None:
    client = client_of(counted.account(Role.OFFICER, place=counted.towns[1]))
    for place in (counted.root.pk, counted.towns[0].pk, "zz", "9" * 30, -1):
        for page in ("/figures/", "/figures/report/"):
            assert client.get(f"{page}?place={place}").status_code == 404
    assert "Shishan" in client.get("/figures/").content.decode()


def test_ok__file_holds_the_same_figures(counted: SmallDistrict) -> None:
    client = client_of(counted.accounts[Role.OFFICER])
    answer = client.get("/figures/?format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert [row[:2] for row in rows] == [["Place", "Sites"], ["Nanhai", "4"], ["Guicheng", "2"], ["Shishan", "2"]]
    assert client.get("/figures/?format=xlsx").status_code == 200
    assert client_of(counted.accounts[Role.LIAISON]).get("/figures/?format=csv").status_code == 403


def test_ok__report_says_the_day_in_sentences(counted: SmallDistrict) -> None:
    """It prints without a script; a day that nobody counted prints no zeros."""
    client = client_of(counted.accounts[Role.OFFICER])
    text = client.get("/figures/report/").content.decode()
    assert "4 sites are open. 0 of them have resumed work, 0.00%." in text
    past = timezone.localdate() - timedelta(days=20)
    assert "not counted yet" in client.get(f"/figures/report/?day={past.isoformat()}").content.decode()


def test_ok__clerk_is_told_that_figures_are_of_places(counted: SmallDistrict) -> None:
    client = client_of(counted.accounts[Role.CLERK])
    assert "counted for places" in client.get("/figures/").content.decode()
    assert client.get(f"/figures/?place={counted.projects[0].place.pk}").status_code == 404
