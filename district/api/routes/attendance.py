"""Who is inside, working days, passages."""

from datetime import date

from django.http import HttpRequest
from ninja import Field, Query, Router

from district.api import schemas
from district.api.routes.lists import REFUSALS, Paging, Span, need, page_of, site_of
from district.attendance.models import Day, Passage, Stay
from district.exchange.models import FeedPosition
from district.permissions import Permission

router = Router(tags=["attendance"])


class PresenceQuery(Paging):
    """Of which site."""

    site_id: str = Field(max_length=63)


class DayQuery(Paging):
    """Which days."""

    site_id: str = Field(max_length=63)
    first: date
    last: date


@router.get("/presence", response={200: schemas.PresencePage, **REFUSALS}, operation_id="list_presence")
def presence(request: HttpRequest, query: Query[PresenceQuery]) -> dict[str, object]:
    """List who is inside a site now. `feed_read` says how old the answer is."""
    token = need(request, Permission.SEE_PRESENCE, query)
    site = site_of(token, query.site_id, Permission.SEE_PRESENCE)
    inside = Stay.objects.visible_to(token, Permission.SEE_PRESENCE).filter(
        project=site, left__isnull=True, missing_exit=False
    )
    page = page_of(inside.select_related("person", "enterprise", "team"), ("pk",), query)
    position = FeedPosition.objects.first()
    rows = [
        {
            "worker_id": stay.person.worker_id,
            "site_id": site.site_id,
            "employer_code": stay.enterprise.uscc if stay.enterprise else "",
            "team": stay.team.name if stay.team else "",
            "trade": stay.trade,
            "came": stay.came,
        }
        for stay in page.rows
    ]
    return {"rows": rows, "cursor": page.next_cursor, "feed_read": position.read if position else None}


@router.get("/days", response={200: schemas.DayPage, **REFUSALS}, operation_id="list_days")
def days(request: HttpRequest, query: Query[DayQuery]) -> dict[str, object]:
    """List the working days of a site."""
    token = need(request, Permission.SEE_ATTENDANCE, query)
    site = site_of(token, query.site_id, Permission.SEE_ATTENDANCE)
    rows = Day.objects.visible_to(token).filter(project=site, date__gte=query.first, date__lte=query.last)
    page = page_of(rows.select_related("person", "enterprise", "project"), ("date", "pk"), query)
    return {
        "rows": [day_out(day) for day in page.rows],
        "cursor": page.next_cursor,
    }


@router.get("/passages", response={200: schemas.PassagePage, **REFUSALS}, operation_id="list_passages")
def passages(request: HttpRequest, query: Query[Span]) -> dict[str, object]:
    """List the passages and refusals of a site."""
    token = need(request, Permission.SEE_ATTENDANCE, query)
    site = site_of(token, query.site_id, Permission.SEE_ATTENDANCE)
    since, until = query.checked()
    rows = Passage.objects.visible_to(token).filter(project=site, utc__gte=since, utc__lt=until)
    page = page_of(rows.select_related("person", "line", "project"), ("utc", "pk"), query)
    return {
        "rows": [passage_out(passage) for passage in page.rows],
        "cursor": page.next_cursor,
    }


def day_out(day: Day) -> dict[str, object]:
    """Return a working day as the API shows it."""
    return {
        "worker_id": day.person.worker_id,
        "site_id": day.project.site_id,
        "employer_code": day.enterprise.uscc if day.enterprise else "",
        "date": day.date,
        "first_in": day.first_in,
        "last_out": day.last_out,
        "seconds": day.seconds,
        "night_seconds": day.night_seconds,
        "missing_exit": day.missing_exit,
        "corrected": day.corrected,
    }


def passage_out(passage: Passage) -> dict[str, object]:
    """Return a passage as the API shows it."""
    return {
        "gate_id": passage.line.gate_id,
        "line": passage.line.line,
        "seq": passage.seq,
        "site_id": passage.project.site_id,
        "worker_id": passage.person.worker_id if passage.person else passage.worker_id,
        "utc": passage.utc,
        "direction": passage.direction,
        "granted": passage.granted,
        "reason": passage.reason,
        "source": passage.source,
    }
