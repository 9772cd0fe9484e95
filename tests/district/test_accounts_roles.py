"""PROMISE: nobody gives more than they have: not another role, not elsewhere, not for longer, not to themselves."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from district_rig import SmallDistrict
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from sign_in_rig import prove

from district.accounts import registry
from district.accounts.models import Grant, User
from district.accounts.registry import NotAllowed, Wanted
from district.accounts.rules import RoleHeld, may_manage, refusal
from district.audit.models import Entry
from district.permissions import MAY_GIVE, PERMISSIONS, Permission, Role

_TIMES = st.none() | st.integers(1, 3).map(lambda day: datetime(2027, 1, day, tzinfo=UTC))
_PATHS = st.lists(st.sampled_from(["0001", "0002"]), min_size=1, max_size=4).map("".join)
_HELD = st.builds(RoleHeld, st.sampled_from(Role), _PATHS, st.none() | st.integers(1, 2), _TIMES)


@given(st.lists(_HELD, max_size=3), _HELD)
def test_ok__what_may_be_given_lies_inside_one_own_role(held: list[RoleHeld], wanted: RoleHeld) -> None:
    if refusal(held, wanted) is None:
        giver = next(
            own
            for own in held
            if wanted.role in MAY_GIVE.get(own.role, ())
            and (wanted.enterprise == own.enterprise if own.enterprise else wanted.path.startswith(own.path))
            and (own.until is None or (wanted.until is not None and wanted.until <= own.until))
        )
        assert Permission.CHANGE_ACCOUNTS in PERMISSIONS[giver.role]


@given(st.lists(_HELD, max_size=3), st.lists(_HELD, min_size=1, max_size=3))
def test_ok__who_manages_another_could_give_each_of_its_roles(held: list[RoleHeld], theirs: list[RoleHeld]) -> None:
    forever = [RoleHeld(own.role, own.path, own.enterprise) for own in held]
    assert may_manage(held, theirs) == all(refusal(forever, role) is None for role in theirs)


def test_ok__who_gives_roles_has_the_permission() -> None:
    assert {role for role in Role if Permission.CHANGE_ACCOUNTS in PERMISSIONS[role]} == set(MAY_GIVE)


def _refused(town: SmallDistrict, giver: User, wanted: Wanted) -> bool:
    try:
        registry.invite(giver, f"new-{User.objects.count()}", "New", wanted)
    except NotAllowed:
        return True
    return False


def test_fail__nobody_gives_more_than_they_have(town: SmallDistrict) -> None:
    clerk, manager, system = (town.accounts[role] for role in (Role.CLERK, Role.MANAGER, Role.SYSTEM))
    officer = town.account(Role.OFFICER, place=town.towns[0])
    site, foreign = town.projects[0].place, town.projects[3].place
    mine, other = town.enterprises[0], town.enterprises[1]
    allowed = [
        (system, Wanted(Role.AUDITOR, place=town.root)),
        (officer, Wanted(Role.LIAISON, place=town.towns[0])),
        (officer, Wanted(Role.CLERK, enterprise=mine)),
        (manager, Wanted(Role.GUARD, place=site)),
        (clerk, Wanted(Role.CLERK, enterprise=mine)),
    ]
    refused = [
        (officer, Wanted(Role.OFFICER, place=town.root)),
        (officer, Wanted(Role.SYSTEM, place=town.towns[0])),
        (officer, Wanted(Role.AUDITOR, place=town.towns[0])),
        (officer, Wanted(Role.CLERK, enterprise=other)),  # has its seat in the other town
        (manager, Wanted(Role.GUARD, place=foreign)),
        (manager, Wanted(Role.OFFICER, place=site)),
        (clerk, Wanted(Role.CLERK, enterprise=other)),
        (clerk, Wanted(Role.GUARD, place=site)),
        (town.accounts[Role.LIAISON], Wanted(Role.GUARD, place=site)),
        (town.accounts[Role.AUDITOR], Wanted(Role.GUARD, place=site)),
        (system, Wanted(Role.CLERK, place=town.root)),
        (system, Wanted(Role.GUARD, place=town.towns[0])),
        (system, Wanted(Role.GUARD)),
        (system, Wanted(Role.AUDITOR, place=town.root, enterprise=mine)),
    ]
    assert [pair for pair in allowed if _refused(town, *pair)] == []
    assert [pair for pair in refused if not _refused(town, *pair)] == []


def test_fail__a_role_does_not_outlast_its_giver(town: SmallDistrict) -> None:
    officer = town.account(Role.OFFICER, place=town.towns[0])
    end = timezone.now() + timedelta(days=7)
    Grant.objects.filter(user=officer).update(valid_until=end)
    place = town.towns[0]
    assert _refused(town, officer, Wanted(Role.LIAISON, place=place))
    assert _refused(town, officer, Wanted(Role.LIAISON, place=place, until=end + timedelta(days=1)))
    assert not _refused(town, officer, Wanted(Role.LIAISON, place=place, until=end))
    Grant.objects.filter(user=officer).update(valid_until=timezone.now())
    assert _refused(town, officer, Wanted(Role.LIAISON, place=place, until=end))


def test_fail__nobody_changes_their_own_roles_or_manages_more_rights(town: SmallDistrict) -> None:
    officer, system = town.account(Role.OFFICER, place=town.towns[0]), town.accounts[Role.SYSTEM]
    with pytest.raises(NotAllowed):
        registry.give(system, system, Wanted(Role.OFFICER, place=town.root))
    with pytest.raises(NotAllowed):
        registry.end_grant(system, Grant.objects.get(user=system))
    for other in (system, officer, town.accounts[Role.OFFICER], town.accounts[Role.AUDITOR]):
        with pytest.raises(PermissionDenied):
            registry.new_link(officer, other)
    with pytest.raises(PermissionDenied):
        registry.set_blocked(officer, system, True)
    assert registry.new_link(officer, town.accounts[Role.MANAGER])


def test_ok__an_ended_role_stays_ended_when_the_clock_is_set_back(town: SmallDistrict) -> None:
    grant = Grant.objects.get(user=town.accounts[Role.MANAGER])
    registry.end_grant(town.accounts[Role.OFFICER], grant)
    before = timezone.now() - timedelta(days=1)
    assert not Grant.objects.filter(Grant.in_force(before), pk=grant.pk).exists()
    assert User.objects.get(pk=grant.user_id).scope(Permission.SEE_PEOPLE).empty


def test_ok__blocking_takes_effect_at_once(town: SmallDistrict) -> None:
    client, guard = Client(), town.accounts[Role.GUARD]
    client.force_login(guard)
    assert client.get("/account/sessions/").status_code == 200
    registry.set_blocked(town.accounts[Role.OFFICER], guard, True)
    assert client.get("/account/sessions/").status_code == 302


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_ok__an_officer_invites_gives_ends_and_blocks(town: SmallDistrict) -> None:
    officer = town.accounts[Role.OFFICER]
    client = _signed_in(officer)
    form = {"name": "李雷", "username": "LiLei", "role": "guard", "where": f"place-{town.projects[0].place.pk}"}
    suspended = client.post("/accounts/new/", form)
    assert suspended["Location"].startswith("/account/2fa/reauthenticate/")  # a stolen session makes no accounts
    assert not User.objects.filter(username="lilei").exists()
    prove(client)
    shown = client.post("/accounts/new/", form).content.decode()
    link = re.search(r"/join/[\w-]{43}/", shown)
    assert link
    assert Client().get(link[0]).status_code == 200
    made = User.objects.get(username="lilei")
    assert "taken" in client.post("/accounts/new/", form).content.decode()
    where = f"enterprise-{town.enterprises[0].pk}"
    client.post(f"/accounts/{made.pk}/role/", {"role": "clerk", "where": where, "until": "2099-01-01"})
    assert "Builder 1" in client.get(f"/accounts/{made.pk}/").content.decode()
    for grant in made.grants.all():
        client.post(f"/accounts/roles/{grant.pk}/end/")
    assert "No role holds" in client.get(f"/accounts/{made.pk}/").content.decode()
    client.post(f"/accounts/{made.pk}/block/", {"block": "yes"})
    assert Client().get(link[0]).status_code == 410
    actions = set(Entry.objects.filter(actor=officer.username).values_list("action", flat=True))
    assert {"role_given", "role_ended", "link_made", "blocked"} <= actions
    assert link[0].split("/")[2] not in str(list(Entry.objects.values_list("details", flat=True)))


def test_ok__a_link_for_a_lost_phone_removes_the_codes(town: SmallDistrict) -> None:
    manager = town.accounts[Role.MANAGER]
    client = _signed_in(town.accounts[Role.OFFICER])
    prove(client)
    shown = client.post(f"/accounts/{manager.pk}/link/", {"lost_phone": "yes"}).content.decode()
    link = re.search(r"/join/[\w-]{43}/", shown)
    assert link
    assert Authenticator.objects.filter(user=manager).exists()
    password = "three words of mine"
    joined = Client()
    joined.post(link[0], {"password": password, "again": password})
    assert not Authenticator.objects.filter(user=manager).exists()
    assert joined.get("/accounts/")["Location"] == "/account/2fa/totp/activate/"


def test_fail__guessed_addresses_of_another_part_are_not_found(town: SmallDistrict) -> None:
    officer = town.account(Role.OFFICER, place=town.towns[0])
    client = _signed_in(officer)
    prove(client)
    foreign = town.account(Role.GUARD, place=town.projects[3].place)
    assert foreign.username not in client.get("/accounts/").content.decode()
    assert client.get(f"/accounts/{foreign.pk}/").status_code == 404
    for part in ("role", "link", "block", "sessions"):
        assert client.post(f"/accounts/{foreign.pk}/{part}/", {"block": "yes"}).status_code == 404
    assert client.post(f"/accounts/roles/{foreign.grants.get().pk}/end/").status_code == 404
    assert not Entry.objects.filter(subject_id=str(foreign.pk)).exists()


@pytest.mark.parametrize("text", ["<script>x</script>", "{{ 7|add:7 }}", "'; DROP TABLE audit_entry; --", "名" * 80])
def test_ok__free_text_is_data(town: SmallDistrict, text: str) -> None:
    client = _signed_in(town.accounts[Role.OFFICER])
    prove(client)
    form = {"name": text, "username": "x1", "role": "guard", "where": f"place-{town.projects[0].place.pk}"}
    client.post("/accounts/new/", form)
    page = client.get("/accounts/", {"q": text[:80]}).content.decode()
    assert User.objects.get(username="x1").name == text
    assert "<script>x" not in page
    assert client.get("/accounts/", {"q": "\0", "role": "x", "after": "x" * 700}).status_code == 200


def test_fail__a_role_or_a_place_that_is_not_offered_is_refused(town: SmallDistrict) -> None:
    client = _signed_in(town.accounts[Role.MANAGER])
    prove(client)
    for change in (
        {"role": "system"},
        {"where": f"place-{town.root.pk}"},
        {"where": "place-x"},
        {"until": "2001-01-01"},
    ):
        form = {"name": "x", "username": "x1", "role": "guard", "where": f"place-{town.projects[0].place.pk}", **change}
        assert client.post("/accounts/new/", form).status_code == 200
    assert not User.objects.filter(username="x1").exists()
