"""Emergency measures: who may start one, until when it holds, and that nothing stays afterwards."""

from datetime import date, timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from two_parts import client_of

from district.emergency import registry
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import DAYS_MAX, MeasureKind, MeasureRefused
from district.permissions import Permission, Role
from district.places.models import Place

WHY = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}


def _start(town: SmallDistrict, place: Place | None = None, days: int = 10) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=days)
    return registry.start_measure("test", MeasureKind.DECLARATIONS, place or town.towns[0], ends=ends, **WHY)


def test_ok__measure_holds_below_its_place(town: SmallDistrict) -> None:
    """It holds on the sites of its town, and nowhere else."""
    made = _start(town)
    sites = [registry.measure_at(MeasureKind.DECLARATIONS, site.place.path) for site in town.projects]
    assert sites == [made, made, None, None]


def test_ok__measure_concerns_who_has_a_part_of_its_place(town: SmallDistrict) -> None:
    """A manager of a site below is concerned, one of another town is not."""
    near = town.accounts[Role.MANAGER]
    far = town.account(Role.MANAGER, place=town.projects[3].place)
    _start(town)
    found = [registry.concerns(one, Permission.SEE_HEALTH, MeasureKind.DECLARATIONS) for one in (near, far)]
    assert found == [True, False]


@pytest.mark.parametrize("days", [-1, DAYS_MAX + 1])
def test_fail__last_day_is_over_or_too_far(town: SmallDistrict, days: int) -> None:
    """A measure without a near end does not begin."""
    with pytest.raises(MeasureRefused):
        _start(town, days=days)


def test_fail__second_measure_at_a_place_below(town: SmallDistrict) -> None:
    """One of a kind holds at a place: a second would hide when the first ends."""
    _start(town)
    with pytest.raises(MeasureRefused, match="extend that one"):
        _start(town, town.projects[0].place)


def test_fail__measure_that_ended_never_comes_back(town: SmallDistrict) -> None:
    """It cannot be extended, and its end is recorded."""
    made = _start(town)
    registry.end_measure("test", made)
    with pytest.raises(MeasureRefused, match="Start another"):
        registry.extend_measure("test", made, made.ends + timedelta(days=1), "still needed")


def test_ok__measure_that_ended_is_noted_as_erased(town: SmallDistrict) -> None:
    """The worker notes when nothing of it is left."""
    made = _start(town)
    assert not erase_some()
    registry.end_measure("test", made)
    while erase_some():
        pass
    made.refresh_from_db()
    assert made.erased is not None


def test_ok__officer_starts_extends_and_ends_on_pages(town: SmallDistrict) -> None:
    """The pages do it, and say so."""
    client = client_of(town.accounts[Role.OFFICER])
    ends = (timezone.localdate() + timedelta(days=10)).isoformat()
    given = {"kind": "screening", "place": town.towns[0].pk, "ends": ends, **WHY}
    page = client.post("/emergency/start/", given, follow=True)
    made = EmergencyMeasure.objects.get()
    assert page.status_code == 200
    later = (date.fromisoformat(ends) + timedelta(days=5)).isoformat()
    client.post(f"/emergency/{made.pk}/extend/", {"ends": later, "why": "still needed"})
    made.refresh_from_db()
    assert made.ends.isoformat() == later
    client.post(f"/emergency/{made.pk}/end/")
    made.refresh_from_db()
    assert made.ended is not None


def test_fail__officer_of_a_town_does_not_end_the_districts_measure(town: SmallDistrict) -> None:
    """A measure of a place above is read, not changed."""
    made = _start(town, town.root)
    client = client_of(town.account(Role.OFFICER, place=town.towns[0]))
    assert client.get(f"/emergency/{made.pk}/").status_code == 200
    assert client.post(f"/emergency/{made.pk}/end/").status_code == 404
