"""PROMISE: the first start prints a one-time link, and the command line helps when nobody can sign in."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from district_rig import SmallDistrict
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone
from sign_in_rig import PASSWORD, path_of, prove
from typer.testing import CliRunner, Result

from district.accounts.first_start import first_link
from district.accounts.models import AccountInvitation, Grant, SignInBucket, User
from district.accounts.worker_rounds import remove
from district.cli import app
from district.commands import audit, users
from district.config import DistrictConfig
from district.permissions import Role


@pytest.fixture(autouse=True)
def _on_the_tests_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    config = DistrictConfig(folder=tmp_path)
    for module in (users, audit):
        monkeypatch.setattr(module, "opened", lambda _folder: config)
    yield


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def _link(result: Result) -> str:
    found = re.search(r"http\S+/join/\S+", result.output)
    assert found, result.output
    return path_of(found[0])


@pytest.mark.django_db
def test_ok__the_first_link_works_until_somebody_has_a_password() -> None:
    first, second = first_link(), first_link()
    assert Client().get(f"/join/{first}/").status_code == 410  # a new start ends the link before it
    client = Client()
    client.post(f"/join/{second}/", {"password": PASSWORD, "again": PASSWORD})
    assert first_link() is None
    assert Grant.objects.get().role == Role.SYSTEM
    assert client.get("/accounts/")["Location"] == "/account/2fa/totp/activate/"


def test_ok__an_account_is_invited_listed_and_gets_a_new_link(town: SmallDistrict) -> None:
    made = _run("user", "invite", "LiLei", "--role", "liaison", "--place", "Guicheng", "--name", "李雷")
    assert Client().get(_link(made)).status_code == 200
    listed = json.loads(_run("user", "list", "--json").output)
    assert next(row for row in listed if row["username"] == "lilei")["roles"] == ["liaison @ Guicheng"]
    Authenticator.objects.create(user=User.objects.get(username="lilei"), type="totp", data={})
    renewed = _link(_run("user", "link", "lilei", "--lost-phone"))
    assert Client().get(_link(made)).status_code == 410
    Client().post(renewed, {"password": PASSWORD, "again": PASSWORD})
    assert not Authenticator.objects.filter(user__username="lilei").exists()
    assert "ended 1 sessions" in _run("user", "end-sessions", "lilei").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("invite", "new", "--role", "guard", "--place", "Guicheng"), "does not fit there"),
        (("invite", "new", "--role", "guard", "--place", "nowhere"), "is no place"),
        (("invite", "new", "--role", "clerk", "--enterprise", "x"), "no enterprise"),
        (("invite", "a b", "--role", "liaison", "--place", "Guicheng"), "letters, digits"),
        (("invite", "guard-5", "--role", "guard", "--place", "site-1"), "is taken"),
        (("link", "nobody"), "there is no account nobody"),
    ],
)
def test_fail__a_wrong_word_gives_one_sentence(town: SmallDistrict, words: tuple[str, ...], says: str) -> None:
    before = User.objects.count()
    result = _run("user", *words)
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())
    assert User.objects.count() == before


def test_ok__the_record_is_checked(town: SmallDistrict) -> None:
    _run("user", "invite", "lilei", "--role", "liaison", "--place", "Guicheng")
    line = _run("audit", "heads").output.strip()
    assert _run("audit", "check", "--heads", line).exit_code == 0
    assert json.loads(_run("audit", "check", "--json").output)["problems"] == []
    forged = _run("audit", "check", "--heads", line.replace("1", "2"))
    assert forged.exit_code == 1
    assert "was changed" in forged.output or "whole line" in forged.output


def test_ok__what_ran_out_is_removed(town: SmallDistrict) -> None:
    client = Client()
    client.force_login(town.accounts[Role.GUARD])
    guard = town.accounts[Role.GUARD]
    UserSession.objects.create(user=guard, ip="127.0.0.1", session_key="gone", user_agent="x")
    SignInBucket.objects.create(source="x", full_at=0)
    past = timezone.now() - timedelta(days=100)
    AccountInvitation.objects.create(user=guard, secret_hash="x", made_by="x", expires=past)
    remove()
    assert client.get("/account/sessions/").status_code == 200
    assert Session.objects.count() == 1
    for model in (SignInBucket, AccountInvitation):
        assert not model.objects.exists()
    assert not UserSession.objects.filter(session_key="gone").exists()


def test_ok__a_link_goes_by_mail_and_a_broken_server_says_so(
    town: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(town.accounts[Role.OFFICER])
    prove(client)
    form = {"name": "李雷", "role": "guard", "where": f"place-{town.projects[0].place.pk}", "email": "li@example.org"}
    client.post("/accounts/new/", {**form, "username": "li1"})
    assert "/join/" in str(mail.outbox[0].body)
    monkeypatch.setattr("district.accounts.mail.send_mail", _no_server)
    page = client.post("/accounts/new/", {**form, "username": "li2"}).content.decode()
    assert "could not be sent" in page
    assert "/join/" in page


def _no_server(*_args: object) -> None:
    raise ConnectionRefusedError
