"""What a clock that was ahead left behind here."""

from datetime import datetime, timedelta

from district.attendance.models import Stay
from district.attendance.projection import Touched, project
from district.attendance.rules.working_time import LONGEST_MAX_S


def repair(now: datetime) -> None:
    """Make stays again that the wrong time closed: who is inside is on the muster list again."""
    touched, since = Touched(), now - timedelta(seconds=LONGEST_MAX_S)
    closed = Stay.objects.filter(left=None, missing_exit=True, came__gte=since).order_by()
    for person, came in closed.values_list("person_id", "came"):
        touched.add(person, came)
    project(touched, now)
