"""Remind sites that have not declared by the hour of the rules. One mail a day goes to those in charge."""

import logging
from datetime import date
from smtplib import SMTPException
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from district.accounts.models import Grant, User
from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import nearest_measure, running
from district.emergency.rules import MeasureKind
from district.permissions import Role
from district.places.models import Project
from district.supplies.asked import FILED, with_state
from district.supplies.models import FilingReminder, open_sites
from district.supplies.registry import policy_of
from district.supplies.rules.counts import is_late

AT_ONCE = 20
"""Sites of one round: a mail server may be slow."""
_log = logging.getLogger(__name__)


def remind_some() -> bool:
    """Remind a bounded number of sites. Return whether there may be more."""
    found = late_sites()[:AT_ONCE]
    for project, measure in found:
        remind(project, measure, timezone.localdate())
    return len(found) == AT_ONCE


def late_sites() -> list[tuple[Project, EmergencyMeasure]]:
    """Return the sites that are late today and were not reminded yet, each with its measure."""
    today, now = timezone.localdate(), timezone.localtime().time()
    found: list[tuple[Project, EmergencyMeasure]] = []
    reminded = FilingReminder.objects.filter(date=today).values("project")
    measures = list(running(MeasureKind.SUPPLIES).select_related("place").order_by("pk"))
    for measure in measures:
        if not is_late(now, policy_of(measure).due):
            continue
        first, end = measure.place.branch
        sites = Project.objects.filter(open_sites(today), place__path__gte=first, place__path__lt=end)
        late = with_state(sites.exclude(pk__in=reminded).select_related("place"), today).exclude(FILED)
        found += [(one, measure) for one in late if nearest_measure(measures, one.place.path) == measure]
    return found


def remind(project: Project, measure: EmergencyMeasure, day: date) -> FilingReminder | None:
    """Remind one site, once a day, also if several workers try. None: another worker does it.

    The row is stored before the mails leave: a mail too few is better than a hundred.
    """
    with transaction.atomic():
        made, new = FilingReminder.objects.get_or_create(project=project, date=day, defaults={"measure": measure})
        if new:
            record("worker", "remind site", project, details={"day": day.isoformat()})
    if not new:
        return None
    made.mails = sum(_mailed(user, project, day) for user in answering(project))
    made.save(update_fields=["mails"])
    return made


def answering(project: Project) -> list[User]:
    """Return the managers of a site and the clerks of its general contractor who have a mail address."""
    roles = Q(role=Role.MANAGER, place=project.place) | Q(role=Role.CLERK, enterprise=project.general_contractor_id)
    held = Grant.objects.filter(Grant.in_force(timezone.now()), roles).values("user")
    rows: Any = User.objects.filter(pk__in=held, is_active=True).exclude(email="").order_by("pk")
    return list(rows)


def _mailed(user: User, project: Project, day: date) -> bool:
    """Send one mail in the reader's language. Return whether the mail server took it."""
    with translation.override(user.language or None):
        subject = _("Declare people and supplies: %(site)s") % {"site": project}
        text = _(
            "%(site)s has not declared all of %(day)s yet. Sign in, open People and supplies, and declare the day."
        )
        text = text % {"site": project, "day": day.isoformat()}
    try:
        send_mail(subject.replace("\n", " "), text, None, [user.email])
    except (SMTPException, OSError) as error:
        _log.warning("a reminder was not sent: %s", type(error).__name__)
        return False
    return True
