"""Say who may open a page. Every view of the district is marked by one of these; a test walks them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.cache import patch_cache_control

from district.permissions import NEEDS_TOTP, Permission, Role
from district.prepared import Given, PreparedQuery
from district.scope import Account

_View = Callable[..., HttpResponseBase]


class SignedIn(Account, Protocol):
    """A signed-in account. Described here and not imported, so that pages of every app can use this file."""

    pk: Any
    is_active: bool

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles in force, wherever they hold."""

    def may(self, permission: Permission) -> bool:
        """Say whether the account has a permission anywhere."""


def page(
    permission: Permission | None,
    *,
    post: Permission | None = None,
    fresh: bool = False,
    again: bool = False,
    whole: bool = False,
) -> Callable[[_View], _View]:
    """Open a view only for accounts that have a permission somewhere; `post`: another one for changes.
    `fresh`: a change needs a proof of the person in the last 15 minutes. So a stolen session cannot make it. After the
    proof the change is made as it was typed. With `again` the page opens again, for an answer that is a file.

    `whole`: it concerns the whole system, so that the permission must hold at a root of the tree.

    None: any signed-in account. Rows still pass `visible_to`: what is not visible is "not found" (404).
    """

    def marked(view: _View) -> _View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user  # a SignedIn, or nobody; to compare it with the protocol takes longer than a query
            if not user.is_authenticated or not user.is_active:
                return _to_sign_in(request)
            if needs_totp(user) and not has_totp(user):
                return _moved(request, reverse("mfa_activate_totp"))
            needed = permission if request.method in {"GET", "HEAD", "OPTIONS"} or post is None else post
            if needed is not None and not (user.scope(needed).whole if whole else user.may(needed)):
                raise PermissionDenied
            if fresh and request.method == "POST" and not did_recently_reauthenticate(request):
                if again:
                    return _to_proof(request, user)
                raise ReauthenticationRequired
            response = view(request, *args, **kwargs)
            patch_cache_control(response, private=True, no_store=True)  # a hut's keyboard is shared
            return response

        opened.page_permissions = (permission, post or permission)  # type: ignore[attr-defined]
        opened.page_is_whole = whole  # type: ignore[attr-defined]
        opened.page_is_fresh = fresh  # type: ignore[attr-defined]
        return opened

    return marked


def open_page(why: str, *, knows: Callable[..., bool] | None = None) -> Callable[[_View], _View]:
    """Open a view without a sign-in, such as one behind a secret link. `why` is for the reader of the code.

    `knows`: takes the request and what its address names. If true, the sender is no stranger, and may send more.
    """

    def marked(view: _View) -> _View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            patch_cache_control(response, private=True, no_store=True)
            return response

        opened.open_because = why  # type: ignore[attr-defined]
        opened.knows_sender = knows  # type: ignore[attr-defined]
        return opened

    return marked


_CODES = PreparedQuery(
    lambda: Authenticator.objects.filter(
        user=Given("user", BigIntegerField()), type=Authenticator.Type.TOTP
    ).values_list("pk")
)


def needs_totp(user: SignedIn) -> bool:
    """Say whether a role of the account sees others' data beyond names."""
    return bool(user.roles & NEEDS_TOTP)


def has_totp(user: SignedIn) -> bool:
    """Say whether the account's codes are set up. allauth then asks for one at each sign-in."""
    return _CODES.first(user=user.pk) is not None


def _to_proof(request: HttpRequest, user: SignedIn) -> HttpResponse:
    """Ask for a proof of the person, and lead back to the page; what was typed is not kept."""
    methods = get_adapter().get_reauthentication_methods(user)
    if not methods:
        raise PermissionDenied
    return redirect(f"{methods[0]['url']}?{urlencode({REDIRECT_FIELD_NAME: request.path})}")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in and back. A part that htmx asks for moves the whole page, not itself."""
    if request.headers.get("HX-Request"):
        current = urlsplit(request.headers.get("HX-Current-URL", ""))
        path = f"{current.path or '/'}{f'?{current.query}' if current.query else ''}"
        back = redirect_to_login(path, resolve_url(settings.LOGIN_URL))
        return _moved(request, back.url)
    return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))


def _moved(request: HttpRequest, url: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)
