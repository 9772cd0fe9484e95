"""What is wrong with a site, from facts: pure rules, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from district.places.rules import is_silent

SILENT_LONG = timedelta(hours=2)
REFUSALS_MANY = 5
EXPIRES_SOON = timedelta(days=30)


class Severity(IntEnum):
    """How much a trouble matters."""

    NONE = 0
    CARE = 1
    BAD = 2

    @property
    def tone(self) -> str:
        """Return the word for its colour."""
        return ("good", "care", "bad")[self]


@dataclass(frozen=True)
class SiteFacts:
    """What is known of one site now."""

    gates: int
    last_heard: Sequence[datetime | None]
    """Of each gate in use."""
    refused_today: int
    ends: date | None


@dataclass(frozen=True)
class SiteTrouble:
    """One thing that is wrong, in words."""

    severity: Severity
    text: str


def site_troubles(facts: SiteFacts, now: datetime, today: date) -> list[SiteTrouble]:
    """Return what is wrong with a site, the worst first."""
    found = [*_gates(facts, now)]
    if facts.refused_today >= REFUSALS_MANY:
        text = ngettext("%(count)s refused today", "%(count)s refused today", facts.refused_today)
        found.append(SiteTrouble(Severity.CARE, text % {"count": facts.refused_today}))
    if facts.ends is not None and facts.ends < today:
        found.append(
            SiteTrouble(Severity.CARE, _("the planned end is past: %(day)s") % {"day": facts.ends.isoformat()})
        )
    return sorted(found, key=lambda trouble: -trouble.severity)


def _gates(facts: SiteFacts, now: datetime) -> list[SiteTrouble]:
    silent = [heard for heard in facts.last_heard if is_silent(heard, now)]
    if not silent:
        return []
    never = [heard for heard in silent if heard is None]
    if len(never) == len(silent):
        text = ngettext("%(count)s gate never reported", "%(count)s gates never reported", len(never))
        return [SiteTrouble(Severity.CARE, text % {"count": len(never)})]
    longest = min(heard for heard in silent if heard is not None)
    text = ngettext("%(count)s gate silent", "%(count)s gates silent", len(silent)) % {"count": len(silent)}
    bad = now - longest > SILENT_LONG or len(silent) == facts.gates
    return [SiteTrouble(Severity.BAD if bad else Severity.CARE, text)]
