"""The last report of each site, and what its stocks say."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from district.permissions import Permission
from district.places.models import Project
from district.scope import Account
from district.supplies.models import SiteReport, SupplyLine, SupplyOffer, SupplyPolicy
from district.supplies.rules.items import SupplyItem, SupplyNeeds, days_left, lacking, spare
from district.supplies.rules.matching import SiteAmount, SupplyProposal, match_surplus
from district.supplies.rules.offers import OPEN_STATES, OfferState

FRESH_DAYS = 2
"""A stock declared earlier says nothing of today: it is neither offered nor asked for."""


def latest_reports() -> "QuerySet[Any]":
    """Return the last report of each site, if it is not too old. A clock that was ahead left later ones."""
    today = timezone.localdate()
    rows = SiteReport.objects.kept().filter(date__gte=today - timedelta(days=FRESH_DAYS), date__lte=today)
    newest = rows.filter(project=OuterRef("project")).order_by("-date").values("pk")[:1]
    return rows.filter(pk=Subquery(newest))


def latest_lines(user: Account, permission: Permission = Permission.SEE_SUPPLIES) -> "QuerySet[Any]":
    """Return the stocks of the last reports that an account sees."""
    rows = SupplyLine.objects.visible_to(user, permission).filter(report__in=latest_reports())
    return rows.select_related("report__project__place", "report__measure")


def needs_by_measure(measures: Iterable[int]) -> dict[int, SupplyNeeds]:
    """Return what each measure wants; what nobody set is the usual."""
    keys = set(measures)
    found = {row.measure_id: row.needs for row in SupplyPolicy.objects.filter(measure__in=keys)}
    return {key: found.get(key) or SupplyNeeds() for key in keys}


def spare_of(project: Project, item: SupplyItem) -> int:
    """Return how much of an item a site can give: by its last report, without what it gave since."""
    line = SupplyLine.objects.filter(report__in=latest_reports(), report__project=project, item=item.value)
    found = line.select_related("report").first()
    if found is None:
        return 0
    needs = needs_by_measure([found.report.measure_id])[found.report.measure_id]
    offers = _unsettled().filter(giver=project, item=item.value)
    gone = sum(int(one.amount) for one in offers if _missing_in(found, one))
    return spare(found.figures, needs) - gone


def proposals(user: Account) -> list[tuple[SupplyItem, SupplyProposal]]:
    """Return who could give what to whom, among the sites that an account may ask. Open offers are counted already."""
    lines = list(latest_lines(user, Permission.CHECK_SITES))
    needs = needs_by_measure(line.report.measure_id for line in lines)
    given, coming = _promised(lines)
    spares, lacks = defaultdict[str, list[SiteAmount]](list), defaultdict[str, list[SiteAmount]](list)
    for line in lines:
        site, path, figures = line.report.project_id, line.report.project.place.path, line.figures
        needed = needs[line.report.measure_id]
        left = spare(figures, needed) - given[site, line.item]
        short = lacking(figures, needed) - coming[site, line.item]
        if left > 0:
            spares[line.item].append(SiteAmount(site, path, left))
        if short > 0:
            lacks[line.item].append(SiteAmount(site, path, short, days_left(figures) or 0))
    return [(item, one) for item in SupplyItem for one in match_surplus(spares[item.value], lacks[item.value])]


def _promised(lines: Iterable[SupplyLine]) -> tuple[Counter[tuple[int, str]], Counter[tuple[int, str]]]:
    """Return what offers take from sites, and bring to sites, beside what these last reports say."""
    told = {(line.report.project_id, line.item): line for line in lines}
    given, coming = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for row in _unsettled():
        giver, taker = (row.giver_id, row.item), (row.taker_id, row.item)
        if giver in told and _missing_in(told[giver], row):
            given[giver] += row.amount
        if taker in told and _missing_in(told[taker], row):
            coming[taker] += row.amount if row.received is None else row.received
    return given, coming


def _unsettled() -> "QuerySet[Any]":
    """Return the offers that a last report may not know: open ones, and those that ended lately."""
    since = timezone.now() - timedelta(days=FRESH_DAYS + 1)
    ended = Q(state=OfferState.RECEIVED.value, changed__gte=since)
    return SupplyOffer.objects.kept().filter(Q(state__in=[state.value for state in OPEN_STATES]) | ended)


def _missing_in(line: SupplyLine, offer: SupplyOffer) -> bool:
    """Say whether a site's last report does not hold what an offer moved: it is under way, or arrived later."""
    return offer.state != OfferState.RECEIVED or offer.changed > line.report.changed
