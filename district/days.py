"""Days of the district's time zone."""

from datetime import date, datetime

from django.utils import timezone


def start_of_day(day: date) -> datetime:
    """Return midnight in the district's time zone."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
