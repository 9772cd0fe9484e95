"""Put right what a clock that was ahead left behind."""

from datetime import datetime

from district.cases.clocks import QUIET_MAX
from district.cases.models import Case, CaseNotice
from district.cases.registry.steps import escalation_of


def repair(now: datetime) -> None:
    """Bring escalations and mails nearer that were planned by a clock ahead. Called twice it changes nothing more."""
    for case in Case.objects.owed().filter(escalate_at__gt=now).select_related("place", "desk"):
        planned = escalation_of(case, now)
        if planned is not None and case.escalate_at is not None and planned < case.escalate_at:
            Case.objects.filter(pk=case.pk, escalate_at=case.escalate_at).update(escalate_at=planned)
    CaseNotice.objects.filter(mailed=None, leaves__gt=now + QUIET_MAX).update(leaves=now)
