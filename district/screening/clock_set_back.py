"""Put right what a clock that was ahead left behind."""

from datetime import datetime

from district.screening.models import Hit, KeyList, send_risks
from district.screening.rules import HitState


def repair(now: datetime) -> None:
    """Put hits back in force that were over too early, and send all who are held. HQ may have lifted them."""
    Hit.objects.filter(state=HitState.OVER, until__gt=now).update(state=HitState.IN_FORCE)
    KeyList.objects.filter(expiry_warned__gt=now).update(expiry_warned=None)
    send_risks(Hit.objects.kept().filter(state=HitState.IN_FORCE))
