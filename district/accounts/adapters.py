"""Where allauth asks this program: sign-in, its limits, and codes."""

import base64
import threading
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from district.accounts import devices, limits
from district.accounts.models import User
from district.audit.record import record
from district.fields import cipher
from district.pages import has_totp, needs_totp

_HASHES_AT_ONCE = threading.BoundedSemaphore(2)
"""Threads of this process that check a password. The others serve pages while a storm lasts."""
_PATIENCE_S = 2.0
_CODE_PLACE = "mfa_authenticator.data"


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signs in by name and password, within limits. Nobody signs up: accounts are invited."""

    _taken: limits.Taken | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: accounts are invited."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Take one attempt. Raises ValidationError if none is left."""
        name = str(credentials.get("username", "")).lower()
        self._taken = limits.take(self.get_client_ip(request), name, devices.known_device(request, name))
        if self._taken.wait_s:
            raise ValidationError(
                _(
                    "Too many attempts to sign in. Wait %(seconds)s seconds, or use a device on which you have signed"
                    " in before."
                ),
                params={"seconds": self._taken.wait_s},
            )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check a password. Raises ValidationError if too many are being checked."""
        if not _HASHES_AT_ONCE.acquire(timeout=_PATIENCE_S):
            raise ValidationError(_("Too many people are signing in. Try again in a few seconds."))
        try:
            user = super().authenticate(request, **credentials)
        finally:
            _HASHES_AT_ONCE.release()
        if user is not None and self._taken:
            limits.give_back(self._taken.sources)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password. The limits keep the record from being flooded."""
        user = User.objects.filter(username__iexact=str(credentials.get("username", ""))).first()
        if user is not None:
            record(user, "sign_in_refused", user, details={"address": self.get_client_ip(request)})

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Ask for a code where there is one: a stolen session often comes with a stolen password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] == "mfa_reauthenticate"] or methods

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        """Remember the browser, and that the person has just proved who they are."""
        proved_now(request, user)
        response: HttpResponse = super().post_login(request, user, **options)
        devices.remember(request, response, user.username)
        if user.language in dict(settings.LANGUAGES):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax", secure=request.is_secure()
            )
        return response

    def add_message(self, *args: Any, **options: Any) -> None:
        """Say nothing of signing in and out: the page itself shows it."""


def proved_now(request: HttpRequest, user: Any) -> None:
    """Let the sign-in that just happened count as the fresh proof that some changes ask for."""
    records = get_authentication_records(request, user)
    if records:
        proved = [*records[:-1], {**records[-1], "reauthenticated": True}]
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = proved


class CodesAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of codes encrypted, and codes on where a role needs them."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret for the database."""
        return base64.b64encode(cipher().encrypt(text, _CODE_PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret. Raises FieldKeyError."""
        return cipher().decrypt(base64.b64decode(encrypted_text), _CODE_PLACE)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Refuse where a role needs codes. A lost phone is dealt with by a new link."""
        return not needs_totp(authenticator.user)

    def get_totp_label(self, user: Any) -> str:
        """Name the account in the person's code app."""
        return str(user.username)

    def send_notification_mail(self, *_args: Any, **_options: Any) -> None:
        """Send none: the audit record has it."""

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Say whether codes are set up."""
        return super().is_mfa_enabled(user, types) if types else has_totp(user)
