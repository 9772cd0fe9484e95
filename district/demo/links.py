"""Links that sign a demonstration's accounts in, for a day. They work only in a folder whose district.toml says
`demo = true`, and only from this machine. They work more than once: people change accounts back and forth.
"""

from datetime import timedelta
from ipaddress import ip_address

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from district.accounts.clients import client_address, note_client
from district.accounts.models import User
from district.audit.record import record
from district.pages import open_page

_SALT = "district.demo"
LAST = timedelta(hours=24)
"""How long a link signs in. Each start of `sitegate-district demo` prints new ones."""
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def link_of(user: User) -> str:
    """Return the path of an account's link."""
    return f"/demo/{signing.dumps(user.pk, salt=_SALT)}"


@open_page("a demonstration's link signs in; elsewhere it is not found")
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in with a link. Raises Http404 outside a demonstration."""
    config = settings.CONFIG
    if config is None or not config.demo or not ip_address(client_address(request)).is_loopback:
        raise Http404
    try:
        user = User.objects.get(pk=signing.loads(secret, salt=_SALT, max_age=LAST), is_active=True)
    except (signing.BadSignature, User.DoesNotExist):
        raise Http404 from None
    login(request, user, backend=_BACKEND)
    record_authentication(request, user, method="mfa", type="totp", reauthenticated=True)
    note_client(request)
    record(user, "demo_sign_in", user)
    return redirect("/")


urlpatterns = [path("<str:secret>", enter, name="demo_enter")]
