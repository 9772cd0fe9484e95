"""Hand over, each day, the workers whose assignments begin or have ended, and the sites that close."""

from django.db import transaction
from django.utils import timezone

from district.exchange import outbox
from district.exchange.models import DayTurn, OutboxRow
from district.exchange.present import closing, turning


def follow_days() -> bool:
    """Queue the workers whom a new day changes. A clock that was set back queues nothing."""
    today = timezone.localdate()
    turn, made = DayTurn.objects.get_or_create(pk=1, defaults={"date": today})
    if made or turn.date >= today:
        return False
    with transaction.atomic():
        if DayTurn.objects.filter(pk=1, date=turn.date).update(date=today):
            outbox.put_all(OutboxRow.Kind.SITE, closing(turn.date, today))
            outbox.put_all(OutboxRow.Kind.WORKER, turning(turn.date, today))
    return False
