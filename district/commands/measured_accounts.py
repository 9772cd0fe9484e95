"""Accounts that look at a synthetic district while it is measured. Nobody can sign in as one: they have no password."""

import secrets
import time
from typing import Any

from district.config import DistrictConfigError

SYNTHETIC = "Synthetic district"


def sessions() -> dict[str, str]:
    """Return the key of a new session for each role. The clerk has the biggest employer, the manager the biggest
    site. Raises DistrictConfigError: the database holds real people.
    """
    from district.permissions import Role

    return {str(role): _session(_account(role, place, enterprise)) for role, place, enterprise in _anchors(Role)}


def _anchors(role: Any) -> list[tuple[Any, Any, Any]]:
    from django.db.models import Count

    from district.people.models import Assignment
    from district.places.models import Enterprise, Place, Project

    root = Place.objects.filter(depth=1).first()
    if root is None or root.name != SYNTHETIC:
        raise DistrictConfigError("only a district that `simulate` made can be measured: it is written to meanwhile")

    def biggest(column: str) -> Any:
        rows = Assignment.objects.order_by().values_list(column).annotate(many=Count("pk")).order_by("-many")
        return rows[0][0]

    site = Project.objects.select_related("place").get(pk=biggest("project")).place
    employer = Enterprise.objects.get(pk=biggest("enterprise"))
    return [
        (role.OFFICER, root, None),
        (role.CLERK, None, employer),
        (role.MANAGER, site, None),
        (role.GUARD, site, None),
        (role.AUDITOR, root, None),
        (role.SYSTEM, root, None),
    ]


def _account(role: Any, place: Any, enterprise: Any) -> Any:
    from allauth.mfa.models import Authenticator

    from district.accounts.adapters import CodesAdapter
    from district.accounts.models import Grant, User

    user, made = User.objects.get_or_create(username=f"measured-{role}", defaults={"name": f"Measured {role}"})
    if made:
        user.set_unusable_password()
        user.save()
        Grant.objects.create(user=user, role=role, place=place, enterprise=enterprise, given_by="simulate")
        secret = CodesAdapter().encrypt(secrets.token_hex(20))
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})
    return user


def _session(user: Any) -> str:
    from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from district.accounts.session_store import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return str(session.session_key)
