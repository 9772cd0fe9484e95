"""The first page of each role: what it needs first, and the obvious next action."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from district.audit.models import Entry
from district.exchange.models import FailedEntry, FeedPosition, OutboxRow
from district.overview import panels
from district.overview.links import address_of
from district.overview.panels import HomeFigure, HomeTask
from district.overview.rules import Severity
from district.overview.sites import SiteState, site_states
from district.permissions import Permission, Role
from district.places.models import Place
from district.places.vacancies import vacant_enterprises, vacant_places
from district.web.maps import MapDot, MapPlace, SiteMap, site_map

ORDER = (Role.OFFICER, Role.LIAISON, Role.MANAGER, Role.CLERK, Role.GUARD, Role.AUDITOR, Role.SYSTEM)
"""Whose first page an account with several roles sees first."""


@dataclass
class HomePage:
    """What `overview/home.html` shows. An empty part is left out."""

    figures: list[HomeFigure] = field(default_factory=list)
    tasks: list[HomeTask] = field(default_factory=list)
    tasks_title: str = ""
    tasks_none: str = ""
    tasks_more: str = ""
    """The address of the whole list."""
    second: list[HomeTask] = field(default_factory=list)
    second_title: str = ""
    second_none: str = ""
    cases: list[HomeTask] = field(default_factory=list)
    map: SiteMap | None = None
    charts: tuple[str, ...] = ()
    """Charts that the page fetches when it is shown: `hours`, `trades`, `days`."""
    search: bool = False
    """A large search box: a guard's first tool."""


def home_of(user: Any, role: Role) -> HomePage:
    """Return the first page of one of an account's roles."""
    return replace(_HOMES[role](user), cases=panels.cases_for(user))


def _district(user: Any) -> HomePage:
    states = site_states(user)
    troubled = [state for state in states if state.troubles]
    silent = sum(len(state.silent) for state in states)
    vacant, first_vacant = vacancies(user)
    resumed = sum(state.project.resumed is not None for state in states)
    return HomePage(
        figures=[
            HomeFigure(
                _("inside now"), sum(state.inside for state in states), address=address_of("attendance:presence")
            ),
            HomeFigure(
                _("sites with trouble"),
                len(troubled),
                note=_("of %(count)s") % {"count": len(states)},
                tone="bad"
                if any(state.severity is Severity.BAD for state in troubled)
                else "care"
                if troubled
                else "good",
            ),
            HomeFigure(_("silent gates"), silent, tone="bad" if silent else "good"),
            HomeFigure(
                _("without an officer"),
                vacant,
                note=_("enterprises and places"),
                tone="care" if vacant else "good",
                address=address_of("places:vacancies"),
            ),
            HomeFigure(_("work resumed"), resumed, note=_("of %(count)s sites") % {"count": len(states)}),
        ],
        tasks=[_site_task(state) for state in troubled[: panels.SHOWN]],
        tasks_title=_("Sites with trouble"),
        tasks_none=_("All gates report. No site needs a look."),
        tasks_more=address_of("places:sites"),
        second=first_vacant,
        second_title=_("Without an officer"),
        second_none=_("Each enterprise, grid and site has its officer and its liaison."),
        map=_map(user, states),
        charts=("hours", "days", "trades", "origins"),
    )


def _manager(user: Any) -> HomePage:
    states = site_states(user)
    silent = sum(len(state.silent) for state in states)
    count, trainings = panels.trainings(user)
    missing, refused = panels.missing_exits(user), sum(state.refused_today for state in states)
    return HomePage(
        figures=[
            HomeFigure(
                _("inside now"), sum(state.inside for state in states), address=address_of("attendance:presence")
            ),
            HomeFigure(_("refused today"), refused, tone="care" if refused else "good"),
            HomeFigure(
                _("yesterday without an exit"),
                missing,
                tone="care" if missing else "good",
                address=address_of("attendance:missing"),
            ),
            HomeFigure(_("trainings end in 30 days"), count, tone="care" if count else "good"),
            HomeFigure(_("silent gates"), silent, tone="bad" if silent else "good"),
        ],
        tasks=panels.refusals_today(user),
        tasks_title=_("Refused today, and what to do"),
        tasks_none=_("Nobody was refused today."),
        second=trainings,
        second_title=_("Trainings that end"),
        second_none=_("No training ends in the next 30 days."),
        charts=("hours", "trades"),
    )


def _clerk(user: Any) -> HomePage:
    count, papers = panels.expiring(user)
    undecided = panels.undecided(user)
    return HomePage(
        figures=[
            HomeFigure(_("my people at work"), panels.people_now(user), address=address_of("people:people")),
            HomeFigure(_("inside now"), panels.inside_now(user), address=address_of("attendance:presence")),
            HomeFigure(_("papers end in 30 days"), count, tone="care" if count else "good"),
            HomeFigure(
                _("no way to pass yet"),
                undecided,
                note=_("invite them to enrol"),
                tone="care" if undecided else "good",
                address=address_of("people:invitations"),
            ),
        ],
        tasks=papers,
        tasks_title=_("What expires"),
        tasks_none=_("No certificate and no contract ends in the next 30 days."),
        second=panels.refusals_today(user),
        second_title=_("Refused today, and what to do"),
        second_none=_("Nobody was refused today."),
        charts=("days", "trades"),
    )


def _guard(user: Any) -> HomePage:
    refused = panels.refused_today(user)
    return HomePage(
        figures=[
            HomeFigure(_("inside now"), panels.inside_now(user), address=address_of("attendance:presence")),
            HomeFigure(_("refused today"), refused, tone="care" if refused else "good"),
        ],
        tasks=panels.refusals_today(user, most=20),
        tasks_title=_("Refused today, and what to do"),
        tasks_none=_("Nobody was refused today."),
        search=True,
    )


def _auditor(user: Any) -> HomePage:
    since = timezone.now() - timedelta(days=7)
    entries = Entry.objects.visible_to(user).filter(utc__gte=since)
    reads = entries.filter(action="read")
    newest = [
        HomeTask(
            title=entry.actor,
            text=f"{timezone.localtime(entry.utc):%m-%d %H:%M} · {entry.subject_kind} {entry.subject_id} · "
            f"{', '.join(entry.details.get('fields', []))} · {entry.details.get('why', '')}".strip(" ·"),
            tone="info",
        )
        for entry in reads.order_by("-utc")[: panels.SHOWN]
    ]
    return HomePage(
        figures=[
            HomeFigure(_("entries in 7 days"), entries.count(), address=address_of("accounts:records")),
            HomeFigure(_("sensitive fields read"), reads.count(), note=_("in 7 days")),
            HomeFigure(_("inside now"), panels.inside_now(user), address=address_of("attendance:presence")),
        ],
        tasks=newest,
        tasks_title=_("Who read sensitive fields"),
        tasks_none=_("Nobody read a sensitive field in the last 7 days."),
        tasks_more=address_of("accounts:records"),
        charts=("days",),
    )


def _system(user: Any) -> HomePage:
    states = site_states(user)
    silent = [(state, gate) for state in states for gate in state.silent]
    waiting = OutboxRow.objects.filter(done__isnull=True)
    whole = user.scope(Permission.CHANGE_SYSTEM).whole  # a refusal names a worker or a site, of any part
    refused = list(waiting.exclude(refusal="").order_by("pk")[: panels.SHOWN]) if whole else []
    failed = list(FailedEntry.objects.order_by("pk")[: panels.SHOWN]) if whole else []
    gates = sum(state.gates for state in states)
    tasks = [
        HomeTask(f"{gate.name or gate.gate_id} · {state.project}", _heard(gate.last_heard), "bad")
        for state, gate in silent[: panels.SHOWN]
    ]
    return HomePage(
        figures=[
            HomeFigure(
                _("silent gates"),
                len(silent),
                note=_("of %(count)s") % {"count": gates},
                tone="bad" if silent else "good",
            ),
            HomeFigure(_("changes on the way to the gates"), waiting.count()),
            HomeFigure(_("changes that HQ refused"), len(refused), tone="bad" if refused else "good"),
        ],
        tasks=tasks,
        tasks_title=_("Silent gates"),
        tasks_none=_("All gates report."),
        second=[
            *(HomeTask(f"{row.kind} {row.subject}", row.refusal, "bad") for row in refused),
            *(HomeTask(f"{row.gate_id} {row.seq}", row.error, "bad") for row in failed),
        ],
        second_title=_("Changes that HQ refused, events that could not be stored"),
        second_none=_("HQ took every change, and every event is stored."),
    )


_HOMES: dict[Role, Callable[[Any], HomePage]] = {
    Role.OFFICER: _district,
    Role.LIAISON: _district,
    Role.MANAGER: _manager,
    Role.CLERK: _clerk,
    Role.GUARD: _guard,
    Role.AUDITOR: _auditor,
    Role.SYSTEM: _system,
}


def vacancies(user: Any) -> tuple[int, list[HomeTask]]:
    """Return how many enterprises and places lack their officer or liaison, and the first of them."""
    enterprises, places = vacant_enterprises(user), vacant_places(user)
    first = [
        HomeTask(row.name, str(row.place), "care", address_of("places:enterprise", row.pk), _("Open"))
        for row in enterprises.select_related("place")[: panels.SHOWN]
    ]
    first += [
        HomeTask(row.name, str(row.get_kind_display()), "care", address_of("places:place", row.pk), _("Open"))
        for row in places[: panels.SHOWN - len(first)]
    ]
    return enterprises.count() + places.count(), first


def feed_notice() -> str:
    """Return a warning if the figures are old, else ""."""
    position = FeedPosition.objects.first()
    if position is None or position.read is None:
        return ""
    minutes = int((timezone.now() - position.read).total_seconds() // 60)
    if minutes < 5:
        return ""
    text = ngettext(
        "The gates' news is %(count)s minute old: presence may be wrong.",
        "The gates' news is %(count)s minutes old: presence may be wrong.",
        minutes,
    )
    return text % {"count": minutes}


def _site_task(state: SiteState) -> HomeTask:
    return HomeTask(
        title=state.project.place.name,
        text=state.trouble_text,
        tone=state.severity.tone,
        address=address_of("places:site", state.project.pk),
        action=_("Open"),
    )


def _heard(moment: Any) -> str:
    if moment is None:
        return _("never heard")
    return _("last heard %(time)s") % {"time": f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"}


def _map(user: Any, states: list[SiteState]) -> SiteMap:
    towns = Place.objects.visible_to(user).filter(kind=Place.Kind.TOWN, outline__isnull=False)
    areas = [MapPlace(town.name, town.outline, address_of("places:place", town.pk)) for town in towns]
    dots = [
        MapDot(
            f"{state.project.place.name}: {state.trouble_text or _('in order')}",
            state.project.longitude,
            state.project.latitude,
            state.severity.tone,
            address_of("places:site", state.project.pk),
        )
        for state in reversed(states)
        if state.project.longitude is not None and state.project.latitude is not None
    ]
    return site_map(areas, dots)
