"""PROMISE: places, enterprises and sites change only inside one's own part of the tree."""

import json

import pytest
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.permissions import Role
from district.places import registry
from district.places.models import Enterprise, Place, Project, Responsibility, Subcontract
from district.places.outlines import outline_path
from district.places.rules import PlaceRefused, checked_outline, checked_uscc, is_site_id, proposed_site_id
from district.places.urls import urlpatterns

CODE = "91110000600037341L"
SQUARE = {"type": "Polygon", "coordinates": [[[113, 23], [113.1, 23], [113.1, 23.1], [113, 23.1], [113, 23]]]}


def officer(town: SmallDistrict, client: Client, branch: int | None = None) -> Client:
    user = town.accounts[Role.OFFICER] if branch is None else town.account(Role.OFFICER, place=town.towns[branch])
    client.force_login(user)
    return client


def test_ok__a_site_is_added_changed_and_closed_and_hq_hears_of_it(town: SmallDistrict, client: Client) -> None:
    officer(town, client)
    said = {
        "name": "千灯湖壹号",
        "parent": Place.objects.get(name="Guicheng 1").pk,
        "general_contractor": f"Builder 1 ({town.enterprises[0].uscc})",
        "starts": "2026-03-01",
        "ends": "2027-03-01",
    }
    answer = client.post(reverse("places:add_site"), said)
    one = Project.objects.get(site_id="qian-deng-hu-yi-hao")
    assert answer.headers["Location"] == reverse("places:site", args=[one.pk])
    assert Subcontract.objects.get(project=one).enterprise == town.enterprises[0]
    client.post(
        reverse("places:change_site", args=[one.pk]), {**said, "name": "千灯湖一号", "general_contractor": "Builder 2"}
    )
    one.refresh_from_db()
    assert (one.place.name, one.general_contractor, one.subcontracts.count()) == ("千灯湖一号", town.enterprises[1], 2)
    client.post(reverse("places:close_site", args=[one.pk]))
    one.refresh_from_db()
    assert one.closed is not None
    assert OutboxRow.objects.filter(kind="site", subject=one.site_id).count() == 3
    assert Entry.objects.filter(subject_kind="places.project", subject_id=str(one.pk)).count() == 3


def test_ok__every_page_opens(town: SmallDistrict, client: Client) -> None:
    officer(town, client)
    rows = {
        "places/<int:pk>": town.towns[0].pk,
        "enterprises/<int:pk>": town.enterprises[0].pk,
        "sites/<int:pk>": town.projects[0].pk,
    }
    opened = 0
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if "appointments/<" in route or "contracts/<" in route:
            continue
        key = next(
            (pk for start, pk in rows.items() if f"places/{route}".startswith(start) or route.startswith(start)), 0
        )
        address = f"/places/{route}".replace("<int:pk>", str(key)).replace("<slug:kind>", "officer")
        answer = client.get(address)
        assert answer.status_code in ({405} if _only_post(pattern) else {200}), address
        opened += 1
    assert opened == len(urlpatterns) - 2


def _only_post(pattern: URLPattern) -> bool:
    return str(pattern.name).startswith(("retire", "close", "end"))


def test_fail__an_officer_of_one_town_reaches_nothing_of_another(town: SmallDistrict, client: Client) -> None:
    officer(town, client, 0)
    theirs = town.projects[2]
    seat = Enterprise.objects.create(name="Seated there", uscc=CODE, place=town.towns[1])
    for name, pk in (
        ("place", town.towns[1].pk),
        ("change", town.towns[1].pk),
        ("move", town.towns[1].pk),
        ("add", town.towns[1].pk),
        ("site", theirs.pk),
        ("change_site", theirs.pk),
        ("add_subcontract", theirs.pk),
        ("enterprise", seat.pk),
        ("change_enterprise", seat.pk),
    ):
        assert client.get(reverse(f"places:{name}", args=[pk])).status_code == 404, name
    for name, pk in (("retire", town.towns[1].pk), ("close_site", theirs.pk), ("retire_enterprise", seat.pk)):
        assert client.post(reverse(f"places:{name}", args=[pk])).status_code == 404, name
    move = client.post(reverse("places:move", args=[town.projects[0].place.pk]), {"parent": town.towns[1].pk})
    assert move.status_code == 422
    assert client.post(reverse("places:add_site"), {"name": "x", "parent": town.towns[1].pk}).status_code == 422
    assert CODE not in client.get(reverse("places:suggest"), {"q": "Seated"}).content.decode()


def test_fail__whoever_may_only_look_changes_nothing(town: SmallDistrict, client: Client) -> None:
    one = town.projects[0]
    for role in (Role.LIAISON, Role.MANAGER, Role.GUARD, Role.CLERK, Role.AUDITOR):
        client.force_login(town.accounts[role])
        assert client.get(reverse("places:site", args=[one.pk])).status_code == 200
        assert client.post(reverse("places:close_site", args=[one.pk])).status_code == 403
        assert client.get(reverse("places:add_site")).status_code == 403
    one.refresh_from_db()
    assert one.closed is None


def test_ok__a_moved_branch_is_seen_from_its_new_place(town: SmallDistrict) -> None:
    grid = Place.objects.get(name="Guicheng 1")
    moved = registry.move_place("test", grid, town.towns[1])
    assert moved.path.startswith(town.towns[1].path)
    theirs = town.account(Role.OFFICER, place=town.towns[1])
    assert Project.objects.visible_to(theirs).count() == 4
    assert type(town.people[0]).objects.visible_to(theirs).count() == len(town.people)
    former = town.account(Role.OFFICER, place=town.towns[0])
    assert type(town.people[0]).objects.visible_to(former).count() == 0


def test_fail__the_tree_stays_a_tree(town: SmallDistrict) -> None:
    grid = Place.objects.get(name="Guicheng 1")
    with pytest.raises(PlaceRefused, match="below itself"):
        registry.move_place("test", town.towns[0], grid)
    with pytest.raises(PlaceRefused, match="cannot stand below"):
        registry.add_place("test", grid, "town", "Upside down")
    with pytest.raises(PlaceRefused, match="cannot stand below"):
        registry.add_place("test", town.projects[0].place, "site", "In a site")
    with pytest.raises(PlaceRefused, match="open sites"):
        registry.retire_place("test", Place.objects.get(pk=grid.pk), timezone.localdate())
    assert Place.objects.find_problems() == ([], [], [], [], [])


def test_ok__a_vacancy_is_shown_until_somebody_is_named(town: SmallDistrict, client: Client) -> None:
    officer(town, client)
    one = town.enterprises[0]
    assert one.name in client.get(reverse("places:vacant_enterprises")).content.decode()
    who = town.accounts[Role.LIAISON].pk
    for kind in ("officer", "liaison"):
        client.post(reverse("places:appoint_at_enterprise", args=[one.pk, kind]), {"who": who})
    assert f">{one.name}<" not in client.get(reverse("places:vacant_enterprises")).content.decode()
    other = town.accounts[Role.MANAGER].pk
    client.post(reverse("places:appoint_at_enterprise", args=[one.pk, "officer"]), {"who": other})
    held = Responsibility.objects.get(kind="officer", enterprise=one, ends=None)
    assert held.user_id == other
    client.post(reverse("places:end_appointment", args=[held.pk]))
    assert f">{one.name}<" in client.get(reverse("places:vacant_enterprises")).content.decode()


def test_ok__an_outline_is_taken_without_what_else_the_file_holds(town: SmallDistrict, client: Client) -> None:
    officer(town, client)
    content = json.dumps({"type": "Feature", "geometry": SQUARE, "properties": {"name": "<script>"}}).encode()
    file = SimpleUploadedFile("a.geojson", content)
    client.post(reverse("places:change", args=[town.towns[0].pk]), {"name": "Guicheng", "file": file})
    outline = Place.objects.get(pk=town.towns[0].pk).outline
    assert set(outline) == {"type", "coordinates"}
    assert "<path d=" in client.get(reverse("places:place", args=[town.towns[0].pk])).content.decode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"type":"Point","coordinates":[1,2]}',
        b'{"type":"Polygon"}',
        b'{"type":"Polygon","coordinates":[[[NaN,1],[2,2],[3,3],[NaN,1]]]}',
        b'{"type":"Polygon","coordinates":[[[1e999,1],[2,2],[3,3],[1e999,1]]]}',
        b'{"type":"Polygon","coordinates":[[[500000,2500000],[2,2],[3,3],[500000,2500000]]]}',
        b'{"type":"Polygon","coordinates":[[[1,1],[2,2],[3,3],[4,4]]]}',
        b'{"type":"Polygon","coordinates":[[[' + b"9" * 5000 + b",1]]]}",
        json.dumps({"type": "FeatureCollection", "features": [SQUARE, SQUARE]}).encode(),
        json.dumps({**SQUARE, "coordinates": [[[1, 1]] * 6000]}).encode(),
    ],
)
def test_fail__a_file_that_is_no_outline(content: bytes) -> None:
    with pytest.raises(PlaceRefused):
        checked_outline(content)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "geometry"]), inner),
    max_leaves=15,
)


@given(_json, st.sampled_from(["Polygon", "MultiPolygon"]))
def test_ok__any_json_is_an_outline_or_refused(coordinates: object, kind: str) -> None:
    try:
        found = checked_outline(json.dumps({"type": kind, "coordinates": coordinates}).encode())
    except PlaceRefused:
        return
    outline_path(found.geometry)


@pytest.mark.parametrize(
    "text", [CODE, CODE.lower(), f" {CODE[:8]} {CODE[8:]} ", "９１１１００００６０００３７３４１Ｌ"]
)
def test_ok__a_credit_code_in_any_writing(text: str) -> None:
    assert checked_uscc(text) == CODE


@pytest.mark.parametrize("text", ["", "91110000600037342L", "91110000600037341", "'; DROP TABLE--", "\0"])
def test_fail__a_credit_code_whose_check_is_wrong(text: str) -> None:
    with pytest.raises(PlaceRefused):
        checked_uscc(text)


@given(st.text(max_size=60))
def test_ok__every_name_gives_an_id_that_gates_can_carry(name: str) -> None:
    first = proposed_site_id(name, ())
    assert is_site_id(first)
    assert is_site_id(second := proposed_site_id(name, {first}))
    assert second != first
