"""What an account's owner sees of it: where it is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from district.accounts.models import User
from district.audit.record import record
from district.pages import page


@page(None)
def sessions(request: HttpRequest) -> HttpResponseBase:
    """List the account's sessions; end one of them, or all others."""
    user = request.user
    assert isinstance(user, User)
    present = request.session.session_key
    if request.method == "POST":
        ended = UserSession.objects.filter(user=user).exclude(session_key=present)
        if (wanted := request.POST.get("session", "")) != "":
            ended = ended.filter(pk=int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else ended.none()
        count = _end(list(ended))
        record(user, "sessions_ended", user, details={"sessions": str(count)})
        messages.success(request, _("Signed out there."))
        return redirect("usersessions_list")
    found = sorted(UserSession.objects.purge_and_list(user), key=lambda one: one.last_seen_at, reverse=True)
    rows = [(one, one.session_key == present) for one in found]
    response: HttpResponse = render(request, "usersessions/usersession_list.html", {"sessions": rows})
    return response


def _end(found: list[UserSession]) -> int:
    for session in found:
        session.end()
    return len(found)
