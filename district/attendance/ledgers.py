"""Read the month ledger of a team or a site from the day table."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from district.attendance.confirmations import states
from district.attendance.models import Day
from district.attendance.rules.ledger import LedgerDay, LedgerRow, month_days, work_units
from district.attendance.rules.working_time import DEFAULTS
from district.attendance.rules_of_sites import rules_on
from district.people.models import Team
from district.permissions import Permission
from district.places.models import Project
from district.scope import Account

PEOPLE_ON_PAGE = 200
"""A page shows a team. A team of everybody without one may be larger; the file holds all."""
_COLUMNS = (
    *("person_id", "person__name", "trade", "team_id", "enterprise_id", "date"),
    *("seconds", "night_seconds", "missing_exit", "missing_entry", "corrected"),
)


@dataclass(frozen=True)
class Ledger:
    """A month of a site, or of one of its teams."""

    site: Project
    month: date
    days: list[date]
    rows: list[LedgerRow] = field(default_factory=list)
    full_day_s: int = DEFAULTS.full_day_s

    @property
    def totals(self) -> dict[str, Any]:
        """Return the sums below the table."""
        return {
            "people": len(self.rows),
            "units": sum(row.units for row in self.rows),
            "hours": round(sum(row.hours for row in self.rows), 1),
            "night_hours": round(sum(row.night_hours for row in self.rows), 1),
            "flags": sum(row.flags for row in self.rows),
        }


def days_of_month(user: Account, site: Project, month: date, permission: Permission | None = None) -> "QuerySet[Any]":
    """Return the days of a month on a site that an account may see."""
    days = month_days(month)
    return Day.objects.visible_to(user, permission).filter(project=site, date__gte=days[0], date__lte=days[-1])


def ledger_of(site: Project, month: date, days: "QuerySet[Any]") -> Ledger:
    """Make the ledger from days. They are limited by rights, and to a team if one is wanted, already."""
    full = rules_on(site, month_days(month)[-1]).full_day_s
    rows: dict[int, LedgerRow] = {}
    ordered = days.order_by("team__name", "person__pinyin", "person", "date")
    for person, name, trade, team, employer, day, seconds, night, no_exit, no_entry, corrected in ordered.values_list(
        *_COLUMNS
    ):
        row = rows.setdefault(person, LedgerRow(person, name, trade, team, employer))
        units = work_units(seconds, full)
        row.days[day.day] = LedgerDay(seconds, night, units, no_exit or no_entry, corrected)
    found = Ledger(site, month, month_days(month), list(rows.values()), full)
    for person, state in states(site, month, found.rows).items():
        rows[person].confirmation = state
    return found


def team_names(site: Project, days: "QuerySet[Any]") -> dict[int | None, str]:
    """Return the teams of a site that have days, by name; those without one last.

    Each team is asked for one of its days by itself. A subquery with an end makes the database do that. To read all
    days of a month for their teams takes half a second.
    """
    rows = days.order_by()
    one = Subquery(rows.filter(team=OuterRef("pk")).values("pk")[:1])
    named = Team.objects.filter(project=site).annotate(one=one).exclude(one=None).order_by("name", "pk")
    found: dict[int | None, str] = dict(named.values_list("pk", "name"))
    return found | {None: _("Without a team")} if rows.filter(team=None).exists() else found
