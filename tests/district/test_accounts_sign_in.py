"""PROMISE: a link, a password and a code let one person in. A storm, a stolen session or a forged link does not."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from district_rig import SmallDistrict, small_district
from django.test import Client
from django.utils import timezone
from sign_in_rig import PASSWORD, code_now

from district.accounts import limits, registry
from district.accounts.adapters import CodesAdapter
from district.accounts.models import AccountInvitation, SignInBucket, User
from district.accounts.registry import LinkRefused, Wanted
from district.audit.models import Entry
from district.permissions import Role


def _invited(town: SmallDistrict, role: Role = Role.GUARD) -> tuple[User, str]:
    user, secret = registry.invite(None, "Wang", "王芳", Wanted(role, place=town.projects[0].place))
    return user, f"/join/{secret}/"


def _joined(town: SmallDistrict, role: Role = Role.GUARD) -> tuple[User, Client]:
    user, link = _invited(town, role)
    client = Client()
    client.post(link, {"password": PASSWORD, "again": PASSWORD})
    return user, client


def _sign_in(client: Client, password: str, username: str = "wang", **headers: str) -> int:
    form = {"login": username, "password": password}
    return client.post("/account/login/", form, headers=headers).status_code


def test_ok__a_link_sets_a_password_once_and_signs_in(town: SmallDistrict) -> None:
    user, link = _invited(town)
    client = Client()
    shown = client.get(link)
    assert "wang" in shown.content.decode()
    assert shown["Referrer-Policy"] == "same-origin"  # the secret goes to no other website
    assert client.get(link).status_code == 200  # looking does not use it up
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert client.get("/account/sessions/").status_code == 200
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": "another long one", "again": "another long one"}).status_code == 410
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert PASSWORD not in str(list(Entry.objects.values_list("details", flat=True)))


@pytest.mark.parametrize("password", ["short", "password1234", "wang wang wang", "123456789012"])
def test_fail__a_weak_password_is_refused(town: SmallDistrict, password: str) -> None:
    user, link = _invited(town)
    assert Client().post(link, {"password": password, "again": password}).status_code == 200
    assert Client().post(link, {"password": PASSWORD, "again": "another"}).status_code == 200
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_fail__forged_old_and_ended_links_open_nothing(town: SmallDistrict) -> None:
    user, link = _invited(town)
    other_end = "B" if link[-2] == "A" else "A"
    for forged in ("x" * 43, link[6:-2] + other_end, "..%2f..", "%00", "' OR 1=1 --", "é" * 300):
        assert Client().get(f"/join/{forged}/").status_code in {400, 404, 410}
    newer = registry.new_link(None, user)
    assert Client().get(link).status_code == 410
    AccountInvitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert Client().get(f"/join/{newer}/").status_code == 410
    registry.set_blocked(None, user, True)
    assert Client().get(f"/join/{newer}/").status_code == 410


def test_fail__two_uses_at_once_leave_one_password(town: SmallDistrict) -> None:
    _user, link = _invited(town)
    secret = link.split("/")[2]
    registry.use_link(secret, PASSWORD)
    with pytest.raises(LinkRefused):
        registry.use_link(secret, PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_ok__a_role_that_sees_others_data_sets_up_codes_first() -> None:
    town = small_district()
    _user, client = _joined(town, Role.MANAGER)
    assert client.get("/accounts/")["Location"] == "/account/2fa/totp/activate/"
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'class="mono">([A-Z2-7]{32})<', page)
    assert secret
    client.post("/account/2fa/totp/activate/", {"code": code_now(secret[1])})
    assert client.get("/accounts/").status_code == 200
    assert secret[1] not in str(list(Authenticator.objects.values_list("data", flat=True)))
    other = Client()
    assert _sign_in(other, PASSWORD) == 302
    assert other.get("/accounts/").status_code == 302  # the password alone opens nothing
    assert other.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    other.post("/account/2fa/authenticate/", {"code": code_now(secret[1], 1)})
    assert other.get("/accounts/").status_code == 200
    assert {"codes_added", "sign_in", "code_refused"} <= set(Entry.objects.values_list("action", flat=True))
    assert "stay" in other.get("/account/2fa/totp/deactivate/").content.decode()  # just proved who they are


def test_fail__codes_stay_where_a_role_needs_them(town: SmallDistrict) -> None:
    guard, manager = town.accounts[Role.GUARD], town.accounts[Role.MANAGER]
    adapter = CodesAdapter()
    for user, may in ((guard, True), (manager, False)):
        assert adapter.can_delete_authenticator(Authenticator.objects.get(user=user)) is may


def test_fail__a_storm_against_a_name_stops_but_its_owner_still_signs_in(town: SmallDistrict) -> None:
    _user, known = _joined(town)
    known.post("/account/logout/")
    attacker = Client(REMOTE_ADDR="203.0.113.7")
    answers = [attacker.post("/account/login/", {"login": "WANG", "password": f"guess {n}"}) for n in range(8)]
    assert "Too many attempts" in answers[-1].content.decode()
    assert _sign_in(attacker, PASSWORD) == 200  # even the right password, from there
    assert _sign_in(known, PASSWORD) == 302  # the owner's browser is known
    assert _sign_in(Client(REMOTE_ADDR="198.51.100.9"), PASSWORD) == 302  # and so is another network
    assert Entry.objects.filter(action="sign_in_refused").count() == 6


def test_ok__attempts_come_back_by_themselves(db: None) -> None:
    now = 1_000_000.0

    def take(at: float, address: str = "203.0.113.7", device: str = "") -> int:
        return limits.take(address, "wang", device, lambda: at).wait_s

    assert [take(now) for _ in range(7)] == [0] * 6 + [30]
    assert take(now + 15) <= 16
    assert take(now + 31) == 0
    assert take(now, device="known") == 0
    assert [take(now - 86_400) for _ in range(3)] == [0] * 3  # the clock was set back
    assert limits.purge(now + 10_000) == SignInBucket.objects.count() or not SignInBucket.objects.exists()


def test_fail__a_wide_storm_is_stopped_by_name_and_by_address(db: None) -> None:
    by_name = [limits.take(f"10.{n}.1.1", "wang", "").wait_s for n in range(80)]
    assert sum(wait == 0 for wait in by_name) == limits.NAME.attempts
    by_address = [limits.take("203.0.113.7", f"user{n}", "").wait_s for n in range(80)]
    assert limits.ADDRESS.attempts <= sum(wait == 0 for wait in by_address) <= limits.ADDRESS.attempts + 3
    assert limits.take("::ffff:203.0.113.7", "user1", "").wait_s > 0
    assert limits.take("2001:db8::1", "user1", "").wait_s == 0


def test_fail__an_unknown_name_answers_as_a_known_one(town: SmallDistrict) -> None:
    _joined(town)
    texts = {
        re.sub(
            r'value="[^"]*"', "", Client().post("/account/login/", {"login": name, "password": "x"}).content.decode()
        )
        for name in ("wang", "nobody")
    }
    texts = {re.sub(r"(nonce|csrf|X-CSRFToken)[^>]*", "", text) for text in texts}
    assert len(texts) == 1


def test_fail__a_session_in_another_browser_ends(town: SmallDistrict) -> None:
    user, client = _joined(town)
    stolen = Client(headers={"User-Agent": "curl/8"})
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    assert stolen.get("/account/sessions/").status_code == 302
    assert client.get("/account/sessions/").status_code == 302  # it ended for both
    assert Entry.objects.filter(action="session_refused", actor=user.username).exists()


def test_ok__an_account_lists_and_ends_its_other_sessions(town: SmallDistrict) -> None:
    user, client = _joined(town)
    other = Client(headers={"User-Agent": "Lost phone"})
    _sign_in(other, PASSWORD)
    assert "Lost phone" in client.get("/account/sessions/").content.decode()
    foreign = Client()
    foreign.force_login(town.accounts[Role.GUARD])
    lost = UserSession.objects.get(user_agent="Lost phone")
    foreign.post("/account/sessions/", {"session": lost.pk})
    assert other.get("/account/sessions/").status_code == 200  # not theirs to end
    client.post("/account/sessions/", {"session": lost.pk})
    assert other.get("/account/sessions/").status_code == 302
    assert client.get("/account/sessions/").status_code == 200
    assert Entry.objects.filter(actor=user.username, action="sessions_ended").exists()


def test_ok__a_new_password_ends_the_other_sessions(town: SmallDistrict) -> None:
    _user, client = _joined(town)
    other = Client()
    _sign_in(other, PASSWORD)
    new = "quite another set of words"
    client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert client.get("/account/sessions/").status_code == 200
    assert other.get("/account/sessions/").status_code == 302


@pytest.mark.parametrize("path", ["signup/", "email/", "password/set/", "password/reset/", "confirm-email/"])
def test_fail__nobody_signs_up(db: None, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/account/{path}", {"username": "x", "password1": PASSWORD})
        assert answer["Location"] == "/account/login/"
    assert not User.objects.exists()


def test_fail__signing_in_leads_to_no_other_website(town: SmallDistrict) -> None:
    _joined(town)
    form = {"login": "wang", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/account/login/", form)["Location"] == "/"
