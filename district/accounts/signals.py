"""Records what allauth does: sign-in and sign-out, passwords, codes. Ends sessions that became doubtful."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as codes
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from district.accounts.clients import client_address, note_client
from district.accounts.models import User
from district.audit.record import record


def signed_in(request: HttpRequest, user: User, **_more: Any) -> None:
    """Record a sign-in, and from which browser."""
    note_client(request)
    record(user, "sign_in", user, details={"address": client_address(request)})


def signed_out(user: User | None, **_more: Any) -> None:
    """Record a sign-out."""
    if user is not None:
        record(user, "sign_out", user)


def password_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    """Record a new password. Django ends the other sessions by itself."""
    record(user, "password_changed", user)


def codes_added(request: HttpRequest, user: User, authenticator: Any, **_more: Any) -> None:
    """End the sessions that began without codes."""
    end_sessions(user, but=request.session.session_key or "")
    record(user, "codes_added", user, details={"kind": str(authenticator.type)})


def codes_removed(user: User, authenticator: Any, **_more: Any) -> None:
    """Record that codes are off."""
    record(user, "codes_removed", user, details={"kind": str(authenticator.type)})


def code_refused(user: User, **_more: Any) -> None:
    """Record a wrong code after a right password: somebody may know the password."""
    record(user, "code_refused", user)


def end_sessions(user: User, but: str = "") -> int:
    """End the sessions of an account. Return how many."""
    found = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for session in found:
        session.end()
    return len(found)


def connect() -> None:
    """Connect everything, once, when Django starts."""
    account.user_logged_in.connect(signed_in)
    auth.user_logged_out.connect(signed_out)
    account.password_changed.connect(password_changed)
    account.password_set.connect(password_changed)
    codes.authenticator_added.connect(codes_added)
    codes.authenticator_reset.connect(codes_added)
    codes.authenticator_removed.connect(codes_removed)
    codes.authentication_failed.connect(code_refused)
