"""PROMISE: a page opens for an account that is signed in, has its codes and the page's permission."""

import pytest
from allauth.mfa.models import Authenticator
from district_rig import SmallDistrict
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory

from district.accounts.models import User
from district.pages import page
from district.permissions import Permission, Role


@page(Permission.SEE_SITES, post=Permission.CHANGE_SITES)
def _sites(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("sites")


@page(Permission.SEE_SITES, whole=True)
def _machine(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("machine")


def _opened(user: User | AnonymousUser, method: str = "GET", **headers: str) -> HttpResponseBase:
    request = RequestFactory().generic(method, "/sites/?page=2", headers=headers)
    request.user, request.session = user, SessionBase()
    return _sites(request)


def test_ok__who_has_the_permission_opens_it(town: SmallDistrict) -> None:
    response = _opened(town.accounts[Role.LIAISON])
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert _opened(town.accounts[Role.OFFICER], "POST").status_code == 200


def test_fail__another_permission_is_refused(town: SmallDistrict) -> None:
    for user, method in ((User.objects.create(username="new"), "GET"), (town.accounts[Role.LIAISON], "POST")):
        with pytest.raises(PermissionDenied):
            _opened(user, method)


def test_fail__without_a_sign_in_it_leads_to_the_sign_in_and_back() -> None:
    assert _opened(AnonymousUser())["Location"] == "/account/login/?next=/sites/%3Fpage%3D2"
    part = _opened(AnonymousUser(), **{"HX-Request": "true", "HX-Current-URL": "http://evil.example/people/"})
    assert (part.status_code, part["HX-Redirect"]) == (200, "/account/login/?next=/people/")


def test_fail__who_sees_others_data_first_sets_up_codes(town: SmallDistrict) -> None:
    Authenticator.objects.all().delete()
    assert _opened(town.accounts[Role.OFFICER])["Location"] == "/account/2fa/totp/activate/"
    assert _opened(town.accounts[Role.GUARD]).status_code == 200


def test_fail__a_blocked_account_is_signed_out(town: SmallDistrict) -> None:
    user = town.accounts[Role.GUARD]
    user.is_active = False
    assert _opened(user).status_code == 302


def test_fail__what_concerns_the_whole_system_needs_the_permission_at_a_root(town: SmallDistrict) -> None:
    request = RequestFactory().get("/")
    request.user = town.accounts[Role.OFFICER]
    assert _machine(request).status_code == 200
    for user in (town.accounts[Role.LIAISON], town.accounts[Role.CLERK]):
        request.user = user
        with pytest.raises(PermissionDenied):
            _machine(request)


@pytest.mark.parametrize("typed", ["²", "9" * 40, "x", "-1"])
def test_fail__a_session_that_is_no_number_ends_none(town: SmallDistrict, typed: str) -> None:
    user = town.accounts[Role.GUARD]
    first, second = Client(), Client()
    for client in (first, second):
        client.force_login(user)
        client.get("/")
    assert first.post("/account/sessions/", {"session": typed}).status_code == 302
    assert second.get("/").status_code == 200
