"""Removes once an hour what has run out: full buckets, ended sessions, old links."""

import time
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from district.accounts import limits
from district.accounts.models import AccountInvitation

_PAUSE_S = 3_600.0
_LINKS_KEPT = timedelta(days=90)


class _Clock:
    """When the next round is due."""

    due = 0.0


def remove_what_ran_out() -> bool:
    """Remove it. Always False: nothing waits for it."""
    if time.monotonic() >= _Clock.due:
        _Clock.due = time.monotonic() + _PAUSE_S
        remove()
    return False


def remove() -> None:
    """Remove full buckets, sessions whose time is over, and links that ended long ago."""
    now = timezone.now()
    limits.purge(now.timestamp())
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    AccountInvitation.objects.filter(expires__lt=now - _LINKS_KEPT).delete()


ROUNDS = (remove_what_ran_out,)
