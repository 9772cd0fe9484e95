"""Put right what a clock that was ahead left behind."""

from datetime import datetime

from district.declarations.models import DeclarationPolicy


def repair(_now: datetime) -> None:
    """Tell the gates once more which declarations count: those of a time to come count no longer.

    Nothing is changed or removed: a clock that is wrong now, and was right before, must lose nothing.
    """
    DeclarationPolicy.objects.update(told=None)
