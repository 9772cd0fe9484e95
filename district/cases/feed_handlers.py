"""Open cases by what gates report: the worker calls `handle` in the transaction that stores the feed's cursor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.cases.gate_events import GateFinding, GateNews, read_finding
from district.cases.models import Case, CaseStep, CaseTrigger
from district.cases.registry import add_news, open_case
from district.cases.rules import CaseAction, CaseKind
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import measure_at
from district.emergency.rules import MeasureKind
from district.exchange.feed_entry import EntryOfFeed
from district.people.models import Person
from district.places.models import Gate, Place, Project

NEWS_EVERY = timedelta(minutes=10)
"""Somebody who tries again and again adds one line in so much time."""
_MEASURES = (MeasureKind.SCREENING, MeasureKind.TRACING, MeasureKind.QUARANTINE, MeasureKind.DECLARATIONS)


def handle(entries: Sequence[EntryOfFeed]) -> None:
    """Take one page of the feed. The same page again opens nothing."""
    now = timezone.now()
    found = [(entry, finding) for entry in entries if (finding := read_finding(entry, now)) is not None]
    if not found:
        return
    projects = Project.objects.filter(site_id__in={one.site_id for _entry, one in found}).select_related("place")
    sites = {one.site_id: one for one in projects}
    for entry, finding in found:
        project = sites.get(finding.site_id)
        if project is None:
            continue  # attendance keeps the entries of unknown sites; such a site has nobody here who could act
        fresh = CaseTrigger.objects.get_or_create(gate_id=entry.gate_id, line=entry.line, seq=entry.seq)[1]
        if fresh:
            _take(finding, project, now)


def _take(finding: GateFinding, project: Project, now: datetime) -> None:
    known = Case.objects.still_open().filter(key=finding.key).first()
    if known is not None:
        _add_news(known, finding.news or GateNews.AGAIN, finding, now)
    elif finding.news is None:
        place: Place = project.place
        measure = _measure(place) if finding.kind is CaseKind.RISK_AT_GATE else None
        if finding.kind is CaseKind.RISK_AT_GATE and measure is None and _was_of_measure(place, finding.at):
            return  # a gate without a network sends it after the end: nothing of the measure is left by then
        person = _person(finding.worker_id)
        open_case(
            finding.kind,
            place,
            title=_title(finding, person, _gate_name(project, finding.gate_id)),
            text=_("Reported by the gate at %(time)s.") % {"time": _clock(finding.at)},
            person=person,
            measure=measure,
            source=finding.gate_id,
            key=finding.key,
        )


def _add_news(case: Case, news: GateNews, finding: GateFinding, now: datetime) -> None:
    if news is GateNews.AGAIN:
        recent = CaseStep.objects.filter(
            case=case, action__in=(CaseAction.NEWS.value, CaseAction.REPORT.value), at__gt=now - NEWS_EVERY
        )
        if recent.exists():
            return
        add_news(case, _("It happened again at %(time)s.") % {"time": _clock(finding.at)})
    else:
        add_news(case, _("The gate says that it is over since %(time)s.") % {"time": _clock(finding.at)})


def _title(finding: GateFinding, person: Any, gate: str) -> str:
    match finding.kind:
        case CaseKind.RISK_AT_GATE:
            name = person.name if person is not None else finding.worker_id
            return _("%(name)s is on a risk list and was refused at %(gate)s") % {"name": name, "gate": gate}
        case CaseKind.FIRE:
            return _("Fire alarm at %(gate)s: the gate is open") % {"gate": gate}
        case CaseKind.LIST_EXPIRED:
            return _("%(gate)s admits nobody: its lists are too old") % {"gate": gate}
        case _:
            return _("Somebody opened or moved the housing of %(gate)s") % {"gate": gate}


def _person(worker_id: str) -> Person | None:
    found: Person | None = Person.objects.filter(worker_id=worker_id).select_related("merged_into").first()
    return found if found is None or found.merged_into is None else found.merged_into


def _measure(place: Place) -> EmergencyMeasure | None:
    """Return the measure whose end takes the case along; None where a site bars somebody on an ordinary day."""
    return next((found for kind in _MEASURES if (found := measure_at(kind, place.path)) is not None), None)


def _was_of_measure(place: Place, at: datetime) -> bool:
    """Say whether a measure held at a place at a time. Its end took along why somebody was refused."""
    day = timezone.localdate(at)
    held = EmergencyMeasure.objects.filter(kind__in=_MEASURES, place__path__in=place.ancestor_paths)
    return held.filter(Q(ended=None) | Q(ended__gt=at), starts__lte=day, ends__gte=day).exists()


def _gate_name(project: Project, gate_id: str) -> str:
    gate = Gate.objects.filter(project=project, gate_id=gate_id).first()
    return (gate.name if gate is not None else "") or gate_id


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
