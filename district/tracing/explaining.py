"""Say in words why somebody is a contact. Only officers of the investigation read it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from district.declarations.models import Trip
from district.people.models import Person, Team
from district.people.rules import province_name
from district.places.models import Project
from district.tracing.models import Contact, ContactReason
from district.tracing.rules import Certainty, ReasonKind


class ReasonNames:
    """Names of the sites, teams and people in reasons. Each is read once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[tuple[Any, str], str] = {}

    def site(self, key: str) -> str:
        """Return the name of a site."""
        return self._of(Project.objects.select_related("place"), key)

    def team(self, key: str) -> str:
        """Return the name of a team."""
        return self._of(Team.objects, key)

    def person(self, key: int) -> str:
        """Return the name of a person."""
        return self._of(Person.objects, str(key))

    def _of(self, rows: Any, key: str) -> str:
        place = rows.model, key
        if place not in self._known:
            found = rows.filter(pk=key).first() if key.isdecimal() else None
            self._known[place] = str(found) if found is not None else key
        return self._known[place]


def all_reasons(contact: Contact, names: ReasonNames) -> str:
    """Return all reasons of a contact, the strongest first."""
    rows: Iterable[ContactReason] = contact.reasons.all()
    return "; ".join(reason_text(row, names) for row in rows)


def strongest_reason(contact: Contact, names: ReasonNames) -> str:
    """Return the strongest reason, and how many more there are."""
    rows = list(contact.reasons.all())
    if not rows:
        return ""
    text = reason_text(rows[0], names)
    return text if len(rows) == 1 else _("%(reason)s (and %(more)s more)") % {"reason": text, "more": len(rows) - 1}


def reason_text(reason: ContactReason, names: ReasonNames) -> str:
    """Return one reason in one line."""
    text = _WRITERS[ReasonKind(reason.kind)](reason, names)
    if reason.via_id is None:
        return text
    return _("with %(name)s: %(reason)s") % {"name": names.person(reason.via_id), "reason": text}


def _trip(reason: ContactReason, _names: ReasonNames) -> str:
    mode, number, day = reason.key.split(" ", 2)
    what = _("%(mode)s %(number)s on %(day)s") % {"mode": _mode(mode), "number": number, "day": day}
    return f"{what}, {_seats(reason)}"


def _seats(reason: ContactReason) -> str:
    if reason.rows is None:
        return {
            Certainty.POSSIBLE: _("another carriage, or a seat that is not known"),
            Certainty.LIKELY: _("the same carriage or coach, a seat is not known"),
        }.get(Certainty(reason.certainty), _("beside each other"))
    if reason.rows == 0:
        return _("the same row")
    return ngettext("%(rows)s row apart", "%(rows)s rows apart", reason.rows) % {"rows": reason.rows}


def _route(reason: ContactReason, _names: ReasonNames) -> str:
    mode, origin, end, day = reason.key.split(" ", 3)
    return _("%(mode)s from %(origin)s to %(end)s on %(day)s, a number is not known") % {
        "mode": _mode(mode),
        "origin": _area(origin),
        "end": _area(end),
        "day": day,
    }


def _site(reason: ContactReason, names: ReasonNames) -> str:
    text = _("%(site)s: %(minutes)s minutes together, %(first)s to %(last)s") % {
        "site": names.site(reason.key),
        "minutes": (reason.together_s or 0) // 60,
        "first": _moment(reason.first),
        "last": _moment(reason.last),
    }
    if reason.certainty == Certainty.POSSIBLE:
        return _("%(text)s, an entry or exit is missing") % {"text": text}
    return text


def _gate(reason: ContactReason, names: ReasonNames) -> str:
    site, _sep, gate = reason.key.partition(" ")
    return _("gate %(gate)s of %(site)s: %(seconds)s seconds apart, %(last)s") % {
        "gate": gate,
        "site": names.site(site),
        "seconds": reason.gap_s or 0,
        "last": _moment(reason.last),
    }


def _team(reason: ContactReason, names: ReasonNames) -> str:
    values = {"team": names.team(reason.key)}
    if reason.certainty == Certainty.CERTAIN:
        return _("team %(team)s, seen on the same days") % values
    return _("team %(team)s, by the register") % values


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _mode(mode: str) -> str:
    return str(dict(Trip.Mode.choices).get(mode, mode))


def _area(code: str) -> str:
    return f"{province_name(code[:2])} {code}"


_WRITERS = {
    ReasonKind.TRIP: _trip,
    ReasonKind.ROUTE: _route,
    ReasonKind.SITE: _site,
    ReasonKind.GATE: _gate,
    ReasonKind.TEAM: _team,
}
