"""What a clock that was ahead left behind here."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session

from district.accounts.models import AccountInvitation
from district.accounts.registry import LINK_HOURS


def repair(now: datetime) -> None:
    """Let links and sessions end as late as those that are made now, and no later."""
    last = now + timedelta(hours=LINK_HOURS)
    AccountInvitation.objects.filter(used=None, expires__gt=last).update(expires=last)
    ends = now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    Session.objects.filter(expire_date__gt=ends).update(expire_date=ends)
