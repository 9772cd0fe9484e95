"""Read and change how sites count working time."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import SiteRules
from district.attendance.models.site_rules import FOREVER
from district.attendance.rules.working_time import DAY, DEFAULTS, EPOCH, WorkingTime
from district.places.models import Project

_NAMES = ("project_id", "from_local", "until_local", "day_begins_s", "longest_s", "full_day_s")


class RulesRefused(ValueError):
    """Rules that cannot be set. The text says what to do."""


def rules_by_site(sites: Iterable[int] | None = None) -> Callable[[int, int], WorkingTime]:
    """Return a function: site and wall clock -> how the site counts then."""
    rows = SiteRules.objects.all() if sites is None else SiteRules.objects.filter(project__in=set(sites))
    found: defaultdict[int, list[tuple[int, int, WorkingTime]]] = defaultdict(list)
    for site, first, until, *values in rows.values_list(*_NAMES):
        found[site].append((first, until, WorkingTime(*values)))

    def at(site: int, local: int) -> WorkingTime:
        """Return the rules of a site at a moment."""
        return next((rules for first, until, rules in found.get(site, ()) if first <= local < until), DEFAULTS)

    return at


def rules_on(site: Project, day: date) -> WorkingTime:
    """Return how a site counts on a day, at noon."""
    return rules_by_site([site.pk])(site.pk, (day - EPOCH).days * DAY + DAY // 2)


@transaction.atomic
def set_rules(site: Project, since: date, rules: WorkingTime) -> SiteRules:
    """Let a site count by these rules from a day on. Later rules are replaced. Raises RulesRefused.

    The caller makes the days since then again.
    """
    today = timezone.localdate()
    if since < today.replace(day=1):
        raise RulesRefused(_("Choose a day of this month or a later one: earlier months are settled by their rules."))
    if since > today + timedelta(days=366):
        raise RulesRefused(_("Choose a day within the next year."))
    first = (since - EPOCH).days * DAY
    SiteRules.objects.filter(project=site, from_local__gte=first).delete()
    SiteRules.objects.filter(project=site, until_local__gt=first).update(until_local=first)
    return SiteRules.objects.create(
        project=site,
        since=since,
        from_local=first,
        until_local=FOREVER,
        day_begins_s=rules.day_begins_s,
        longest_s=rules.longest_s,
        full_day_s=rules.full_day_s,
    )
