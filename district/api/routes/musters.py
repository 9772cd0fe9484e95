"""The muster list of a site, and the corrections that were asked for."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from district.api import schemas
from district.api.routes.lists import REFUSALS, Paging, need, page_of, site_of
from district.attendance.models import Correction, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.rules.working_time import LONGEST_MAX_S
from district.exchange.models import FeedPosition
from district.permissions import Permission

router = Router(tags=["attendance"])


class MusterQuery(Schema):
    """Of which site."""

    site_id: str = Field(max_length=63)


class CorrectionQuery(Paging):
    """Which corrections."""

    site_id: str = Field("", max_length=63)
    state: str = Field("", max_length=10, description="open, approved, refused or taken_back; empty: all.")


@router.get("/muster", response={200: schemas.MusterOut, **REFUSALS}, operation_id="show_muster")
def muster(request: HttpRequest, query: Query[MusterQuery]) -> dict[str, object]:
    """List everybody inside a site by team. It answers with old data too: `feed_read` says how old."""
    token = need(request, Permission.SEE_PRESENCE, query)
    site = site_of(token, query.site_id, Permission.SEE_PRESENCE)
    stays = Stay.objects.visible_to(token, Permission.SEE_PRESENCE).filter(project=site)
    stays = stays.select_related("person", "enterprise", "team")
    inside = list(stays.filter(INSIDE).order_by("team__name", "person__pinyin", "pk"))
    since = timezone.now() - timedelta(seconds=LONGEST_MAX_S)
    perhaps = stays.filter(missing_exit=True, came__gte=since).exclude(person__in=[one.person_id for one in inside])
    position = FeedPosition.objects.first()
    teams: dict[str, list[Any]] = {}
    for stay in inside:
        teams.setdefault(stay.team.name if stay.team else "", []).append(stay)
    return {
        "site_id": site.site_id,
        "made": timezone.now(),
        "feed_read": position.read if position else None,
        "count": len(inside),
        "teams": [{"team": name, "people": _people(people)} for name, people in teams.items()],
        "perhaps": _people(perhaps.order_by("person__pinyin", "pk")),
    }


@router.get("/corrections", response={200: schemas.CorrectionPage, **REFUSALS}, operation_id="list_corrections")
def corrections(request: HttpRequest, query: Query[CorrectionQuery]) -> dict[str, object]:
    """List the corrections that were asked for."""
    token = need(request, Permission.SEE_ATTENDANCE, query)
    wanted = Q()
    if query.site_id:
        wanted &= Q(project=site_of(token, query.site_id, Permission.SEE_ATTENDANCE))
    if query.state:
        wanted &= Q(state=query.state.replace("\0", ""))
    rows = Correction.objects.visible_to(token, Permission.SEE_ATTENDANCE).filter(wanted)
    page = page_of(rows.select_related("person", "project"), ("pk",), query)
    return {"rows": [correction_out(row) for row in page.rows], "cursor": page.next_cursor}


def correction_out(row: Correction) -> dict[str, object]:
    """Return a correction as the API shows it."""
    return {
        "correction_id": row.pk,
        "kind": row.kind,
        "site_id": row.project.site_id,
        "worker_id": row.person.worker_id,
        "utc": row.utc,
        "direction": row.direction,
        "why": row.why,
        "state": row.state,
        "asked": row.asked,
        "decided": row.decided,
        "answer": row.answer,
    }


def _people(stays: Iterable[Any]) -> list[dict[str, object]]:
    return [
        {
            "worker_id": stay.person.worker_id,
            "name": stay.person.name,
            "employer_code": stay.enterprise.uscc if stay.enterprise else "",
            "came": stay.came,
        }
        for stay in stays
    ]
