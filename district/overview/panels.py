"""What the first pages show: figures, things to do, charts. Each is one small query over visible rows."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Day, Passage, Stay
from district.attendance.models.projections import INSIDE
from district.cases.tables import short_title, state_tone
from district.cases.waiting import waiting_for
from district.days import start_of_day
from district.overview.hours import HourFrom
from district.overview.links import address_of
from district.overview.rules import EXPIRES_SOON
from district.people.models import Assignment, Certificate, Employment, Person, RequiredTraining
from district.people.requirements import deciding
from district.people.rules import province_name, trade_name
from district.permissions import Permission
from district.places.models import Place, Project
from district.scope import NOTHING
from district.web.charts import ChartPoint, ShareItem, share_items
from district.web.reasons import reason_name, what_to_do

SHOWN = 8
"""Things to do on a first page; the rest is a list's business."""
LONGEST = timedelta(days=2)
"""Stays that began earlier are closed by the rule of missing exits."""


@dataclass(frozen=True)
class HomeFigure:
    """A number with its name; a link where it leads."""

    label: str
    value: int | str
    note: str = ""
    tone: str = ""
    address: str = ""


@dataclass(frozen=True)
class HomeTask:
    """Something to look at or do, with one action."""

    title: str
    text: str
    tone: str = ""
    address: str = ""
    action: str = ""


def inside_now(user: Any) -> int:
    """Count who is on a visible site now."""
    return int(_inside(user).count())


def cases_for(user: Any) -> list[HomeTask]:
    """Return the cases whose next step is the account's, what is due first first."""
    if not user.may(Permission.WORK_CASES):
        return []
    return [
        HomeTask(
            title=f"{case.number} {short_title(case)}",
            text=_case_text(case),
            tone=state_tone(case),
            address=address_of("cases:case", case.pk),
            action=_("Open"),
        )
        for case in waiting_for(user)[:SHOWN]
    ]


def _case_text(case: Any) -> str:
    due = case.next_due
    until = _("until %(time)s") % {"time": f"{timezone.localtime(due):%m-%d %H:%M}"} if due else ""
    return " · ".join(part for part in (case.place.name, str(case.get_state_display()), until) if part)


def refusals_today(user: Any, most: int = SHOWN) -> list[HomeTask]:
    """Return today's refusals, the newest first: who, where, why, and what to do."""
    since = start_of_day(timezone.localdate())
    rows = (
        Passage.objects.visible_to(user, Permission.SEE_PRESENCE).filter(granted=False, utc__gte=since).order_by("-utc")
    )
    return [
        HomeTask(
            title=str(row.person) if row.person else _("Nobody known"),
            text=f"{timezone.localtime(row.utc):%H:%M} · {row.project} · {_what_to_do(row.reason)}",
            tone="care",
            address=address_of("people:person", row.person_id) if row.person_id else "",
            action=_("Open"),
        )
        for row in rows.select_related("person", "project__place")[:most]
    ]


def _what_to_do(reason: str) -> str:
    return _("%(reason)s. %(what)s") % {"reason": reason_name(reason), "what": what_to_do(reason)}


def refused_today(user: Any) -> int:
    """Count today's refusals."""
    since = start_of_day(timezone.localdate())
    return int(Passage.objects.visible_to(user, Permission.SEE_PRESENCE).filter(granted=False, utc__gte=since).count())


def expiring(user: Any, most: int = SHOWN) -> tuple[int, list[HomeTask]]:
    """Return how many certificates and contracts of people at work end soon or have ended, and the first of them."""
    today = timezone.localdate()
    until = today + EXPIRES_SOON
    working = Assignment.objects.visible_to(user).filter(_lasting(today)).values("person")
    papers = Certificate.objects.filter(person__in=working, expires__lte=until)
    found = [(c.expires, c.person, c.kind) for c in papers.select_related("person").order_by("expires", "pk")[:most]]
    count = papers.count()
    contracts = Employment.objects.filter(
        person__in=working, contract_ends__lte=until, contract_ends__gte=today - EXPIRES_SOON, ends__isnull=True
    )
    count += contracts.count()
    first = contracts.select_related("person").order_by("contract_ends", "pk")[:most]
    found += [(e.contract_ends, e.person, _("contract")) for e in first]
    return count, [_expiry(*item) for item in sorted(found, key=lambda item: (str(item[0]), item[1].pk))[:most]]


def trainings(user: Any, most: int = SHOWN) -> tuple[int, list[HomeTask]]:
    """Return how many people at work soon lack the training that decides at a gate, and the first of them.

    A renewed training does not count as ended, and one that no site asks for does not either.
    """
    today = timezone.localdate()
    first: dict[int, tuple[Any, str]] = {}
    for row, one in deciding(_work_to_look_at(user, today + EXPIRES_SOON)):
        ends = one.until or (date.min if one.missing else None)
        if ends is not None and ends <= today + EXPIRES_SOON and ends < first.get(row.person_id, (date.max,))[0]:
            first[row.person_id] = (ends, one.kind)
    found = sorted(first.items(), key=lambda item: (item[1][0], item[0]))[:most]
    people = Person.objects.in_bulk([person for person, _what in found])
    return len(first), [
        _missing(people[person], kind) if day == date.min else _expiry(day, people[person], kind)
        for person, (day, kind) in found
    ]


def _work_to_look_at(user: Any, until: date) -> list[Assignment]:
    """Return who works today where a training is asked for, and elsewhere those whose last training ends by a day.

    A site is loaded once, for all of its thousands.
    """
    held = Certificate.objects.filter(person=OuterRef("person"), is_training=True)
    longer = held.filter(Q(expires=None) | Q(expires__gt=until))
    asking = NOTHING
    for place in Place.objects.filter(pk__in=RequiredTraining.objects.values("place")):
        first, end = place.branch
        asking |= Q(place__path__gte=first, place__path__lt=end)
    decides = Q(project__in=Project.objects.filter(asking)) | (Exists(held) & ~Exists(longer))
    rows = Assignment.objects.visible_to(user).filter(_lasting(timezone.localdate()), decides).order_by()
    work: list[Assignment] = list(rows.only("project", "person", "trade", "starts", "ends"))
    sites = Project.objects.select_related("place").in_bulk({row.project_id for row in work})
    for row in work:
        row.project = sites[row.project_id]
    return work


def _missing(person: Person, what: str) -> HomeTask:
    return HomeTask(
        title=person.name,
        text=_("%(what)s is required and missing") % {"what": what},
        tone="bad",
        address=address_of("people:person", person.pk),
        action=_("Add"),
    )


def _expiry(day: Any, person: Person, what: str) -> HomeTask:
    past = day < timezone.localdate()
    text = _("%(what)s ended on %(day)s") if past else _("%(what)s ends on %(day)s")
    return HomeTask(
        title=person.name,
        text=text % {"what": what, "day": day.isoformat()},
        tone="bad" if past else "care",
        address=address_of("people:person", person.pk),
        action=_("Renew"),
    )


def people_now(user: Any) -> int:
    """Count who is assigned to a visible site today."""
    rows = Assignment.objects.visible_to(user).filter(_lasting(timezone.localdate()))
    return int(rows.values("person").distinct().count())


def undecided(user: Any) -> int:
    """Count who is assigned and has no way to pass a gate yet."""
    rows = Assignment.objects.visible_to(user).filter(_lasting(timezone.localdate()), person__way=Person.Way.UNDECIDED)
    return int(rows.values("person").distinct().count())


def missing_exits(user: Any) -> int:
    """Count yesterday's days that end without a passage out."""
    yesterday = timezone.localdate() - timedelta(days=1)
    return int(Day.objects.visible_to(user).filter(date=yesterday, missing_exit=True).count())


def inside_by_hour(user: Any) -> list[ChartPoint]:
    """Return how many were inside at each full hour of today; hours to come are quiet and empty.

    Stays are counted by their first and last full hour. A count for each hour looks at all of them 24 times. Who left
    is found by an index of each site, which holds both times.
    """
    start, now = start_of_day(timezone.localdate()), timezone.now()
    sites = list(Project.objects.visible_to(user, Permission.SEE_PRESENCE).order_by().values_list("pk", flat=True))
    stays = Stay.objects.visible_to(user, Permission.SEE_PRESENCE).order_by()
    gone = stays.filter(project__in=sites, came__gte=start - LONGEST, came__lte=now, left__gt=start)
    inside = stays.filter(INSIDE, came__lte=now).values_list(HourFrom("came", start)).annotate(n=Count("*"))
    spans = gone.values_list(HourFrom("came", start), HourFrom("left", start)).annotate(n=Count("*"))
    changes = [0] * 25
    for first, end, count in [*spans, *((first, 24, count) for first, count in inside)]:
        changes[min(max(first, 0), 24)] += count
        changes[min(max(end, 0), 24)] -= count
    counts = list(accumulate(changes[:24]))
    hours = [start + timedelta(hours=number) for number in range(24)]
    return [
        ChartPoint(f"{number:02d}", 0 if hour > now else counts[number], quiet=hour > now)
        for number, hour in enumerate(hours)
    ]


def inside_by_trade(user: Any) -> tuple[ShareItem, ...]:
    """Return who is inside by trade."""
    rows = _inside(user).order_by().values_list("trade").annotate(n=Count("*"))
    return share_items(
        [(trade_name(trade) if trade else _("not given"), count) for trade, count in rows], other=_("other")
    )


def days_before(user: Any, days: int = 14) -> list[ChartPoint]:
    """Return how many worked on each of the last days, from the day table."""
    today = timezone.localdate()
    first = today - timedelta(days=days)
    rows = Day.objects.visible_to(user).filter(date__gte=first, date__lt=today)
    counts = dict(rows.order_by().values_list("date").annotate(n=Count("*")))
    dates = [first + timedelta(days=number) for number in range(days)]
    return [ChartPoint(f"{day:%m-%d}", counts.get(day, 0), quiet=day.weekday() > 4) for day in dates]


def origins(user: Any) -> tuple[ShareItem, ...]:
    """Return where the people inside come from, by the province of their id number."""
    inside = _inside(user).order_by()
    rows = inside.values_list("person__province").annotate(n=Count("*"))
    return share_items(
        [(province_name(code) if code else _("not given"), count) for code, count in rows], other=_("other")
    )


def _inside(user: Any) -> Any:
    """Return the open stays: who is inside now. A guard sees these, and no attendance."""
    return Stay.objects.visible_to(user, Permission.SEE_PRESENCE).filter(INSIDE)


def _lasting(today: Any) -> Q:
    return Q(starts__lte=today) & (Q(ends__isnull=True) | Q(ends__gte=today))
