"""What a clock that was ahead left behind here."""

from datetime import datetime

from django.utils import timezone

from district.exchange import outbox
from district.exchange.hand_over import TRY_AGAIN
from district.exchange.models import DayTurn, FailedEntry, FeedPosition, OutboxRow
from district.exchange.present import closing, turning


def repair(now: datetime) -> None:
    """Hand over at once what would wait for a time far away. Hand over again what a day to come changed already."""
    OutboxRow.objects.filter(done=None, next_try__gt=now + TRY_AGAIN[-1]).update(next_try=now)
    FailedEntry.objects.filter(next_try__gt=now).update(next_try=now)
    FeedPosition.objects.filter(read__gt=now).update(read=now)
    today = timezone.localdate(now)
    turn = DayTurn.objects.filter(pk=1, date__gt=today).first()
    if turn is not None:
        outbox.put_all(OutboxRow.Kind.SITE, closing(today, turn.date))
        outbox.put_all(OutboxRow.Kind.WORKER, turning(today, turn.date))
        DayTurn.objects.filter(pk=1).update(date=today)
