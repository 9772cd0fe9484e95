"""What a clock that was ahead left behind here."""

from datetime import datetime, timedelta

from district.people.models import Invitation
from district.phones.rules import LINK_DAYS


def repair(now: datetime) -> None:
    """Let links last as long as they were meant to, from now on."""
    ahead = Invitation.objects.filter(used=None, made__gt=now + timedelta(minutes=1))
    ahead.update(expires=now + timedelta(days=LINK_DAYS), made=now)
