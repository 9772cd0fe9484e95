"""Make the days of a site again, after its rules changed."""

from datetime import date, datetime, time, timedelta

from django.db.models import Max, Min
from django.utils import timezone

from district.attendance.models import Passage
from district.attendance.projection import Touched, project
from district.places.models import Project

PEOPLE_AT_ONCE = 500


def remake_site(site: Project, since: date) -> None:
    """Make the days since a day again, of everybody who passed there. Call it in a transaction."""
    begins = timezone.make_aware(datetime.combine(since, time.min)) - timedelta(days=1)
    passed = Passage.objects.filter(project=site, utc__gte=begins, granted=True, person__isnull=False)
    spans = list(passed.order_by().values_list("person").annotate(first=Min("utc"), last=Max("utc")))
    for begin in range(0, len(spans), PEOPLE_AT_ONCE):
        touched = Touched()
        for person, first, last in spans[begin : begin + PEOPLE_AT_ONCE]:
            touched.add(person, first)
            touched.add(person, last)
        project(touched)
